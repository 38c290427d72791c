#include <dist/registry/blame.hpp>

#include <ostream>

namespace dist {

verdict blame::died(call_ref call, std::string node) {
  auto& nodes = deaths_[call];
  nodes.push_back(std::move(node));
  if (nodes.size() < deaths_until_alone) return verdict::again;
  return nodes.size() == deaths_until_alone ? verdict::alone : verdict::poisoned;
}

bool blame::runs_alone(call_ref call) const noexcept {
  auto const found = deaths_.find(call);
  return found != deaths_.end() && found->second.size() >= deaths_until_alone;
}

fault blame::poisoned(call_ref call, std::string method) const {
  std::string text = "the processes of these nodes died while they executed it:";
  if (auto const found = deaths_.find(call); found != deaths_.end()) {
    for (char const* separator = " "; auto const& node : found->second) {
      text += separator + node;
      separator = ", ";
    }
  }
  auto why = make_fault(errc::poisoned, std::move(text));
  why.method = std::move(method);
  why.phase = "running";
  return why;
}

std::string_view to_text(verdict what) noexcept {
  switch (what) {
    case verdict::again:
      return "again";
    case verdict::alone:
      return "alone";
    case verdict::poisoned:
      return "poisoned";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, verdict what) { return out << to_text(what); }

}  // namespace dist
