#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <dist/rpc/detail/predecessor.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dist {

/// What a parent tells the node process that it starts: in one environment variable, as JSON.
struct orders {
  std::string master;  ///< of a local_cluster; empty: the flags say where it is, and all that is not here
  std::string name;
  std::uint32_t slots = 1;
  std::map<std::string, std::string> labels;
  int log_level = 0;   ///< with a master
  std::uint32_t spin_us = 0;  ///< likewise; see system_world::run
  std::vector<std::string> limits;  ///< likewise, those that are not as by default; see set_limit
  int secret = -1;     ///< descriptor of a file with the secret; -1: there is none here
  int black_box = -1;  ///< descriptor
  int parent = 0;      ///< its process id
  dist::predecessor predecessor;
};
BOOST_DESCRIBE_STRUCT(orders, (), (master, name, slots, labels, log_level, spin_us, limits, secret, black_box, parent, predecessor))

/// `VARIABLE=text` for the child's environment.
std::string to_environment(orders const& given);
/// What this process was told by its parent, if it was. Throws std::runtime_error when that cannot be read.
std::optional<orders> find_orders();
/// From here on this process goes with its parent, leaves Ctrl-C to it and prints by lines; what it starts itself is no
/// node. Throws std::runtime_error when the parent has ended meanwhile.
void obey(orders const& given);

/// A file without a name that holds the secret: inherited, it is on no command line, in no environment, on no disk.
int make_secret_descriptor(std::string const& secret);
/// What it holds; closes it.
std::string take_secret(int descriptor);

}  // namespace dist
