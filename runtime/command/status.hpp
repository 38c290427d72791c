#pragma once

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <dist/rpc/detail/text.hpp>
#include <string>

// Members of the master's `/status`. Names in it are those of peers.

namespace dist {

/// As the peer wrote it, to compare and to send.
inline std::string raw_text_at(boost::json::value const& of, char const* member) {
  return boost::json::value_to<std::string>(of.at(member));
}

/// To print.
inline std::string text_at(boost::json::value const& of, char const* member) {
  auto const raw = raw_text_at(of, member);
  return printable(raw, raw.size());
}

inline std::string number_at(boost::json::value const& of, char const* member) {
  return boost::json::serialize(of.at(member));
}

}  // namespace dist
