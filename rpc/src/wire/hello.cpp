#include "wire/hello.hpp"

#include <dist/rpc/detail/cbor_reader.hpp>
#include <dist/rpc/detail/codec.hpp>
#include <dist/rpc/detail/text.hpp>

#include <algorithm>
#include <asio/error.hpp>
#include <optional>

#include "wire/hmac.hpp"
#include "wire/protocol_breach.hpp"

namespace dist {
namespace {

/// Requests name a method by 16 bits, of which all ones is none.
constexpr std::size_t methods_max = 0xFFFF;

/// Flag of a hello: it is only the proof, the whole hello follows in another frame.
constexpr std::uint8_t more_follows = 1;

/// The end of a nonce whose maker binds proofs to the connection.
constexpr std::string_view binding_mark = "binding1";

template <class Message>
buffer encoded(Message const& message) {
  buffer payload;
  encode_result(codec::cbor, spelling::declared, payload, message);
  return payload;
}

template <class Message>
void put(outbox& out, frame_kind kind, call_id id, Message const& message, std::uint32_t running_us = 0) {
  frame_header header;
  header.kind = kind;
  header.id = id;
  header.deadline_us = running_us;
  out.put(header, encoded(message).bytes());
}

void expect(frame const& from, frame_kind expected, char const* what) {
  if (from.header().kind == frame_kind::goodbye)
    throw protocol_breach("the peer closed the session instead of sending " + std::string(what) + ": " +
                          std::string(as_text(from.bytes())));
  if (from.header().kind != expected)
    throw protocol_breach("expected " + std::string(what) + ", got a frame of kind " +
                          std::to_string(static_cast<int>(from.header().kind)));
}

template <class Message>
void get(frame const& from, frame_kind expected, char const* what, Message& message) {
  expect(from, expected, what);
  if (auto const problem = decode_result(codec::cbor, from.bytes(), limits{}.depth, message); !problem.empty())
    throw protocol_breach(std::string(what) + ": " + problem);
}

/// `who` is the role of the end that proves; `first` is the nonce that the other end chose. Where both ends bind, what is
/// proven on one connection is worth nothing on another: a peer in the middle has two.
proof prove(connection& over, std::string const& secret, std::string_view who, nonce const& first, nonce const& second) {
  buffer text("dist/1 ");
  text.append(as_bytes(who));
  text.push_back(std::byte{0});
  text.append(first);
  text.append(second);
  if (binds(first) && binds(second)) text.append(as_bytes(over.over().channel_binding()));
  return hmac_sha256(as_bytes(secret), text.bytes());
}

/// The limits of section 4, which hold for nodes and callers alike.
void check_limits(hello const& who) {
  auto const check_name = [](std::string const& what, std::string_view name) {
    if (name.size() > most_name_bytes)
      throw protocol_breach(what + " has " + std::to_string(name.size()) + " bytes; the maximum is " +
                                std::to_string(most_name_bytes),
                            errc::limit_exceeded);
  };
  check_name("the name in the hello", who.name);
  if (who.methods.size() > methods_max)
    throw protocol_breach("a hello with " + std::to_string(who.methods.size()) + " methods; the maximum is " +
                              std::to_string(methods_max),
                          errc::limit_exceeded);
  for (auto const& method : who.methods) check_name("a method name in the hello", method.name);
}

std::string_view to_text(role r) { return r == role::node ? "node" : "caller"; }

/// As much of a hello as must be known before the rest is worth reading: nothing of it is kept or allocated.
struct outline {
  dist::role role = role::node;
  dist::nonce nonce{};
  dist::proof proof{};
};

/// How many elements a list or map has; it stays where it is. 0 for anything else.
std::size_t count_of(cbor_reader in) {
  cbor_reader::frame inside;
  auto const kind = in.next();
  if (kind == item::map && in.begin_map(inside)) return inside.count;
  if (kind == item::list && in.begin_list(inside)) return inside.count;
  return 0;
}

void refuse_count(std::size_t count, std::size_t most, char const* what) {
  if (count > most)
    throw protocol_breach("a hello with " + std::to_string(count) + ' ' + what + "; the maximum is " + std::to_string(most),
                          errc::limit_exceeded);
}

/// False where the reader has found an error.
bool read_member(cbor_reader& in, std::string_view name, outline& found) {
  decoder<cbor_reader> decode(in, nullptr);
  if (name == "role") return decode(found.role);
  if (name == "nonce") return decode(found.nonce);
  if (name == "proof") return decode(found.proof);
  if (name == "labels") refuse_count(count_of(in), labels_max, "labels");
  if (name == "methods") refuse_count(count_of(in), methods_max, "methods");
  return in.skip();
}

outline read_outline(frame const& from) {
  expect(from, frame_kind::hello, "a hello");
  outline found;
  cbor_reader in(from.bytes(), limits{}.depth);
  cbor_reader::frame members;
  auto good = in.begin_map(members);
  std::string_view name;
  for (std::size_t i = 0; good && i < members.count; ++i) good = in.key(members, i, name) && read_member(in, name, found);
  if (!good) throw protocol_breach("a hello: " + in.error.text("result"));
  return found;
}

fault wrong_proof() {
  return make_fault(errc::denied, "the join secret is wrong or missing; both ends need the same --secret-file");
}

/// A hello that is too long for a peer without a proof goes in two parts, where the master can put them together.
void put_hello(connection& to, hello const& me, bool in_parts) {
  auto const whole = encoded(me);
  frame_header header;
  header.kind = frame_kind::hello;
  if (in_parts && whole.size() > limits{}.unproven_hello_bytes) {
    hello proof_only = me;
    proof_only.labels.clear();
    proof_only.methods.clear();
    proof_only.predecessor.reset();
    header.flags = more_follows;
    to.out().put(header, encoded(proof_only).bytes());
    header.flags = 0;
  }
  to.out().put(header, whole.bytes());
}

}  // namespace

nonce make_nonce(entropy& chance) {
  nonce made;
  chance.fill(made);
  std::ranges::copy(as_bytes(binding_mark), made.end() - binding_mark.size());
  return made;
}

bool binds(nonce const& made) noexcept { return as_text(made).ends_with(binding_mark); }

void put_fault(outbox& out, call_id id, fault const& what, std::uint32_t running_us) {
  // A fault that the other end cannot decode would be a call whose fate is unknown.
  fault_message const message{std::string(to_text(what.code)), as_utf8(what.message), as_utf8(what.node), what.phase,
                              as_utf8(what.cause),             what.known,            what.may};
  put(out, frame_kind::fault, id, message, running_us);
}

fault get_fault(std::span<std::byte const> payload, std::size_t depth_limit) {
  fault_message message;
  if (auto const problem = decode_result(codec::cbor, payload, depth_limit, message); !problem.empty()) {
    auto unreadable = make_fault(errc::protocol_error, "cannot decode the peer's fault: " + problem);
    unreadable.may = remedy::never;
    return unreadable;
  }
  fault what;
  what.code = errc_from_text(message.code);
  what.message = std::move(message.message);
  what.node = std::move(message.node);
  what.phase = std::move(message.phase);
  what.cause = std::move(message.cause);
  what.known = message.known;
  what.may = message.may;
  return what;
}

task<welcome> introduce(connection& to, hello me, std::string secret, entropy& chance) {
  challenge asked;
  auto const first = co_await to.receive();
  if (first.header().kind == frame_kind::fault) throw call_error(get_fault(first.bytes(), limits{}.depth));
  get(first, frame_kind::challenge, "a challenge", asked);
  if (asked.proof_wanted && secret.empty())
    throw call_error(make_fault(errc::denied, "the master at " + to.over().peer_address() +
                                                  " requires the join secret; give its file with --secret-file FILE"));
  me.nonce = make_nonce(chance);
  if (!secret.empty()) me.proof = prove(to, secret, to_text(me.role), asked.nonce, me.nonce);
  put_hello(to, me, asked.proof_wanted && binds(asked.nonce));
  auto const second = co_await to.receive();
  if (second.header().kind == frame_kind::fault) throw call_error(get_fault(second.bytes(), limits{}.depth));
  welcome answer;
  get(second, frame_kind::welcome, "a welcome", answer);
  if (!secret.empty() && !equal_in_constant_time(answer.proof, prove(to, secret, "master", me.nonce, asked.nonce)))
    throw call_error(make_fault(
        errc::denied, "the master at " + to.over().peer_address() + " cannot prove that it has the join secret"));
  co_return answer;
}

task<hello> receive_hello(connection& from, std::string secret, nonce own, connection::bytes_held on_growth) {
  put(from.out(), frame_kind::challenge, {}, challenge{own, !secret.empty()});
  if (!secret.empty()) from.limit_hello(from.bounds().unproven_hello_bytes, "unproven_hello_bytes");
  std::optional<frame> first;
  try {
    first = co_await from.receive(on_growth);
  } catch (std::system_error const& e) {
    // A peer without a secret leaves silently when it sees that one is required.
    if (secret.empty() || (e.code() != asio::error::eof && e.code() != asio::error::connection_reset)) throw;
  }
  if (!first)
    throw call_error(make_fault(errc::denied, "it left when it was asked for the join secret; give it this cluster's with "
                                              "--secret-file FILE"));
  auto const seen = read_outline(*first);
  if (!secret.empty() &&
      !equal_in_constant_time(seen.proof, prove(from, secret, to_text(seen.role), own, seen.nonce)))
    throw call_error(wrong_proof());
  auto const in_parts = (first->header().flags & more_follows) != 0;
  if (in_parts) {
    from.limit_hello(from.bounds().hello_bytes, "hello_bytes");
    first = co_await from.receive(on_growth);
    read_outline(*first);
  }
  hello who;
  get(*first, frame_kind::hello, "a hello", who);
  check_limits(who);
  // The proof covers the first part.
  if (in_parts && who.role != seen.role)
    throw protocol_breach("the two parts of a hello have different roles");
  who.nonce = seen.nonce;
  co_return who;
}

void put_welcome(connection& to, welcome answer, hello const& from, std::string const& secret, nonce const& own) {
  if (!secret.empty()) answer.proof = prove(to, secret, "master", from.nonce, own);
  put(to.out(), frame_kind::welcome, {}, answer);
}

void put_refusal(connection& to, fault const& why) { put_fault(to.out(), {}, why); }

}  // namespace dist
