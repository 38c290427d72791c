#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace dist {

/// Names the fan-outs of one run as its journal knows them: by their label, or `Class.method#k` for the k-th one of that
/// method without a label. The same program names them the same in every run.
class work_names {
 public:
  struct given {
    std::string name;
    bool is_second = false;  ///< the label was already in use, so that a number had to be added: `label#2`
  };
  given next(std::string const& label, std::string const& method);

 private:
  std::map<std::string, std::size_t> counts_;
  std::set<std::string> taken_;
};

}  // namespace dist
