#include <dist/runtime/broadcast.hpp>


namespace dist {
namespace {

/// The bytes in flight to all nodes together: each call has a copy of the arguments while it runs.
constexpr std::size_t most_argument_bytes = std::size_t{256} << 20;
constexpr std::size_t most_calls = 1024;

class node_source final : public input_source {
 public:
  node_source(call_ptr like, std::vector<listed_node> nodes) : like_(std::move(like)), nodes_(std::move(nodes)) {}

  bool is_at_end() override { return next_ == nodes_.size(); }
  void encode_next(call_record& call) override {
    auto options = like_->options ? std::make_shared<request_options>(*like_->options) : std::make_shared<request_options>();
    options->needs.push_back("node=" + nodes_[next_++].name);
    options->node_wait_us = 0;
    call.set_options(std::move(options));
    call.once = like_->once;
    call.deadline = like_->deadline;
    call.arguments.append(like_->arguments.bytes());
  }
  std::optional<std::size_t> total() const override { return nodes_.size(); }
  char const* noun() const noexcept override { return "nodes"; }

 private:
  call_ptr like_;
  std::vector<listed_node> nodes_;
  std::size_t next_ = 0;
};

}  // namespace

task<std::vector<listed_node>> nodes_of_broadcast(cluster on, call_ptr like) {
  if (!like->early_problem.empty()) {
    auto what = make_fault(errc::bad_arguments, like->early_problem);
    what.method = like->method->name;
    throw call_error(std::move(what));
  }
  try {
    co_return co_await on.core()->nodes_for(like);
  } catch (call_error const& e) {
    if (e.code() != errc::no_node) throw;
    auto what = e.fault();
    what.message +=
        "; a broadcast reaches only nodes that have joined; wait for them with cluster.wait_for_nodes(n) or "
        "--min-nodes N";
    throw call_error(std::move(what));
  }
}

fan_out_plan plan_for_nodes(cluster on, call_ptr like, std::vector<listed_node> const& nodes) {
  auto const* const method = like->method;
  auto source = std::make_unique<node_source>(std::move(like), nodes);
  auto how = fan_out().window(most_calls).window_bytes(most_argument_bytes);
  fan_out_plan plan{"broadcast", std::move(on), method, std::move(source), std::move(how), on_fault::keep};
  plan.is_spread = false;
  return plan;
}

}  // namespace dist
