#pragma once

#include <boost/describe/class.hpp>
#include <string>

namespace dist {

/// A method as a node offers it, in its hello and in the master's table.
struct method_entry {
  std::string name;         ///< `Arith.sum`
  std::string arguments;    ///< their types as text, in structure; empty where unknown
  std::string result;       ///< its type as text, in structure; empty where unknown
  bool repeatable = false;  ///< running it twice does no harm
  bool brief = false;       ///< ends well under a millisecond: may run on the I/O thread
};
BOOST_DESCRIBE_STRUCT(method_entry, (), (name, arguments, result, repeatable, brief))

}  // namespace dist
