#pragma once

#include <dist/rpc/seams.hpp>
#include <string>
#include <system_error>

#include "http/http_client.hpp"
#include "wire/connection.hpp"
#include "wire/hello.hpp"

// What a node and a job have in common on their way to a master.

namespace dist {

/// What was said of an error, without the system's own words for it: of a connection that was broken off, what had not
/// answered.
std::string own_words(std::system_error const& e);

/// A connection to `to`; throws errc::deadline_exceeded when there is none after `limit`. The system itself would try for
/// minutes where nobody answers.
task<std::unique_ptr<stream>> connect_within(seams world, address to, std::chrono::milliseconds limit);

/// Asks the master at the other end for dist/1 frames; `port` is where a Go master may dial back, 0 for nowhere.
task<http_answer> ask_for_frames(seams world, stream& peer, address master, std::string path, std::uint16_t port,
                                 limits bounds);

/// The handshake on a connection that was granted them. Both throw errc::deadline_exceeded, and say for what they waited,
/// when limits.handshake has passed.
task<welcome> introduce_in_time(seams world, connection& session, hello me, std::string secret, limits bounds);

/// What went wrong with a registration that was answered with something else than 101.
call_error registration_error(address const& master, std::string const& path, http_response const& answer);

}  // namespace dist
