#pragma once

#include <boost/json/object.hpp>
#include <dist/rpc/http.hpp>
#include <dist/rpc/http_server.hpp>
#include <dist/rpc/task_group.hpp>
#include <dist/runtime/detail/cluster_core.hpp>
#include <dist/runtime/master.hpp>
#include <dist/runtime/token.hpp>
#include <map>
#include <memory>

#include "io/stream_timer.hpp"
#include "master/address_range.hpp"
#include "master/dispatcher.hpp"
#include "master/folded_lines.hpp"
#include "master/handshake_pace.hpp"
#include "master/served_calls.hpp"
#include "master/unproven_peers.hpp"
#include "master/waiting_line.hpp"
#include "process/node_logs.hpp"
#include "web/page_feed.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

namespace dist {

/// The master's coroutines: one accepts, one a connection, one beats.
class master::impl {
 public:
  impl(seams const& world, master_options options);

  task<void> run();
  void stop() noexcept;
  cluster calls() const { return cluster(core_); }
  address local_address() const { return listener_->local_address(); }
  std::string status_json() const;
  std::string metrics() const;

 private:
  // master.cpp: accepted connections
  task<void> accept_loop();
  using share = unproven_peers::share;
  task<void> serve(std::unique_ptr<stream> peer);
  struct visitor;
  task<void> serve_visitor(visitor who, share& held);
  task<void> listen_to(visitor& who);
  task<void> unwrap(visitor& who, share& held);
  task<void> beat_loop();
  task<void> handshake_loop();
  task<void> web_loop();
  task<void> release_loop(waiting_line& line, waiting_line::pause_of pause);
  /// For warnings that any peer can cause.
  void warn_of_strangers(std::string_view kind, std::string const& line);
  void log_folded_lines();
  bool is_proof_wanted() const { return !options_.secret.empty() || (options_.tls && options_.tls->is_mutual()); }
  std::string join_hint() const;

  // master_http.cpp: HTTP requests
  /// Both ends of a request's connection.
  struct asker {
    std::string peer;
    std::string local;
    bool encrypted = false;
  };
  /// A path, who may ask for it, and how it is answered.
  struct resource {
    std::string_view path;
    std::string_view methods;  ///< as the Allow header lists them
    right least = right::none;
    http_response (*answer)(impl& on, http_request const& request, asker const& from) = nullptr;  ///< null: answer_call
  };
  resource const* find_resource(std::string_view path) const noexcept;
  task<void> serve_web(std::unique_ptr<stream> peer, buffer first, share& held);
  void let_in_if_proven(http_request const& head, asker const& from, share& held) const;
  task<http_response> answer_visitor(http_request request, asker from, share& held);
  task<void> say_use_tls(stream& peer);
  task<http_response> answer_http(http_request request, asker from);
  http_response answer_register(http_request const& request, std::string const& peer);
  task<http_response> answer_call(http_request request);
  http_response answer_drain(http_request const& request);
  http_response answer_cancel(http_request const& request);
  http_response answer_logs(http_request const& request) const;
  right right_of_sender(http_request const& request, asker const& from) const;
  std::optional<http_response> refusal(http_request const& head, asker const& from) const;

  // master_page.cpp: watchers
  static bool is_page(std::string_view path);
  static http_response answer_page(std::string_view path);
  http_response answer_events() const;
  task<void> serve_events(stream& watcher);

  // master_jobs.cpp: jobs
  boost::json::object list_jobs() const;

  // master_peers.cpp: nodes, jobs and JSON-RPC callers
  task<void> serve_frames(std::unique_ptr<stream> peer, http_upgrade upgrade, share& held);
  task<void> serve_node(std::unique_ptr<connection> session, hello who, nonce own);
  std::optional<node_view> holder_of(std::string const& name) const;
  struct waiting_join;
  task<result<joined>> join_when_free(node_link& node, node_info info);
  task<void> serve_caller(std::unique_ptr<connection> session, hello who, nonce own);
  task<void> serve_json(std::unique_ptr<stream> peer, buffer first, share& held);
  task<void> refuse_json(stream& peer, buffer first);

  // master_go.cpp: Go nodes
  struct go_registration;
  http_response answer_go_registration(http_request const& request, std::string const& peer);
  std::optional<http_response> refuse_go_node(address const& at) const;
  task<void> serve_go_node(address at, std::shared_ptr<go_registration> asked);
  task<void> stay_with_go_node(std::unique_ptr<stream> peer, std::string name, std::shared_ptr<go_registration> asked);
  welcome welcome_for(std::string name) const;

  static constexpr std::size_t own_loops = 4;  ///< of tasks_: accept_loop, beat_loop, handshake_loop, web_loop

  master_options options_;
  memory_budget memory_;
  seams world_;
  std::vector<method_description> methods_;  ///< of this program, for the check of types
  std::shared_ptr<call_book> book_;
  std::shared_ptr<dispatcher> calls_;
  std::shared_ptr<cluster_core> core_;
  page_feed feed_{*calls_};
  node_logs logs_;
  std::size_t watchers_ = 0;
  std::unique_ptr<listener> listener_;
  task_group tasks_;
  task_group go_tasks_;  ///< one for each Go node: registrations by strangers use no connection slots
  unproven_peers unproven_;
  folded_lines folded_;
  handshake_pace pace_;
  waiting_line handshakes_;
  waiting_line web_requests_;
  std::vector<address_range> go_ranges_;
  /// By address, those that are here and those that are looked for.
  std::unordered_map<std::string, std::shared_ptr<go_registration>> go_nodes_;
  struct connected_job;
  std::uint32_t last_origin_ = first_job_origin - 1;  ///< of the job that connected last
  std::map<std::uint32_t, connected_job*> jobs_;  ///< that are connected, by origin
  std::vector<node_link*> members_;  ///< with a running session
  std::vector<waiting_join*> waiting_joins_;
  bool stopped_ = false;
};

/// A connected job.
struct master::impl::connected_job {
  std::string name;
  std::string address;
  time_point since;
  served_calls& calls;
  connection& session;
};

/// A Go node registers only once, so the master keeps looking for it.
struct master::impl::go_registration {
  std::string host;
  std::uint32_t slots = 1;
  time_point seen{};     ///< it registered or ended its stay
  event again;           ///< it has registered again
  bool is_here = false;  ///< it has answered on the connection that there is
  bool was_here = false;
};

}  // namespace dist
