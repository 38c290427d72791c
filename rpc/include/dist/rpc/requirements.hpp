#pragma once

// Requirements on the compiler. Without them nothing below compiles, and hundreds of lines would
// hide the reason: the header that does not exist ends the compilation.
#if !defined(__clang__) && !defined(__GNUC__)
#error "dist: this compiler is not supported; use Clang 19 or g++ 12 or later"
#include <dist/unmet_requirement>
#elif __cplusplus < 202002L
#error "dist: C++20 is needed; compile with -std=c++20 or later"
#include <dist/unmet_requirement>
#elif !defined(__cpp_exceptions)
#error "dist: exceptions are needed; compile without -fno-exceptions"
#include <dist/unmet_requirement>
#elif !defined(__cpp_rtti)
#error "dist: RTTI is needed; compile without -fno-rtti"
#include <dist/unmet_requirement>
#endif
