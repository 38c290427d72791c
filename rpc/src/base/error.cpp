#include <dist/rpc/error.hpp>

#include <string>

namespace dist {
namespace {

struct entry {
  errc code;
  std::string_view name;
  std::string_view sentence;
  failure kind;
};

constexpr entry codes[] = {
    {errc::unknown_method, "unknown_method", "unknown method", failure::invalid},
    {errc::bad_arguments, "bad_arguments", "arguments do not fit", failure::invalid},
    {errc::bad_result, "bad_result", "result does not fit", failure::invalid},
    {errc::method_failed, "method_failed", "the method failed", failure::failed},
    {errc::transient, "transient", "the method failed temporarily", failure::busy},
    {errc::connection_lost, "connection_lost", "connection lost", failure::disconnected},
    {errc::node_lost, "node_lost", "node lost", failure::disconnected},
    {errc::no_node, "no_node", "no node", failure::busy},
    {errc::deadline_exceeded, "deadline_exceeded", "deadline exceeded", failure::timed_out},
    {errc::cancelled, "cancelled", "cancelled", failure::cancelled},
    {errc::overloaded, "overloaded", "overloaded", failure::busy},
    {errc::draining, "draining", "node is draining", failure::busy},
    {errc::poisoned, "poisoned", "call kills its nodes", failure::failed},
    {errc::denied, "denied", "denied", failure::denied},
    {errc::incompatible, "incompatible", "incompatible programs", failure::unsupported},
    {errc::limit_exceeded, "limit_exceeded", "limit exceeded", failure::invalid},
    {errc::protocol_error, "protocol_error", "protocol error", failure::disconnected},
    {errc::stopped, "stopped", "stopped", failure::cancelled},
};

entry const* find(errc code) noexcept {
  for (auto const& e : codes)
    if (e.code == code) return &e;
  return nullptr;
}

class dist_category final : public std::error_category {
 public:
  char const* name() const noexcept override { return "dist"; }
  std::string message(int value) const override {
    auto const* e = find(static_cast<errc>(value));
    return e ? std::string(e->sentence) : "unknown dist error " + std::to_string(value);
  }
  std::error_condition default_error_condition(int value) const noexcept override {
    auto const* e = find(static_cast<errc>(value));
    return e ? make_error_condition(e->kind) : std::error_condition(value, *this);
  }
};

class dist_failure_category final : public std::error_category {
 public:
  char const* name() const noexcept override { return "dist.failure"; }
  std::string message(int value) const override {
    switch (static_cast<failure>(value)) {
      case failure::invalid: return "the call can never succeed as it is";
      case failure::busy: return "try again later";
      case failure::disconnected: return "the peer is gone";
      case failure::timed_out: return "the deadline passed";
      case failure::cancelled: return "cancelled";
      case failure::unsupported: return "the peer cannot do this";
      case failure::denied: return "the right secret is missing";
      case failure::failed: return "the method failed";
    }
    return "unknown failure " + std::to_string(value);
  }
};

}  // namespace

std::error_category const& error_category() noexcept {
  static dist_category const category;
  return category;
}

std::error_category const& failure_category() noexcept {
  static dist_failure_category const category;
  return category;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

std::error_condition make_error_condition(failure kind) noexcept {
  return {static_cast<int>(kind), failure_category()};
}

std::string_view to_text(errc code) noexcept {
  auto const* e = find(code);
  return e ? e->name : std::string_view("unknown");
}

errc errc_from_text(std::string_view name) noexcept {
  for (auto const& e : codes)
    if (e.name == name) return e.code;
  return errc::method_failed;
}

}  // namespace dist
