#include <dist/rpc/hello.hpp>

#include <dist/rpc/codec.hpp>
#include <dist/rpc/hmac.hpp>
#include <dist/rpc/protocol_breach.hpp>
#include <dist/rpc/text.hpp>

#include <asio/error.hpp>
#include <optional>

namespace dist {
namespace {

/// Requests name a method by 16 bits, of which all ones is none.
constexpr std::size_t methods_max = 0xFFFF;

template <class Message>
void put(outbox& out, frame_kind kind, call_id id, Message const& message, std::uint32_t running_us = 0) {
  buffer payload;
  encode_result(codec::cbor, spelling::declared, payload, message);
  frame_header header;
  header.kind = kind;
  header.id = id;
  header.deadline_us = running_us;
  out.put(header, payload.bytes());
}

template <class Message>
void get(frame const& from, frame_kind expected, char const* what, Message& message) {
  if (from.header().kind == frame_kind::goodbye)
    throw protocol_breach("the peer said goodbye instead of sending " + std::string(what) + ": " +
                          std::string(as_text(from.bytes())));
  if (from.header().kind != expected)
    throw protocol_breach("expected " + std::string(what) + ", got a frame of kind " +
                          std::to_string(static_cast<int>(from.header().kind)));
  if (auto const problem = decode_result(codec::cbor, from.bytes(), limits{}.depth, message); !problem.empty())
    throw protocol_breach(std::string(what) + ": " + problem);
}

/// `who` is the role of the end that proves; `first` is the nonce that the other end chose.
proof prove(std::string const& secret, std::string_view who, nonce const& first, nonce const& second) {
  buffer text("dist/1 ");
  text.append(as_bytes(who));
  text.push_back(std::byte{0});
  text.append(first);
  text.append(second);
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
  for (auto const& method : who.methods) check_name("a method's name in the hello", method.name);
}

std::string_view to_text(role r) { return r == role::node ? "node" : "caller"; }

}  // namespace

void put_fault(outbox& out, call_id id, fault const& what, std::uint32_t running_us) {
  // What cannot be read at the other end would be no fault at all, but a call whose fate is unknown.
  fault_message const message{std::string(to_text(what.code)), as_utf8(what.message), as_utf8(what.node), what.phase,
                              as_utf8(what.cause),             what.known,            what.may};
  put(out, frame_kind::fault, id, message, running_us);
}

fault get_fault(std::span<std::byte const> payload, std::size_t depth_limit) {
  fault_message message;
  if (auto const problem = decode_result(codec::cbor, payload, depth_limit, message); !problem.empty()) {
    auto unreadable = make_fault(errc::protocol_error, "the peer's fault cannot be read: " + problem);
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
                                                  " wants the join secret; give its file with --secret-file FILE"));
  chance.fill(me.nonce);
  if (!secret.empty()) me.proof = prove(secret, to_text(me.role), asked.nonce, me.nonce);
  put(to.out(), frame_kind::hello, {}, me);
  auto const second = co_await to.receive();
  if (second.header().kind == frame_kind::fault) throw call_error(get_fault(second.bytes(), limits{}.depth));
  welcome answer;
  get(second, frame_kind::welcome, "a welcome", answer);
  if (!secret.empty() && !equal_in_constant_time(answer.proof, prove(secret, "master", me.nonce, asked.nonce)))
    throw call_error(make_fault(errc::denied, "the master at " + to.over().peer_address() +
                                                  " cannot prove that it knows the join secret"));
  co_return answer;
}

task<hello> receive_hello(connection& from, std::string secret, nonce own) {
  put(from.out(), frame_kind::challenge, {}, challenge{own, !secret.empty()});
  std::optional<frame> first;
  try {
    first = co_await from.receive();
  } catch (std::system_error const& e) {
    // Who has no secret goes without a word when it sees that one is wanted.
    if (secret.empty() || (e.code() != asio::error::eof && e.code() != asio::error::connection_reset)) throw;
  }
  if (!first)
    throw call_error(make_fault(errc::denied, "it left when it was asked for the join secret; give it this cluster's with "
                                              "--secret-file FILE"));
  hello who;
  get(*first, frame_kind::hello, "a hello", who);
  if (!secret.empty() && !equal_in_constant_time(who.proof, prove(secret, to_text(who.role), own, who.nonce)))
    throw call_error(make_fault(errc::denied, "the join secret is wrong or missing; both ends need the same "
                                              "--secret-file"));
  check_limits(who);
  co_return who;
}

void put_welcome(connection& to, welcome answer, hello const& from, std::string const& secret, nonce const& own) {
  if (!secret.empty()) answer.proof = prove(secret, "master", from.nonce, own);
  put(to.out(), frame_kind::welcome, {}, answer);
}

void put_refusal(connection& to, fault const& why) { put_fault(to.out(), {}, why); }

}  // namespace dist
