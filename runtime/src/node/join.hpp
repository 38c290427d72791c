#pragma once

#include <dist/rpc/seams.hpp>
#include <string>
#include <system_error>

#include "http/http_client.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

// Shared by a node and a job: connecting to a master.

namespace dist {

/// The text of an error without the system's own message: for an interrupted connection, what had not
/// answered.
std::string own_words(std::system_error const& e);

/// A connection to `to`; throws errc::deadline_exceeded if there is none after `limit`. The system itself would try for
/// minutes.
task<std::unique_ptr<stream>> connect_within(seams world, address to, std::chrono::milliseconds limit);

/// Asks the master at the other end for dist/1 frames; `port` is where a Go master may dial back, 0 for nowhere.
task<http_answer> ask_for_frames(seams world, stream& peer, address master, std::string path, std::uint16_t port,
                                 limits bounds);

/// The handshake on a connection that was granted them. Both throw errc::deadline_exceeded, and name what they waited
/// for, when limits.handshake has passed.
task<welcome> introduce_in_time(seams world, connection& session, hello me, std::string secret, limits bounds);

/// Whether this is a TLS master's answer to plain HTTP, and what to do about it.
bool asks_for_tls(http_response const& answer);
std::string tls_required(address const& master);

/// The error of a registration that was answered with a status other than 101: denied if the master requires TLS.
call_error registration_error(address const& master, std::string const& path, http_response const& answer);

}  // namespace dist
