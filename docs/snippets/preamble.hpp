#pragma once

// What the documentation's fragments may take for granted.
#include <cstdint>
#include <dist/dist.hpp>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>
