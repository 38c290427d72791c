#pragma once

#include <array>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <cstddef>
#include <cstdint>
#include <dist/rpc/detail/method_entry.hpp>
#include <dist/rpc/detail/predecessor.hpp>
#include <dist/rpc/entropy.hpp>
#include <dist/rpc/result.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wire/connection.hpp"

// The first frames of a dist/1 connection, in which both ends say who they are and prove that they know the secret
// (HMAC-SHA256, RFC 2104, over both nonces, the role and, where there is TLS, its channel binding). The secret itself
// never travels.

namespace dist {

/// Random except for its last bytes, which announce that its end binds proofs to the connection: both proofs cover
/// them, so a man in the middle cannot remove them.
using nonce = std::array<std::byte, 32>;
using proof = std::array<std::byte, 32>;

/// A nonce of an end that binds its proofs.
nonce make_nonce(entropy& chance);
/// Whether the end that made it binds proofs and accepts a hello in two parts. Older ends do neither.
bool binds(nonce const& made) noexcept;

/// Labels of one node.
inline constexpr std::size_t labels_max = 256;

/// The role that the joining end asks for.
enum class role { node, caller };
BOOST_DESCRIBE_ENUM(role, node, caller)

/// Master to joiner.
struct challenge {
  dist::nonce nonce{};
  bool proof_wanted = false;
};
BOOST_DESCRIBE_STRUCT(challenge, (), (nonce, proof_wanted))

/// Joiner to master.
struct hello {
  dist::role role = dist::role::node;
  std::string name;
  bool name_is_default = true;  ///< the user did not choose it: the master may add "#2" to make it unique
  std::uint32_t slots = 1;
  std::uint64_t incarnation = 0;
  std::string build;  ///< the program's build id
  std::map<std::string, std::string> labels;
  std::vector<method_entry> methods;  ///< a request names one by its place here
  dist::nonce nonce{};
  dist::proof proof{};
  std::optional<dist::predecessor> predecessor;  ///< of a process that is started again when it dies
};
BOOST_DESCRIBE_STRUCT(hello, (), (role, name, name_is_default, slots, incarnation, build, labels, methods, nonce, proof,
                                  predecessor))

/// Master to joiner.
struct welcome {
  std::string name;  ///< the node's name in this cluster
  std::uint32_t heartbeat_ms = 0;
  std::uint32_t lost_after_ms = 0;
  dist::proof proof{};
};
BOOST_DESCRIBE_STRUCT(welcome, (), (name, heartbeat_ms, lost_after_ms, proof))

/// A fault as it travels: the code by name, so that a newer peer's code does not make the rest unreadable.
struct fault_message {
  std::string code;
  std::string message;
  std::string node;
  std::string phase;
  std::string cause;
  progress known = progress::unknown;
  remedy may = remedy::never;
};
BOOST_DESCRIBE_STRUCT(fault_message, (), (code, message, node, phase, cause, known, may))

void put_fault(outbox& out, call_id id, fault const& what, std::uint32_t running_us = 0);
/// A fault that cannot be read is itself a fault.
fault get_fault(std::span<std::byte const> payload, std::size_t depth_limit);

/// The joiner's side: answers the challenge, and checks that the master knows the secret too. An empty secret proves
/// nothing and is enough if the master requires no proof.
///
/// Errors   errc::denied when the master refuses (its reason is in the message) or cannot prove that it knows the
///          secret; errc::protocol_error; the stream's errors.
/// Cancel   terminal; the connection is then good for nothing.
task<welcome> introduce(connection& to, hello me, std::string secret, entropy& chance);

/// The master's side of the same in two steps, so that it can look at the hello before it accepts; `own` is its nonce.
/// Of a peer that has to prove the secret nothing but the proof is read before it is right, and no more than
/// limits.unproven_hello_bytes are held; `on_growth` is told how many are.
/// Throws protocol_breach for a hello that cannot be read or is beyond a limit.
task<hello> receive_hello(connection& from, std::string secret, nonce own, connection::bytes_held on_growth = {});
/// Puts the welcome with the master's proof.
void put_welcome(connection& to, welcome answer, hello const& from, std::string const& secret, nonce const& own);
/// Puts the refusal and its reason; the joiner's introduce() throws it.
void put_refusal(connection& to, fault const& why);

}  // namespace dist
