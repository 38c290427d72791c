#include <boost/describe/enum_to_string.hpp>
#include <boost/test/unit_test.hpp>

#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/request_options.hpp>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/hex.hpp"
#include "jsonrpc/jsonrpc.hpp"
#include "rpc/connection_support.hpp"
#include "rpc/frame_support.hpp"
#include "support/wrapped_stream.hpp"
#include "wire/hello.hpp"
#include "wire/hmac.hpp"

// docs/PROTOCOL.md defines the wire format: every worked example and every table of numbers in it is checked against
// what this program writes and reads. An example is a block ```hex or ```json after a line "Example `name`: ...".

namespace {

using namespace dist;
using namespace dist::test;

std::string page() {
  std::ifstream file(DIST_PROTOCOL_PAGE);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// In a hex block, `#` starts a comment.
std::string digits_of(std::string const& line) {
  std::string digits;
  for (auto c : line.substr(0, line.find('#')))
    if (c != ' ') digits += c;
  return digits;
}

/// The worked examples: hex digits without spaces, or a line of JSON, by name.
std::map<std::string, std::string> read_examples() {
  std::map<std::string, std::string> found;
  std::istringstream lines(page());
  std::string kind;
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      kind = kind.empty() ? line.substr(3) : std::string();
      if (kind.empty()) name.clear();
      if (kind.empty()) continue;
      if (kind != "hex" && kind != "json") name.clear();
      if ((kind == "hex" || kind == "json") && name.empty())
        BOOST_ERROR("a block of " << kind << " without a line \"Example `name`:\" before it");
      if (!name.empty()) BOOST_TEST(!found.contains(name), name << " is there twice");
      if (!name.empty()) found[name];
    } else if (!kind.empty()) {
      if (!name.empty()) found[name] += kind == "hex" ? digits_of(line) : line;
    } else if (line.starts_with("Example `")) {
      name = line.substr(9, line.find('`', 9) - 9);
    }
  }
  return found;
}

std::string bytes_of(std::string_view digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(at, 2)), nullptr, 16));
  return bytes;
}

std::string text_of(buffer const& bytes) { return std::string(bytes.text()); }

template <class T>
std::string cbor_of(T const& value) {
  buffer out;
  BOOST_TEST_REQUIRE(encode_result(codec::cbor, spelling::declared, out, value) == "");
  return text_of(out);
}
template <class T>
T from_cbor(std::string_view bytes) {
  T value{};
  BOOST_TEST_REQUIRE(decode_result(codec::cbor, as_bytes(bytes), 64, value) == "");
  return value;
}

std::string const secret = "sixteen bytes or more";

nonce counting_from(unsigned first) {
  nonce made;
  for (auto& byte : made) byte = static_cast<std::byte>(first++);
  return made;
}

/// The nonce of an end that binds its proofs.
nonce marked(nonce made) {
  std::ranges::copy(as_bytes("binding1"), made.end() - 8);
  return made;
}

/// Gives the joiner's nonce as shown on the page.
class page_entropy final : public entropy {
 public:
  void fill(std::span<std::byte> out) override {
    auto const made = counting_from(0x20);
    std::copy_n(made.begin(), out.size(), out.begin());
  }
  std::uint64_t next() override { return 0; }
};

hello page_hello() {
  hello me;
  me.name = "ws07";
  me.slots = 4;
  me.incarnation = 0x0123'4567'89AB'CDEF;
  me.build = "b1";
  me.labels = {{"gpu", "yes"}};
  me.methods = {{"Arith.sum", "tuple<list<int64>>", "int64", true, false}};
  return me;
}

/// The bytes that both ends of a handshake wrote to their streams.
struct handshake {
  std::string from_master;
  std::string from_joiner;
};

class recording_stream final : public test::wrapped_stream {
 public:
  recording_stream(std::unique_ptr<stream> inner, std::string& to) : wrapped_stream(std::move(inner)), to_(to) {}
  task<void> write(std::span<asio::const_buffer const> from) override {
    for (auto const& each : from) to_.append(static_cast<char const*>(each.data()), each.size());
    return inner().write(from);
  }
  task<std::size_t> write_some(std::span<asio::const_buffer const> from) override {
    std::size_t all = 0;
    for (auto const& each : from) all += each.size();
    co_await write(from);
    co_return all;
  }

 private:
  std::string& to_;
};

task<void> serve(connection& from) {
  auto const who = co_await receive_hello(from, secret, counting_from(0));
  welcome answer;
  answer.name = "ws07";
  answer.heartbeat_ms = 1000;
  answer.lost_after_ms = 30'000;
  put_welcome(from, answer, who, secret, counting_from(0));
  co_await from.flush();
}

handshake shake_hands() {
  handshake seen;
  world around;
  auto ends = memory_stream_pair();
  connection master(std::make_unique<recording_stream>(std::move(ends.first), seen.from_master), around.seams,
                    limits{});
  connection joiner(std::make_unique<recording_stream>(std::move(ends.second), seen.from_joiner), around.seams,
                    limits{});
  page_entropy chance;
  auto served = start(around.io, serve(master));
  auto joined = start(around.io, introduce(joiner, page_hello(), secret, chance));
  around.idle();
  BOOST_TEST_REQUIRE(served.done());
  BOOST_TEST_REQUIRE(joined.done());
  served.get();
  BOOST_TEST(joined.get().name == "ws07");
  return seen;
}

std::string proof_of(std::string_view who, nonce const& first, nonce const& second, std::string const& binding = {}) {
  std::string text = "dist/1 " + std::string(who) + '\0';
  text.append(as_text(first)).append(as_text(second)).append(binding);
  auto const digest = hmac_sha256(as_bytes(secret), as_bytes(text));
  return std::string(as_text(digest));
}

frame_header request_header() {
  auto header = header_of(frame_kind::request, {1, 3});
  header.deadline_us = 2'500'000;
  return header;
}

std::vector<std::int64_t> const numbers{2, 4, 6};

std::string sum_arguments(codec how) {
  buffer out;
  BOOST_TEST_REQUIRE(encode_arguments(how, spelling::declared, out, numbers) == "");
  return text_of(out);
}

request_options page_options() {
  request_options options;
  options.needs = {"gpu=yes"};
  options.retries = 5;
  return options;
}

std::string named_request(std::uint8_t flags, call_id parent) {
  buffer payload;
  buffer options;
  BOOST_TEST_REQUIRE(encode(page_options(), options) == "");
  put_prefix(payload, flags, {parent, "Arith.sum", options.bytes(), 0});
  payload.append(as_bytes(sum_arguments(codec::cbor)));
  auto header = header_of(frame_kind::request, {0, 1});
  header.flags = flags;
  return frame_text(header, payload.text());
}

fault page_fault() {
  auto what = make_fault(errc::method_failed, "no mean of nothing");
  what.node = "ws07";
  what.phase = "running";
  return what;
}

std::string fault_frame() {
  outbox out;
  put_fault(out, {1, 3}, page_fault());
  auto const& gathered = out.take();
  return std::string(static_cast<char const*>(gathered[0].data()), gathered[0].size());
}

struct range {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::optional<std::string> label;
};
BOOST_DESCRIBE_STRUCT(range, (), (start, end, label))
enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

using choice = std::variant<std::monostate, double, color>;

std::map<std::string, std::string> written_hex() {
  auto const shaken = shake_hands();
  std::map<std::string, std::string> made;
  auto const challenge_bytes = frame_header_bytes + cbor_of(challenge{counting_from(0), true}).size();
  made["challenge"] = shaken.from_master.substr(0, challenge_bytes);
  made["hello"] = shaken.from_joiner;
  made["welcome"] = shaken.from_master.substr(challenge_bytes);
  made["proof of the joiner"] = proof_of("node", counting_from(0), marked(counting_from(0x20)));
  made["bound proof of the joiner"] = proof_of("node", marked(counting_from(0)), marked(counting_from(0x20)),
                                               std::string(as_text(counting_from(0xA0))));
  made["proof of the master"] = proof_of("master", marked(counting_from(0x20)), counting_from(0));
  made["request"] = frame_text(request_header(), sum_arguments(codec::cbor));
  auto json_header = request_header();
  json_header.codec = 1;
  made["request in JSON"] = frame_text(json_header, sum_arguments(codec::json));
  made["named request"] = named_request(frame_flags::named, {});
  made["nested request"] = named_request(frame_flags::named | frame_flags::nested, {1, 3});
  made["request with options"] = named_request(frame_flags::named | frame_flags::options, {});
  made["reply"] = frame_text(header_of(frame_kind::reply, {1, 3}), cbor_of(std::int64_t{12}));
  buffer nothing;
  encode_void(codec::cbor, spelling::declared, nothing);
  made["void reply"] = frame_text(header_of(frame_kind::reply, {1, 3}), nothing.text());
  made["fault"] = fault_frame();
  made["cancel"] = frame_text(header_of(frame_kind::cancel, {1, 3}));
  auto killing = header_of(frame_kind::cancel, {1, 3});
  killing.deadline_us = 200'000;
  made["cancel with kill_after"] = frame_text(killing);
  made["beat"] = frame_text(header_of(frame_kind::beat, {2, 0}));
  made["drain"] = frame_text(header_of(frame_kind::drain));
  made["goodbye"] = frame_text(header_of(frame_kind::goodbye), "drained");
  made["struct"] = cbor_of(range{0, 1000, {}});
  made["variant"] = cbor_of(choice(color::green));
  made["map"] = cbor_of(std::map<std::int32_t, bool>{{-1, true}});
  made["doubles"] = cbor_of(std::vector<double>{1.5, -0.0});
  made["bytes"] = cbor_of(std::vector<std::uint8_t>{1, 2, 255});
  made["large array"] = cbor_of(std::vector<double>(10'000, 0.0)).substr(0, 11);
  return made;
}

rpc_request rpc(rpc_version version, std::string id) {
  rpc_request request;
  request.version = version;
  request.id_text = std::move(id);
  request.method = version == rpc_version::v1 ? "Arith.Sum" : "Arith.sum";
  request.params_text = "[[2,4,6]]";
  return request;
}

std::map<std::string, std::string> written_json() {
  auto const v1 = rpc(rpc_version::v1, "1");
  auto const v2 = rpc(rpc_version::v2, "1");
  return {{"2.0 request", write_request(v2)},
          {"2.0 answer", write_reply(v2, "12")},
          {"2.0 error", write_error(v2, page_fault())},
          {"1.0 request", write_request(v1)},
          {"1.0 answer", write_reply(v1, "12")},
          {"1.0 error", write_error(v1, page_fault())},
          {"1.0 unknown method", write_error(v1, make_fault(errc::unknown_method, ""))}};
}

/// The cells of every table row whose first cell is `name`.
std::vector<std::vector<std::string>> rows_of(std::string const& name) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(page());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `" + name + "` |")) continue;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');) {
      auto const first = cell.find_first_not_of(' ');
      cells.push_back(first == cell.npos ? "" : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
    }
    rows.push_back(std::move(cells));
  }
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(examples_match_what_is_written) {
  auto const shown = read_examples();
  std::set<std::string> known;
  for (auto const& [name, bytes] : written_hex()) {
    known.insert(name);
    BOOST_TEST_REQUIRE(shown.contains(name), "the page does not show " << name);
    BOOST_TEST(shown.at(name) == to_hex(as_bytes(bytes)),
               name << "\nshown   " << shown.at(name) << "\nwritten " << to_hex(as_bytes(bytes)));
  }
  for (auto const& [name, text] : written_json()) {
    known.insert(name);
    BOOST_TEST_REQUIRE(shown.contains(name), "the page does not show " << name);
    BOOST_TEST(shown.at(name) == text, name << "\nshown   " << shown.at(name) << "\nwritten " << text);
  }
  known.insert("bearer token");
  BOOST_TEST(shown.at("bearer token") == to_hex(hmac_sha256(as_bytes(secret), as_bytes("dist/1 bearer"))));
  for (auto const& [name, content] : shown) BOOST_TEST(known.contains(name), "no code writes the example " << name);
}

BOOST_AUTO_TEST_CASE(frames_are_read_as_shown) {
  auto const shown = read_examples();
  auto const frame_of = [&](std::string const& name) {
    BOOST_TEST_INFO_SCOPE(name);
    frame_reader reader(1 << 20);
    auto const frames = read_all(reader, bytes_of(shown.at(name)), 1);
    BOOST_TEST_REQUIRE(reader.problem() == "");
    BOOST_TEST_REQUIRE(frames.size() == 1U);
    BOOST_TEST(!reader.in_frame());
    return frames.front();
  };
  auto const request = frame_of("request");
  BOOST_TEST(request.header.kind == frame_kind::request);
  BOOST_TEST(request.header.method == 0);
  BOOST_TEST(request.header.deadline_us == 2'500'000U);
  BOOST_TEST(request.header.id == (call_id{1, 3}));
  for (auto const* name : {"request", "request in JSON", "named request", "nested request",
                           "request with options"}) {
    auto const asked = frame_of(name);
    request_prefix prefix;
    BOOST_TEST_REQUIRE(get_prefix(as_bytes(asked.payload), asked.header.flags, prefix) == "");
    BOOST_TEST(prefix.method == (asked.header.flags & frame_flags::named ? "Arith.sum" : ""));
    BOOST_TEST(prefix.parent == (asked.header.flags & frame_flags::nested ? call_id{1, 3} : call_id{}));
    if (!prefix.options.empty()) {
      request_options options;
      BOOST_TEST(decode(prefix.options, options) == "");
      BOOST_TEST((options == page_options()));
    }
    std::tuple<std::vector<std::int64_t>> arguments;
    value_store store;
    auto const how = static_cast<codec>(asked.header.codec);
    BOOST_TEST(decode_arguments(how, as_bytes(asked.payload).subspan(prefix.bytes), 64, arguments, store) == "");
    BOOST_TEST((std::get<0>(arguments) == numbers));
  }
  BOOST_TEST(from_cbor<std::int64_t>(frame_of("reply").payload) == 12);
  buffer nothing;
  encode_void(codec::cbor, spelling::declared, nothing);
  BOOST_TEST(frame_of("void reply").payload == nothing.text());
  auto const failed = get_fault(as_bytes(frame_of("fault").payload), 64);
  BOOST_TEST((failed.code == errc::method_failed));
  BOOST_TEST(failed.message == page_fault().message);
  BOOST_TEST((failed.known == progress::executed));
  BOOST_TEST(frame_of("cancel").header.id == (call_id{1, 3}));
  BOOST_TEST(frame_of("beat").header.id.index == 2U);
  BOOST_TEST(frame_of("drain").header.kind == frame_kind::drain);
  BOOST_TEST(frame_of("goodbye").payload == "drained");
  BOOST_TEST(from_cbor<challenge>(frame_of("challenge").payload).proof_wanted);
  auto const who = from_cbor<hello>(frame_of("hello").payload);
  BOOST_TEST(as_text(who.proof) == bytes_of(shown.at("proof of the joiner")));
  auto const answer = from_cbor<welcome>(frame_of("welcome").payload);
  BOOST_TEST(as_text(answer.proof) == bytes_of(shown.at("proof of the master")));
  BOOST_TEST(from_cbor<range>(bytes_of(shown.at("struct"))).end == 1000);
  BOOST_TEST((from_cbor<choice>(bytes_of(shown.at("variant"))) == choice(color::green)));
  BOOST_TEST((from_cbor<std::vector<double>>(bytes_of(shown.at("doubles"))) == std::vector<double>{1.5, -0.0}));
}

BOOST_AUTO_TEST_CASE(json_messages_are_read_as_shown) {
  auto const shown = read_examples();
  for (auto const* version : {"1.0", "2.0"}) {
    auto const item_of = [&](std::string const& name) {
      auto const read = parse_rpc(shown.at(version + (" " + name)), limits{});
      BOOST_TEST_REQUIRE(read.items.size() == 1U);
      return read.items.front();
    };
    auto const request = item_of("request");
    BOOST_TEST(std::get<rpc_request>(request).params_text == "[[2,4,6]]");
    auto const answer = item_of("answer");
    BOOST_TEST(std::get<rpc_reply>(answer).result_text == "12");
    auto const failed = item_of("error");
    auto const error = std::get<rpc_reply>(failed).error;
    BOOST_TEST_REQUIRE(error.has_value());
    BOOST_TEST((to_fault(*error).code == errc::method_failed));
  }
}

BOOST_AUTO_TEST_CASE(failure_table_lists_every_code) {
  for (int number = 1; number <= static_cast<int>(errc::stopped); ++number) {
    auto const code = static_cast<errc>(number);
    std::string const name(to_text(code));
    auto const rows = rows_of(name);
    BOOST_TEST_REQUIRE(rows.size() == 1U, name);
    auto const& cells = rows.front();
    BOOST_TEST_REQUIRE(cells.size() >= 4U, name);
    auto const usual = make_fault(code, "");
    BOOST_TEST(cells[1] == std::to_string(to_rpc_code(code)), name);
    BOOST_TEST(cells[2] == boost::describe::enum_to_string(usual.known, ""), name);
    BOOST_TEST(cells[3] == boost::describe::enum_to_string(usual.may, ""), name);
  }
}

BOOST_AUTO_TEST_CASE(limit_table_lists_the_defaults) {
  limits const usual;
  std::map<std::string, std::size_t> const numbers_of{
      {"frame_bytes", usual.frame_bytes},
      {"hello_bytes", usual.hello_bytes},
      {"unproven_hello_bytes", usual.unproven_hello_bytes},
      {"unproven_bytes", usual.unproven_bytes},
      {"message_bytes", usual.message_bytes},
      {"http_head_bytes", usual.http_head_bytes},
      {"depth", usual.depth},
      {"batch_count", usual.batch_count},
      {"connection_count", usual.connection_count},
      {"calls_per_connection", usual.calls_per_connection},
      {"outbox_bytes", usual.outbox_bytes},
      {"memory", usual.memory},
      {"handshake", static_cast<std::size_t>(usual.handshake.count())},
      {"coroutine_count", usual.coroutine_count},
      {"frame_idle", static_cast<std::size_t>(usual.frame_idle.count())},
  };
  for (auto const& [name, value] : numbers_of) {
    auto const rows = rows_of(name);
    BOOST_TEST_REQUIRE(rows.size() == 1U, name);
    BOOST_TEST(rows.front()[1] == std::to_string(value), name);
  }
}
