#include <dist/rpc/detail/codec.hpp>

#include <boost/test/unit_test.hpp>

#include "rpc/connection_support.hpp"
#include "rpc/frame_support.hpp"
#include "support/cancellable.hpp"
#include "support/wrapped_stream.hpp"
#include "wire/hello.hpp"
#include "wire/hmac.hpp"

namespace {

using namespace dist;
using namespace dist::test;

std::string const secret(32, 's');
std::string const other_secret(32, 'o');

hello a_hello(role as = role::node) {
  hello me;
  me.role = as;
  me.name = "ws07";
  me.slots = 4;
  me.incarnation = 0xFEDC'BA98'7654'3210;
  me.build = "b1";
  me.labels = {{"gpu", "yes"}};
  me.methods = {{"Arith.sum", "list<int64>", "int64", true, true}, {"Arith.slow", "", "null", false, false}};
  return me;
}

welcome a_welcome() {
  welcome answer;
  answer.name = "ws07#2";
  answer.heartbeat_ms = 1000;
  answer.lost_after_ms = 30'000;
  return answer;
}

task<hello> serve_as_master(connection& from, std::string known_secret, nonce own) {
  hello who;
  std::optional<fault> refusal;
  try {
    who = co_await receive_hello(from, known_secret, own);
  } catch (call_error const& e) {
    refusal = e.fault();
  }
  if (refusal) {
    put_refusal(from, *refusal);
    co_await from.flush();
    from.close();
    throw call_error(*refusal);
  }
  put_welcome(from, a_welcome(), who, known_secret, own);
  co_await from.flush();
  co_return who;
}

struct two_ends : world {
  explicit two_ends(dist::limits bounds = {}) {
    auto ends = memory_stream_pair();
    master.emplace(std::move(ends.first), seams, bounds);
    joiner_raw = std::move(ends.second);
    entropy.fill(own);
  }
  connection& joiner() {
    if (!joiner_) joiner_.emplace(std::move(joiner_raw), seams, dist::limits{});
    return *joiner_;
  }
  started<hello> start_master(std::string known_secret) {
    return start(io, serve_as_master(*master, std::move(known_secret), own));
  }
  started<welcome> start_joiner(hello me, std::string known_secret) {
    return start(io, introduce(joiner(), std::move(me), std::move(known_secret), entropy));
  }

  nonce own{};
  std::optional<connection> master;
  std::unique_ptr<stream> joiner_raw;

 private:
  std::optional<connection> joiner_;
};

template <class T>
std::error_code code_of(started<T>& ended, std::string* text = nullptr) {
  BOOST_TEST_REQUIRE(ended.done());
  try {
    ended.get();
  } catch (std::system_error const& e) {
    if (text) *text = e.what();
    return e.code();
  }
  return {};
}

/// A joiner that ignores the protocol: it reads the challenge, then sends these bytes.
task<void> send_after_challenge(stream& to, std::string bytes) {
  std::byte piece[1000];
  co_await to.read_some(asio::buffer(piece));
  co_await write_raw(to, std::move(bytes));
}

template <class Message>
std::string message_frame(frame_kind kind, Message const& message) {
  buffer payload;
  BOOST_TEST_REQUIRE(encode_result(codec::cbor, spelling::declared, payload, message) == "");
  return frame_text(header_of(kind), payload.text());
}

}  // namespace

BOOST_AUTO_TEST_CASE(handshake_identifies_both_ends) {
  for (auto const& known : {std::string(), secret})
    for (auto const as : {role::node, role::caller}) {
      two_ends ends;
      auto master = ends.start_master(known);
      auto joiner = ends.start_joiner(a_hello(as), known);
      ends.idle();
      BOOST_TEST_REQUIRE(master.done());
      BOOST_TEST_REQUIRE(joiner.done());
      auto const who = master.get();
      auto const wanted = a_hello(as);
      BOOST_TEST((who.role == as));
      BOOST_TEST(who.name == wanted.name);
      BOOST_TEST(who.slots == wanted.slots);
      BOOST_TEST(who.incarnation == wanted.incarnation);
      BOOST_TEST(who.build == wanted.build);
      BOOST_TEST((who.labels == wanted.labels));
      BOOST_TEST_REQUIRE(who.methods.size() == 2U);
      BOOST_TEST(who.methods[0].name == "Arith.sum");
      BOOST_TEST(who.methods[0].arguments == "list<int64>");
      BOOST_TEST(who.methods[0].repeatable);
      BOOST_TEST(!who.methods[1].brief);
      auto const accepted = joiner.get();
      BOOST_TEST(accepted.name == "ws07#2");
      BOOST_TEST(accepted.heartbeat_ms == 1000U);
      BOOST_TEST(accepted.lost_after_ms == 30'000U);
    }
}

BOOST_AUTO_TEST_CASE(peer_without_the_secret_is_rejected) {
  struct row {
    std::string of_master;
    std::string of_joiner;
    std::string_view master_says;
    std::string_view joiner_says;
  };
  row const rows[] = {
      {secret, other_secret, "wrong or missing", "wrong or missing"},
      {secret, secret + "s", "wrong or missing", "wrong or missing"},
      // A joiner without a secret learns from the challenge that it needs one, and reveals nothing about itself.
      {secret, "", "", "requires the join secret"},
      // A master that cannot prove that it has the secret gets no work from us.
      {"", secret, "", "cannot prove that it has"},
  };
  for (auto const& row : rows) {
    BOOST_TEST_INFO_SCOPE("master '" << row.of_master << "', joiner '" << row.of_joiner << "'");
    two_ends ends;
    auto master = ends.start_master(row.of_master);
    auto joiner = ends.start_joiner(a_hello(), row.of_joiner);
    ends.idle();
    std::string text;
    BOOST_TEST(code_of(joiner, &text) == errc::denied);
    BOOST_TEST(text.find(row.joiner_says) != text.npos, text);
    BOOST_TEST(text.find(secret) == text.npos);
    if (row.master_says.empty()) continue;
    BOOST_TEST(code_of(master, &text) == errc::denied);
    BOOST_TEST(text.find(row.master_says) != text.npos, text);
  }
}

BOOST_AUTO_TEST_CASE(proof_is_valid_for_one_connection_and_one_role) {
  // What an eavesdropper has of a good handshake does not open another one.
  std::string recorded;
  {
    two_ends ends;
    auto master = ends.start_master(secret);
    auto joiner = ends.start_joiner(a_hello(), secret);
    ends.idle();
    recorded = message_frame(frame_kind::hello, master.get());
  }
  nonce other{};
  other[0] = std::byte{1};
  for (bool const same_nonce : {true, false}) {
    two_ends ends;
    if (!same_nonce) ends.own = other;
    auto master = ends.start_master(secret);
    auto const sent = start(ends.io, send_after_challenge(*ends.joiner_raw, recorded));
    ends.idle();
    BOOST_TEST(code_of(master) == (same_nonce ? std::error_code() : make_error_code(errc::denied)));
  }
  {
    two_ends ends;
    auto as_caller = recorded;
    auto const at = as_caller.find("node");
    BOOST_TEST_REQUIRE(at != as_caller.npos);
    as_caller.replace(at - 1, 5,
                      "\x66"
                      "caller");
    as_caller = frame_text(header_of(frame_kind::hello), as_caller.substr(frame_header_bytes));
    auto master = ends.start_master(secret);
    auto const sent = start(ends.io, send_after_challenge(*ends.joiner_raw, as_caller));
    ends.idle();
    BOOST_TEST(code_of(master) == errc::denied);
  }
}

BOOST_AUTO_TEST_CASE(master_accepts_only_a_hello_first) {
  using namespace std::string_literals;
  auto unreadable = frame_text(header_of(frame_kind::hello), "\xA1\x64name"s);
  auto other_version = frame_text(header_of(frame_kind::hello));
  other_version[2] = 2;
  auto many = a_hello();
  many.methods.assign(65'536, {"", "", "", false, false});
  auto long_node = a_hello();
  auto long_caller = a_hello(role::caller);
  long_node.name = long_caller.name = std::string(256, 'n');
  auto long_method = a_hello();
  long_method.methods.front().name = std::string(256, 'm');
  struct row {
    std::string bytes;
    errc code;
    std::string_view says;
  };
  row const rows[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", errc::protocol_error, "not a dist/1 frame"},
      {other_version, errc::protocol_error, "version 2, expected 1"},
      {frame_text(header_of(frame_kind::request), "x"), errc::protocol_error, "expected a hello"},
      {frame_text(header_of(frame_kind::welcome)), errc::protocol_error, "expected a hello"},
      {frame_text(header_of(frame_kind::hello)), errc::protocol_error, "hello: "},
      {unreadable, errc::protocol_error, "hello: "},
      {frame_text(header_of(frame_kind::hello), std::string((4 << 20) + 1, 'x')), errc::limit_exceeded, "4194304"},
      {message_frame(frame_kind::hello, many), errc::limit_exceeded, "65535"},
      {message_frame(frame_kind::hello, long_node), errc::limit_exceeded, "the name in the hello has 256 bytes"},
      {message_frame(frame_kind::hello, long_caller), errc::limit_exceeded, "the name in the hello has 256 bytes"},
      {message_frame(frame_kind::hello, long_method), errc::limit_exceeded, "a method name in the hello has 256"},
      {frame_text(header_of(frame_kind::goodbye), "no time"), errc::protocol_error, "a hello: no time"},
  };
  for (auto const& row : rows) {
    BOOST_TEST_INFO_SCOPE(row.says);
    dist::limits bounds;
    if (row.says == "65535") bounds.hello_bytes = std::size_t{64} << 20;
    two_ends ends(bounds);
    auto master = ends.start_master({});
    auto const sent = start(ends.io, send_after_challenge(*ends.joiner_raw, row.bytes));
    ends.idle();
    std::string text;
    BOOST_TEST(code_of(master, &text) == row.code);
    BOOST_TEST(text.find(row.says) != text.npos, text);
  }
}

BOOST_AUTO_TEST_CASE(too_many_labels_are_rejected_before_they_are_read) {
  auto many = a_hello();
  for (int i = 0; i < 256; ++i) many.labels[std::to_string(i)] = "";
  two_ends ends;
  auto master = ends.start_master({});
  auto const sent = start(ends.io, send_after_challenge(*ends.joiner_raw, message_frame(frame_kind::hello, many)));
  ends.idle();
  std::string text;
  BOOST_TEST(code_of(master, &text) == errc::limit_exceeded);
  BOOST_TEST(text.find("257 labels; the maximum is 256") != text.npos, text);
}

BOOST_AUTO_TEST_CASE(hello_is_not_parsed_before_its_proof_is_verified) {
  // Its method list is malformed, which only a reader of the hello can notice.
  for (bool const proves : {false, true}) {
    BOOST_TEST_CONTEXT("proves: " << proves) {
      two_ends ends;
      proof right{};
      if (proves) {
        buffer text("dist/1 node");
        text.push_back(std::byte{0});
        text.append(ends.own);
        text.append(nonce{});
        right = hmac_sha256(as_bytes(secret), text.bytes());
      }
      std::string hello_bytes("\xA4\x64role\x64node\x67methods\x64none\x65nonce\x58\x20", 32);
      hello_bytes += std::string(32, '\0') + std::string("\x65proof\x58\x20") + std::string(as_text(right));
      auto master = ends.start_master(secret);
      auto const sent = start(ends.io, send_after_challenge(*ends.joiner_raw,
                                                            frame_text(header_of(frame_kind::hello), hello_bytes)));
      ends.idle();
      BOOST_TEST(code_of(master) == (proves ? errc::protocol_error : errc::denied));
    }
  }
}

BOOST_AUTO_TEST_CASE(hello_without_a_proof_is_limited_in_size) {
  for (auto const& known : {std::string(), secret}) {
    two_ends ends;
    auto master = ends.start_master(known);
    auto announced = frame_text(header_of(frame_kind::hello), std::string(65'537, 'x'));
    auto const sent = start(ends.io, send_after_challenge(*ends.joiner_raw, announced.substr(0, frame_header_bytes)));
    ends.idle();
    // Where no proof is needed, the master keeps waiting for the rest.
    BOOST_TEST(master.done() == !known.empty());
    std::string text;
    if (master.done()) BOOST_TEST(code_of(master, &text) == errc::limit_exceeded);
    if (master.done()) BOOST_TEST(text.find("the limit (unproven_hello_bytes) is 65536") != text.npos, text);
  }
}

BOOST_AUTO_TEST_CASE(long_hello_is_sent_after_its_proof) {
  auto long_one = a_hello();
  for (int i = 0; i < 5000; ++i) long_one.methods.push_back({"Arith.m" + std::to_string(i), "", "null", true, false});
  for (auto const& known : {std::string(), secret}) {
    two_ends ends;
    ends.own = make_nonce(ends.entropy);
    auto master = ends.start_master(known);
    auto joiner = ends.start_joiner(long_one, known);
    ends.idle();
    BOOST_TEST_REQUIRE(joiner.done());
    BOOST_TEST(joiner.get().name == "ws07#2");
    auto const who = master.get();
    BOOST_TEST(who.methods.size() == long_one.methods.size());
    BOOST_TEST((who.labels == long_one.labels));
  }
  // Without a proof it is rejected.
  two_ends ends;
  ends.own = make_nonce(ends.entropy);
  auto master = ends.start_master(secret);
  auto joiner = ends.start_joiner(long_one, other_secret);
  ends.idle();
  BOOST_TEST(code_of(joiner) == errc::denied);
  BOOST_TEST(code_of(master) == errc::denied);
}

namespace {

/// A stream with a given TLS channel binding.
class bound_stream final : public wrapped_stream {
 public:
  bound_stream(std::unique_ptr<stream> inner, std::string binding)
      : wrapped_stream(std::move(inner)), binding_(std::move(binding)) {}
  std::string channel_binding() const override { return binding_; }

 private:
  std::string binding_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(proof_is_valid_on_one_tls_connection_only) {
  // A man in the middle has two connections, one of them perhaps in plain text; neither proof is valid on the other.
  struct row {
    std::string of_master;
    std::string of_joiner;
    bool marked;
    bool good;
  };
  std::string const one(32, '1');
  std::string const other(32, '2');
  row const rows[] = {{one, one, true, true},   {one, other, true, false}, {one, "", true, false}, {"", one, true, false},
                      {"", "", true, true},     {one, other, false, true}};
  for (auto const& row : rows) {
    BOOST_TEST_CONTEXT("master '" << row.of_master << "', joiner '" << row.of_joiner << "', marked " << row.marked) {
      world around;
      auto ends = memory_stream_pair();
      connection master(std::make_unique<bound_stream>(std::move(ends.first), row.of_master), around.seams, dist::limits{});
      connection joiner(std::make_unique<bound_stream>(std::move(ends.second), row.of_joiner), around.seams, dist::limits{});
      nonce own{};
      // An older master's nonce is fully random; the joiner then binds nothing, as before.
      if (row.marked) own = make_nonce(around.entropy);
      auto served = start(around.io, serve_as_master(master, secret, own));
      auto joined = start(around.io, introduce(joiner, a_hello(), secret, around.entropy));
      around.idle();
      BOOST_TEST(code_of(served) == (row.good ? std::error_code() : make_error_code(errc::denied)));
      BOOST_TEST(code_of(joined) == (row.good ? std::error_code() : make_error_code(errc::denied)));
    }
  }
}

BOOST_AUTO_TEST_CASE(joiner_accepts_only_a_challenge_and_a_welcome) {
  auto const why = make_fault(errc::incompatible, "go away");
  auto const refusal = [&] {
    outbox out;
    put_fault(out, {}, why);
    auto const& gathered = out.take();
    return std::string(static_cast<char const*>(gathered[0].data()), gathered[0].size());
  }();
  auto const good = message_frame(frame_kind::challenge, challenge{});
  struct row {
    std::string bytes;
    errc code;
    std::string_view says;
  };
  row const rows[] = {
      {frame_text(header_of(frame_kind::welcome)), errc::protocol_error, "expected a challenge"},
      {"{\"id\":1,\"result\":true,\"error\":null}", errc::protocol_error, "not a dist/1 frame"},
      {refusal, errc::incompatible, "go away"},
      {good + refusal, errc::incompatible, "go away"},
      {good + frame_text(header_of(frame_kind::request)), errc::protocol_error, "expected a welcome"},
      {good + frame_text(header_of(frame_kind::welcome), "\xF6"), errc::protocol_error, "a welcome: "},
  };
  for (auto const& row : rows) {
    BOOST_TEST_INFO_SCOPE(row.says);
    two_ends ends;
    auto raw = std::move(ends.joiner_raw);
    connection joiner(std::move(raw), ends.seams, dist::limits{});
    auto joined = start(ends.io, introduce(joiner, a_hello(), {}, ends.entropy));
    auto const sent = start(ends.io, write_raw(ends.master->over(), row.bytes));
    ends.idle();
    std::string text;
    BOOST_TEST(code_of(joined, &text) == row.code);
    BOOST_TEST(text.find(row.says) != text.npos, text);
  }
}

BOOST_AUTO_TEST_CASE(end_of_the_stream_at_any_byte_ends_the_handshake) {
  auto const whole = message_frame(frame_kind::hello, a_hello());
  for (std::size_t size = 0; size < whole.size(); size += 13) {
    two_ends ends;
    auto master = ends.start_master({});
    auto const sent = start(ends.io, [](stream& to, std::string bytes) -> task<void> {
      co_await send_after_challenge(to, std::move(bytes));
      to.close();
    }(*ends.joiner_raw, whole.substr(0, size)));
    ends.idle();
    BOOST_TEST(code_of(master) == asio::error::eof);
    BOOST_TEST(ends.clock.timer_count() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(cancelled_introduction_leaves_nothing_behind) {
  two_ends ends;
  cancellable<welcome> joiner(ends.io, introduce(ends.joiner(), a_hello(), {}, ends.entropy));
  ends.idle();
  BOOST_TEST(!joiner.done());
  joiner.cancel();
  ends.idle();
  BOOST_TEST_REQUIRE(joiner.done());
  BOOST_CHECK_THROW(joiner.get(), std::system_error);
  BOOST_CHECK_NO_THROW(expect_no_work(ends.io));
  BOOST_TEST(ends.clock.timer_count() == 0U);
}

BOOST_AUTO_TEST_CASE(faults_round_trip_even_from_newer_peers) {
  auto what = make_fault(errc::poisoned, "it kills");
  what.node = "ws07";
  what.phase = "running";
  what.cause = "first";
  what.may = remedy::if_repeatable;
  outbox out;
  put_fault(out, {3, 4}, what);
  auto const& gathered = out.take();
  std::string const bytes(static_cast<char const*>(gathered[0].data()), gathered[0].size());
  auto const back = get_fault(as_bytes(bytes).subspan(frame_header_bytes), 64);
  BOOST_TEST((back.code == what.code));
  BOOST_TEST(back.message == what.message);
  BOOST_TEST(back.node == what.node);
  BOOST_TEST(back.phase == what.phase);
  BOOST_TEST(back.cause == what.cause);
  BOOST_TEST((back.known == what.known));
  BOOST_TEST((back.may == what.may));
  auto newer = bytes;
  newer.replace(newer.find("poisoned"), 8, "mystical");
  BOOST_TEST((get_fault(as_bytes(newer).subspan(frame_header_bytes), 64).code == errc::method_failed));
  BOOST_TEST((get_fault(as_bytes("garbage"), 64).code == errc::protocol_error));
}
