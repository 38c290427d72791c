#pragma once

#include <dist/runtime/detail/call_book.hpp>

namespace dist::test {

/// A route that never answers by itself.
class silent_route final : public call_route {
 public:
  explicit silent_route(call_book& book) : book_(book) {}
  call_ptr make_record() const override { return new call_record; }
  void send_out(call_ptr const& call) override {
    ++sent;
    last = call;
  }
  std::optional<end_facts> give_up(call_record&, give_up_reason) override { return end_facts(); }
  std::string place_of(call_record const&) const override { return {}; }
  std::string why(call_record const&) const override { return {}; }
  std::string how_it_went(call_record const&) const override { return {}; }
  std::string account_text() const override { return {}; }
  void stop() {
    last.reset();
    book_.stop();
  }

  std::size_t sent = 0;
  call_ptr last;

 private:
  call_book& book_;
};

}  // namespace dist::test
