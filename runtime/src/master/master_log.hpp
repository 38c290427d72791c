#pragma once

#include <dist/rpc/fault.hpp>
#include <dist/rpc/log.hpp>
#include <string>

#include "ledger/ledger_actions.hpp"
#include "nodes/liveness.hpp"

namespace dist {

// What the log of a master says of its calls and nodes.

/// Of a call of `method`.
void say(log const& to, ledger_note const& what, std::string const& method);
void say(log const& to, liveness_change what, std::string const& node);
/// The node gets no calls for this long, because of failures: `latest`, of a call of `method`, is the last of them.
void say_set_aside(log const& to, std::string const& node, duration how_long, std::string const& method,
                   fault const& latest);

}  // namespace dist
