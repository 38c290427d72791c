#include <dist/rpc/sleep.hpp>

#include "master/master_impl.hpp"
#include "web/page_files.hpp"

// The page, and the events that it lives on.

namespace dist {
namespace {

/// Pages that may watch at once.
constexpr std::size_t most_watchers = 16;
/// How long a watcher may leave its news unread.
constexpr std::chrono::seconds watcher_patience{10};

/// Nothing from other origins, nothing inline, no framing.
constexpr char const* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

page_file const* find_file(std::string_view path) noexcept {
  for (auto const& file : page_files())
    if (file.path == path) return &file;
  return nullptr;
}

}  // namespace

bool master::impl::is_page(std::string_view path) { return find_file(path) != nullptr; }

http_response master::impl::answer_page(std::string_view path) {
  auto const& file = *find_file(path);
  http_response answer(200, std::string(file.text), std::string(file.type));
  answer.headers.set("Content-Security-Policy", page_policy);
  answer.headers.set("X-Content-Type-Options", "nosniff");
  answer.headers.set("Referrer-Policy", "no-referrer");
  answer.headers.set("Cross-Origin-Resource-Policy", "same-origin");
  answer.headers.set("Cache-Control", "no-cache");
  return answer;
}

http_response master::impl::answer_events() const {
  if (watchers_ >= most_watchers)
    return http_response(503, "the limit of " + std::to_string(most_watchers) + " watching pages is reached\n");
  http_response answer(200, {}, "text/event-stream");
  answer.headers.set("Cache-Control", "no-store");
  answer.streams = true;
  return answer;
}

/// Updates every heartbeat, at least a second apart, until the watcher leaves or stops reading.
task<void> master::impl::serve_events(stream& watcher) {
  if (watchers_ >= most_watchers) co_return;
  struct place {
    std::size_t& taken;
    explicit place(std::size_t& count) noexcept : taken(count) { ++taken; }
    ~place() { --taken; }
  } const mine(watchers_);
  page_feed::cursor seen;
  stream_timer patience(world_.clock, watcher);
  auto const pause = std::max<duration>(options_.heartbeat, std::chrono::seconds(1));
  for (;;) {
    auto const text = "data: " + feed_.news(seen, list_jobs(), world_.clock.now()) + "\n\n";
    asio::const_buffer const bytes(text.data(), text.size());
    patience.arm(watcher_patience, "a watching page read no updates for 10 s");
    try {
      co_await watcher.write({&bytes, 1});
    } catch (std::system_error const&) {
      patience.rethrow();
    }
    patience.disarm();
    co_await sleep_for(world_.clock, pause);
  }
}

}  // namespace dist
