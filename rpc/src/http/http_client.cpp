#include "http/http_client.hpp"

#include <dist/rpc/result.hpp>

#include <asio/error.hpp>

namespace dist {

task<http_answer> http_exchange(stream& stream, http_request request, limits limits) {
  auto const text = to_text(request);
  asio::const_buffer const bytes(text.data(), text.size());
  co_await stream.write({&bytes, 1});

  http_response_parser parser(limits, request.method == "HEAD" ? http_body::none : http_body::expected);
  std::vector<std::byte> chunk(16 * 1024);
  for (;;) {
    std::error_code error;
    std::size_t count = 0;
    try {
      count = co_await stream.read_some(asio::buffer(chunk));
    } catch (std::system_error const& e) {
      if (e.code() != asio::error::eof) throw;
      error = e.code();
    }
    std::span<std::byte const> rest(chunk.data(), count);
    if (error) parser.finish();
    do {
      rest = rest.subspan(parser.push(rest));
      if (parser.state() == parse_state::failed) {
        auto const code = error                    ? errc::connection_lost
                          : parser.is_over_limit() ? errc::limit_exceeded
                                                   : errc::protocol_error;
        throw call_error(make_fault(code, stream.peer_address() + ": " + parser.message()));
      }
      if (parser.state() == parse_state::need_more) break;
      http_answer answer{parser.take_response(), buffer(rest)};
      auto const interim = answer.response.status < 200 && answer.response.status != 101;
      if (!interim) co_return answer;
    } while (!rest.empty());
  }
}

}  // namespace dist
