#pragma once

// Included before each fragment from the documentation.
#include <cstdint>
#include <dist/dist.hpp>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>
