#include <cstring>
#include <dist/rpc/detail/request_options.hpp>

#include "fuzz.hpp"
#include "wire/frame_reader.hpp"

// The frame reader, and the prefix of each request: however the bytes arrive, the same frames come out.

namespace {

using namespace dist;

constexpr std::size_t frame_limit = 1 << 16;

struct reading {
  std::string frames;
  std::string problem;
};

void feed(frame_reader& reader, std::span<std::byte const> bytes, reading& made) {
  while (!bytes.empty() && reader.problem().empty()) {
    auto const space = reader.prepare();
    auto const count = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), count);
    reader.commit(count);
    bytes = bytes.subspan(count);
    while (auto const one = reader.next()) {
      std::byte header[frame_header_bytes];
      encode(one->header(), header);
      made.frames.append(as_text(header)).append(as_text(one->bytes()));
      if (one->header().kind != frame_kind::request) continue;
      request_prefix prefix;
      if (!get_prefix(one->bytes(), one->header().flags, prefix).empty()) continue;
      fuzz::require(prefix.bytes <= one->bytes().size() && prefix.bytes % 8 == 0, "a prefix beyond its request");
      request_options options;
      if (!prefix.options.empty()) decode(prefix.options, options).clear();
    }
    fuzz::require(reader.held_bytes() <= 4 * frame_limit + (std::size_t{1} << 20), "the reader holds too much memory");
  }
  made.problem = reader.problem();
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto const input = fuzz::bytes_of(data, size);
  frame_reader whole_reader(frame_limit);
  reading whole;
  feed(whole_reader, input, whole);
  frame_reader piece_reader(frame_limit);
  reading pieces;
  fuzz::in_pieces(input, [&](auto piece) {
    if (piece_reader.problem().empty()) feed(piece_reader, piece, pieces);
  });
  fuzz::require(whole.frames == pieces.frames, "different frames from pieces");
  fuzz::require(whole.problem == pieces.problem, "different error from pieces: " + whole.problem + " / " + pieces.problem);
  return 0;
}
