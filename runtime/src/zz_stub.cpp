#include "master_impl.hpp"
#include "node_impl.hpp"
namespace dist {
task<void> master::impl::serve_json(std::unique_ptr<stream>, buffer) { co_return; }
task<void> master::impl::serve_go_node(address) { co_return; }
task<void> node::impl::serve_go_master(std::unique_ptr<listener>) { co_return; }
}
