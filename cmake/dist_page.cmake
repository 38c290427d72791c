# Writes the page's files as C++: cmake -DOUTPUT=page_files.cpp -DFOLDER=runtime/page -DCHART=chart.min.js -P
# dist_page.cmake The charts are drawn by Chart.js of Debian's libjs-chart.js; without it (CHART empty) the page has
# none.

set(type_.html "text/html; charset=utf-8")
set(type_.css "text/css; charset=utf-8")
set(type_.js "text/javascript; charset=utf-8")

set(arrays "")
set(rows "")
# page_add(path file...): the files, concatenated, under that path.
function(page_add path extension)
  set(bytes "")
  foreach(file IN LISTS ARGN)
    file(READ ${file} more HEX)
    string(APPEND bytes "${more}")
  endforeach()
  string(LENGTH "${bytes}" digits)
  math(EXPR count "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n"
                       bytes "${bytes}")
  string(MAKE_C_IDENTIFIER "bytes${path}" name)
  set(arrays "${arrays}unsigned char const ${name}[] = {\n${bytes}};\n" PARENT_SCOPE)
  set(rows "${rows}    {\"${path}\", \"${type_${extension}}\", text_of(${name})},\n" PARENT_SCOPE)
endfunction()

page_add(/ .html ${FOLDER}/page.html)
page_add(/page.css .css ${FOLDER}/page.css)
foreach(script IN ITEMS page charts feed timeline tables)
  page_add(/${script}.js .js ${FOLDER}/${script}.js)
endforeach()
if(CHART)
  page_add(/chart.js .js ${FOLDER}/chart_licence.js ${CHART})
endif()

file(WRITE ${OUTPUT} "#include \"web/page_files.hpp\"

namespace dist {
namespace {

${arrays}
template <std::size_t Size>
std::string_view text_of(unsigned char const (&bytes)[Size]) noexcept {
  return {reinterpret_cast<char const*>(bytes), Size};
}

}  // namespace

std::span<page_file const> page_files() noexcept {
  static page_file const files[] = {
${rows}  };
  return files;
}

}  // namespace dist
")
