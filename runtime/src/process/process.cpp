#include "process/process.hpp"

#include <dist/rpc/detail/text.hpp>
#include <dist/rpc/detail/thrown.hpp>

#include "base/terminal.hpp"

namespace dist {

int process::say(int code, std::string const& text) const {
  // It may be the message of a method or a peer.
  terminal::standard_error().write_lines(program + ": " + printable(text, 64 * 1024, line_ends::kept) + '\n',
                                         log_level::error);
  return code;
}

int process::say_thrown() const {
  try {
    throw;
  } catch (usage_error const& e) {
    return say(exit_code::wrong_use, e.what());
  } catch (call_error const& e) {
    return say(e.code() == errc::denied ? exit_code::wrong_use : exit_code::failed, e.fault().message);
  } catch (...) {
    return say(exit_code::failed, text_of_exception(std::current_exception()));
  }
}

}  // namespace dist
