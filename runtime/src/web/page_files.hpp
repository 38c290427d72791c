#pragma once

#include <span>
#include <string_view>

namespace dist {

/// One file of the page, as it was when this was built.
struct page_file {
  std::string_view path;  ///< `/page.js`
  std::string_view type;
  std::string_view text;
};

/// Made from runtime/page by cmake/dist_page.cmake.
std::span<page_file const> page_files() noexcept;

}  // namespace dist
