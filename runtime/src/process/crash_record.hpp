#pragma once

#include <chrono>
#include <cstdint>
#include <dist/rpc/deadline.hpp>
#include <dist/rpc/service.hpp>
#include <string>

namespace dist {

/// A record of a node process that its parent can read after the process has died: memory that both
/// have mapped.
///
/// Threads  any.
class crash_record final : public call_watch {
 public:
  /// The parent's: a new one. Throws std::system_error.
  crash_record();
  /// The child's: the one that it inherited; closes the descriptor.
  explicit crash_record(int descriptor);
  crash_record(crash_record const&) = delete;
  crash_record& operator=(crash_record const&) = delete;
  ~crash_record() override;

  /// The parent's, for the child to inherit.
  int descriptor() const noexcept { return descriptor_; }

  /// The node has joined a master, which declares it lost after `patience` of silence.
  void joined(std::uint64_t incarnation, duration patience) noexcept;
  /// Between two beats of a process that is well.
  static constexpr duration beat_interval = std::chrono::seconds(1);
  /// The thread that serves its connections is alive.
  void beat() noexcept;
  /// The node has ended by itself; `drained`: because its master drained it.
  enum class farewell : std::uint8_t { none, ended, drained };
  void leaves(farewell how) noexcept;
  std::size_t begins(std::string_view method, invocation const& what) noexcept override;
  void ends(std::size_t place) noexcept override;

  /// Output of the process to be sent to its master: lines, and whether that master's stderr shows them already. The
  /// parent puts them here, the child takes them; once it has died the parent does.
  struct printed_text {
    std::string lines;
    bool is_shown = false;
  };
  /// Lines that do not fit are dropped and counted.
  void put_printed(std::string_view lines, bool is_shown) noexcept;
  printed_text take_printed();

  /// 0: it never joined.
  std::uint64_t incarnation() const noexcept;
  std::uint64_t beats() const noexcept;
  /// The argument of joined().
  duration patience() const noexcept;
  farewell left() const noexcept;
  /// The running methods: `Pricer.price(["the beginning of its input…)`, at most three of them,
  /// with commas; empty for none.
  std::string running() const;

 private:
  struct page;

  int descriptor_ = -1;
  page* page_ = nullptr;
};

}  // namespace dist
