#include "journal/work_names.hpp"

namespace dist {

work_names::given work_names::next(std::string const& label, std::string const& method) {
  auto const& base = label.empty() ? method : label;
  auto& count = counts_[base];
  std::string name;
  do {
    ++count;
    name = !label.empty() && count == 1 ? base : base + '#' + std::to_string(count);
  } while (!taken_.insert(name).second);
  return {name, !label.empty() && name != label};
}

}  // namespace dist
