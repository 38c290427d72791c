# Every public header compiles alone: one source per header, that includes it twice and nothing else.
# Which headers a header names does not depend on the compiler, and the sanitizers have nothing to say about it, so those
# builds are spared the time.
if(DIST_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  return()
endif()

set(header_checks)
foreach(module IN ITEMS rpc registry runtime tests/sim)
  set(include_dir ${PROJECT_SOURCE_DIR}/${module}/include)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${include_dir} ${include_dir}/*.hpp)
  foreach(header IN LISTS headers)
    string(REGEX REPLACE "[^a-z0-9]" "_" name ${header})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\n#include <${header}>\n")
    list(APPEND header_checks ${source})
  endforeach()
endforeach()

add_library(dist_header_checks OBJECT ${header_checks})
set_target_properties(dist_header_checks PROPERTIES CXX_EXTENSIONS OFF)
target_compile_options(dist_header_checks PRIVATE -O0 -g0)
target_link_libraries(dist_header_checks PRIVATE dist::dist dist::sim dist_own_settings)
