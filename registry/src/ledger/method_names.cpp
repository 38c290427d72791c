#include "ledger/method_names.hpp"

#include <dist/rpc/detail/spelling.hpp>
#include <utility>

namespace dist {
namespace {

/// At most this many undeclared names are kept until a node lists or rejects them.
constexpr std::size_t most_strange = 4096;

}  // namespace

method_names::method_facts& method_names::change(method_ref method) {
  auto const index = static_cast<std::size_t>(method);
  if (index >= facts_.size()) facts_.resize(index + 1);
  return facts_[index];
}

/// Lets `Arith.CheckN` stand for the method `Arith.check_n`.
void method_names::declared(method_facts& facts, std::string_view name, method_ref method) {
  if (std::exchange(facts.strange, false)) --strange_;
  auto const dot = name.find('.');
  if (dot == name.npos) return;
  auto spelled = std::string(name.substr(0, dot + 1)) + go_spelling(name.substr(dot + 1));
  if (spelled != name) spellings_.try_emplace(std::move(spelled), method);
}

void method_names::expect(std::string_view name) {
  auto const number = registry_.intern(name);
  if (!number) return;
  auto& facts = change(*number);
  facts.expected = true;
  declared(facts, name, *number);
}

void method_names::offered(method_entry const& offer) {
  auto const number = registry_.intern(offer.name);
  if (!number) return;
  auto& facts = change(*number);
  facts.listed = true;
  declared(facts, offer.name, *number);
  // Where programs of several builds meet, the most careful one decides.
  facts.repeatable = facts.repeatable && offer.repeatable;
  facts.brief = facts.brief && offer.brief;
  registry_.declare_brief(*number, facts.brief);
}

result<method_ref> method_names::find(std::string_view name, bool open) {
  auto const known = registry_.find_method(name);
  // A name that is declared so is never hidden by another's Go spelling.
  if (known && is_declared(*known)) return *known;
  if (auto const other = spellings_.find(std::string(name)); other != spellings_.end()) return other->second;
  if (known) return *known;
  if (!open) return unknown(name);
  if (strange_ >= most_strange)
    return make_fault(errc::overloaded,
                      "calls have used " + std::to_string(most_strange) +
                          " method names that no node lists, which is the limit; the new name was rejected");
  auto const number = registry_.intern(name);
  if (!number) return number;
  change(*number).strange = true;
  ++strange_;
  return number;
}

fault method_names::unknown(std::string_view name) {
  auto what = make_fault(errc::unknown_method,
                         "no node has the method " + std::string(name) +
                             "; add its class to the nodes' dist::services<>(), or call an inherited method as "
                             "dist::go<&Base::m, Derived>; /status of the master lists all methods");
  what.phase = "queueing";
  return what;
}

}  // namespace dist
