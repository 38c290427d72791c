#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <string>

namespace dist {

/// The process in whose place a node's process was started, as the one that supervises both saw its end.
struct predecessor {
  std::uint64_t incarnation = 0;  ///< 0: there was none, or it left in good order
  std::string end;                ///< `signal 9 (killed)`
  std::string running;            ///< `Arith.boom([3])`, several with commas; empty for nothing

  friend bool operator==(predecessor const&, predecessor const&) = default;
};
BOOST_DESCRIBE_STRUCT(predecessor, (), (incarnation, end, running))

}  // namespace dist
