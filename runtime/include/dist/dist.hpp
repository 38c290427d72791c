#pragma once

// Everything that a program with distributed calls needs. First the requirements that reject a wrong program: compilers
// print the headers on the way to a refusal above it.

#include <dist/rpc/requirements.hpp>

#include <dist/rpc/detail/value_type.hpp>

#include <dist/rpc/detail/method.hpp>

#include <dist/rpc/service_list.hpp>

#include <dist/runtime/go.hpp>

#include <dist/runtime/map.hpp>

#include <dist/rpc/sleep.hpp>
#include <dist/runtime/all.hpp>
#include <dist/runtime/any.hpp>
#include <dist/runtime/as_completed.hpp>
#include <dist/runtime/block_on.hpp>
#include <dist/runtime/broadcast.hpp>
#include <dist/runtime/chunks.hpp>
#include <dist/runtime/cluster.hpp>
#include <dist/runtime/collect.hpp>
#include <dist/runtime/compute.hpp>
#include <dist/runtime/local_cluster.hpp>
#include <dist/runtime/master.hpp>
#include <dist/runtime/master_link.hpp>
#include <dist/runtime/node.hpp>
#include <dist/runtime/run.hpp>
#include <dist/runtime/system_world.hpp>
