#pragma once

#include <boost/describe/class.hpp>
#include <cstdint>
#include <dist/rpc/detail/predecessor.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dist {

/// The settings that a parent passes to a node process, in one environment variable, as JSON.
struct child_config {
  std::string master;  ///< of a local_cluster; empty: the flags give it, and all that is not here
  std::string name;
  std::uint32_t slots = 1;
  std::map<std::string, std::string> labels;
  int log_level = 0;                ///< with a master
  std::uint32_t spin_us = 0;        ///< likewise; see system_world::run
  std::vector<std::string> limits;  ///< likewise, those that are not as by default; see set_limit
  int secret = -1;                  ///< descriptor of a file with the secret; -1: there is none here
  int black_box = -1;               ///< descriptor of the crash record
  int parent = 0;                   ///< its process id
  dist::predecessor predecessor;
};
BOOST_DESCRIBE_STRUCT(child_config, (),
                      (master, name, slots, labels, log_level, spin_us, limits, secret, black_box, parent, predecessor))

/// `VARIABLE=text` for the child's environment.
std::string to_environment(child_config const& given);
/// The settings passed by this process's parent, if any. Throws std::runtime_error if they cannot be read.
std::optional<child_config> find_child_config();
/// From here on this process ends with its parent, leaves Ctrl-C to it and prints by lines; its own children are not
/// node. Throws std::runtime_error when the parent has ended meanwhile.
void obey(child_config const& given);

/// A file without a name that holds the secret: inherited, it is on no command line, in no environment, on no disk.
int make_secret_descriptor(std::string const& secret);
/// Returns its content and closes it.
std::string take_secret(int descriptor);

}  // namespace dist
