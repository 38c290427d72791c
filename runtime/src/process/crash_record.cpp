#include "process/crash_record.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/excerpt.hpp"

namespace dist {
namespace {

constexpr std::size_t nowhere = 64;
constexpr int most_shown = 3;
constexpr std::size_t shown_bytes = 100;  ///< of each one's input

/// One method that runs.
struct place {
  std::uint8_t codec;
  std::uint8_t name_size;
  std::uint8_t kept;  ///< of the arguments' bytes
  char name[61];
  std::byte arguments[192];
};
static_assert(sizeof(place) == 256);

constexpr std::size_t text_bytes = 64 * 1024;

[[noreturn]] void fail(int error) {
  throw std::system_error(error, std::generic_category(), "cannot share memory with a node process");
}

}  // namespace

struct crash_record::page {
  std::atomic<std::uint64_t> incarnation;
  std::atomic<std::int64_t> patience;  ///< in the clock's units
  std::atomic<std::uint64_t> beats;
  std::atomic<farewell> left;
  std::atomic<std::uint64_t> taken;  ///< one bit for each place
  place places[nowhere];
  std::atomic<std::uint64_t> text_put;  ///< bytes so far; of `text` those from text_taken on are not taken
  std::atomic<std::uint64_t> text_taken;
  std::atomic<std::uint64_t> left_out;  ///< lines that found no room
  std::atomic<std::uint8_t> text_is_shown;
  char text[text_bytes];

  static page* map(int descriptor) noexcept {
    auto* const memory = ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    // Zeros are a page on which nothing has happened.
    return memory == MAP_FAILED ? nullptr : static_cast<page*>(memory);
  }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "two processes share it");

crash_record::crash_record() : descriptor_(::memfd_create("dist-crash-record", MFD_CLOEXEC)) {
  if (descriptor_ < 0) fail(errno);
  if (::ftruncate(descriptor_, sizeof(page)) == 0) page_ = page::map(descriptor_);
  if (page_) return;
  auto const error = errno;
  ::close(descriptor_);
  fail(error);
}

crash_record::crash_record(int descriptor) : page_(page::map(descriptor)) {
  auto const error = errno;
  ::close(descriptor);
  if (!page_) fail(error);
}

crash_record::~crash_record() {
  ::munmap(page_, sizeof(page));
  if (descriptor_ >= 0) ::close(descriptor_);
}

void crash_record::joined(std::uint64_t incarnation, duration patience) noexcept {
  page_->patience.store(patience.count());
  page_->incarnation.store(incarnation);
}

void crash_record::beat() noexcept { page_->beats.fetch_add(1); }

void crash_record::leaves(farewell how) noexcept { page_->left.store(how); }

std::size_t crash_record::begins(std::string_view method, invocation const& what) noexcept {
  auto taken = page_->taken.load(std::memory_order_relaxed);
  std::size_t here = nowhere;
  do {
    here = static_cast<std::size_t>(std::countr_one(taken));
    // One that is too many is not seen.
    if (here == nowhere) return nowhere;
  } while (!page_->taken.compare_exchange_weak(taken, taken | std::uint64_t{1} << here));
  auto& one = page_->places[here];
  one.codec = static_cast<std::uint8_t>(what.codec);
  one.name_size = static_cast<std::uint8_t>(std::min(method.size(), sizeof one.name));
  one.kept = static_cast<std::uint8_t>(std::min(what.arguments.size(), sizeof one.arguments));
  std::memcpy(one.name, method.data(), one.name_size);
  if (one.kept != 0) std::memcpy(one.arguments, what.arguments.data(), one.kept);
  return here;
}

void crash_record::ends(std::size_t place) noexcept {
  if (place != nowhere) page_->taken.fetch_and(~(std::uint64_t{1} << place), std::memory_order_release);
}

std::string crash_record::running() const {
  std::string text;
  auto const taken = page_->taken.load();
  int shown = 0;
  for (std::size_t i = 0; i < nowhere; ++i) {
    if ((taken >> i & 1) == 0) continue;
    if (shown++ == most_shown) return text + ", " + std::to_string(std::popcount(taken) - most_shown) + " more";
    // The writer may have died of writing where it should not: nothing in here is taken on trust.
    auto const one = page_->places[i];
    std::string_view const name(one.name, std::min<std::size_t>(one.name_size, sizeof one.name));
    std::span const arguments(one.arguments, std::min<std::size_t>(one.kept, sizeof one.arguments));
    if (!text.empty()) text += ", ";
    text.append(name.substr(0, find_invalid_utf8(name))) += '(';
    text += excerpt(one.codec == 0 ? codec::cbor : codec::json, arguments, shown_bytes) + ')';
  }
  return text;
}

void crash_record::put_printed(std::string_view lines, bool is_shown) noexcept {
  page_->text_is_shown.store(is_shown);
  auto const put = page_->text_put.load();
  // A size beyond the buffer means a corrupted record.
  auto const used = std::min<std::uint64_t>(put - page_->text_taken.load(), text_bytes);
  if (auto const room = text_bytes - used; lines.size() > room) {
    auto const end = room == 0 ? lines.npos : lines.rfind('\n', room - 1);
    auto const fitting = end == lines.npos ? 0 : end + 1;
    page_->left_out.fetch_add(static_cast<std::uint64_t>(std::ranges::count(lines.substr(fitting), '\n')));
    lines = lines.substr(0, fitting);
  }
  auto const from = put % text_bytes;
  auto const first = std::min<std::size_t>(lines.size(), text_bytes - from);
  std::memcpy(page_->text + from, lines.data(), first);
  std::memcpy(page_->text, lines.data() + first, lines.size() - first);
  page_->text_put.store(put + lines.size());
}

crash_record::printed_text crash_record::take_printed() {
  printed_text taken;
  taken.is_shown = page_->text_is_shown.load() != 0;
  auto const put = page_->text_put.load();
  auto const count = std::min<std::uint64_t>(put - page_->text_taken.load(), text_bytes);
  taken.lines.reserve(count);
  for (auto at = put - count; at != put; ++at) taken.lines.push_back(page_->text[at % text_bytes]);
  page_->text_taken.store(put);
  if (auto const lines = page_->left_out.exchange(0); lines > 0)
    taken.lines += "(" + std::to_string(lines) + (lines == 1 ? " line" : " lines") + " dropped: not sent in time)\n";
  return taken;
}

std::uint64_t crash_record::incarnation() const noexcept { return page_->incarnation.load(); }

std::uint64_t crash_record::beats() const noexcept { return page_->beats.load(); }

duration crash_record::patience() const noexcept { return duration(page_->patience.load()); }

crash_record::farewell crash_record::left() const noexcept { return page_->left.load(); }

}  // namespace dist
