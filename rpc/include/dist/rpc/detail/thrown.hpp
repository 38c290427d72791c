#pragma once

#include <exception>
#include <string>

namespace dist {

/// A readable text of what was thrown: the message of an exception, followed by those of the exceptions nested in it;
/// otherwise its type, and its value where that is a number or a text.
std::string text_of_exception(std::exception_ptr const& thrown);

}  // namespace dist
