#pragma once

#include <cstdint>
#include <dist/rpc/detail/call_no.hpp>
#include <dist/rpc/detail/method_entry.hpp>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dist {

/// One stay of one node in the table: index in the upper half, a join number in the lower. Never given out twice.
enum class node_id : std::uint64_t {};
/// A method's dense number in this registry, for its life.
enum class method_ref : std::uint32_t {};

/// No node has this id.
inline constexpr node_id no_node_id{};

enum class node_kind {
  dist,  ///< has the methods that it lists
  go,    ///< may have any method until it reports that it cannot find it
};

/// A node's description of itself when it joins.
struct node_info {
  std::string name;
  std::string address;
  node_kind kind = node_kind::dist;
  bool name_is_default = false;   ///< the name was not chosen: it may get a suffix that makes it unique
  std::uint32_t slots = 1;        ///< calls that it runs at once
  std::uint64_t incarnation = 0;  ///< one run of the process; 0: not known
  std::vector<method_entry> methods;
  std::map<std::string, std::string> labels;
  std::string build;
};

enum class node_state {
  living,     ///< takes calls
  suspect,    ///< silent for some beats: takes no new calls
  set_aside,  ///< its calls only failed: is tried with one now and then
  draining,   ///< about to leave: takes no new calls
  lost,       ///< no longer in the table
};

std::string_view to_text(node_kind kind) noexcept;
std::string_view to_text(node_state state) noexcept;
std::ostream& operator<<(std::ostream& out, node_kind kind);
std::ostream& operator<<(std::ostream& out, node_state state);
std::ostream& operator<<(std::ostream& out, node_id id);
std::ostream& operator<<(std::ostream& out, method_ref method);
std::ostream& operator<<(std::ostream& out, call_no call);

}  // namespace dist
