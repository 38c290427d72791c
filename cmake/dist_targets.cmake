# The build settings of this project: dist_library and dist_program carry the settings that are ours alone
# (warnings, sanitizers); what a user of the library must compile with is on the exported targets themselves.
include(GNUInstallDirs)

add_library(dist_own_settings INTERFACE)
target_compile_options(dist_own_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 on coroutine frames and on variants, reported far from their cause.
  target_compile_options(dist_own_settings INTERFACE -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()
if(DIST_WARNINGS_AS_ERRORS)
  target_compile_options(dist_own_settings INTERFACE -Werror)
endif()
if(DIST_SANITIZE)
  add_compile_options(-fsanitize=${DIST_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${DIST_SANITIZE})
endif()
if(DIST_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# With DIST_PRECOMPILE the most common headers are precompiled, which halves the build time of a short test. A build
# without it shows which file lacks an include.
set(dist_often_used <algorithm> <chrono> <functional> <iostream> <map> <memory> <optional> <ranges> <span> <string>
    <unordered_map> <variant> <vector> <asio.hpp> <boost/describe.hpp> <boost/json.hpp> <boost/system/result.hpp>)
function(dist_precompile target)
  if(DIST_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${dist_often_used} ${ARGN})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp") # reproducible, for ccache
    endif()
  endif()
endfunction()

# dist_precompiled(test_headers LIBRARIES ... HEADERS ...): precompiled headers for many programs: dist_test_headers.
function(dist_precompiled name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;HEADERS")
  if(DIST_PRECOMPILE)
    file(CONFIGURE OUTPUT ${name}.cpp CONTENT "")
    add_library(dist_${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    set_target_properties(dist_${name} PROPERTIES CXX_EXTENSIONS OFF)
    target_link_libraries(dist_${name} PRIVATE ${arg_LIBRARIES} dist_own_settings)
    dist_precompile(dist_${name} ${arg_HEADERS})
  endif()
endfunction()

# With DIST_UNITY several sources are compiled as one. Sources in NOT_TOGETHER define names that another one defines
# too. A build without it shows which file lacks an include, or shadows a name.
function(dist_unity target)
  if(DIST_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_compile_options(${target} PRIVATE -Wno-shadow)
  endif()
endfunction()

# The modules, each of which may use those before it.
set(dist_modules rpc registry runtime)

# The private headers, for our own tests and programs.
add_library(dist_private_headers INTERFACE)
foreach(module IN LISTS dist_modules)
  target_include_directories(dist_private_headers INTERFACE ${PROJECT_SOURCE_DIR}/${module}/src)
endforeach()
target_include_directories(dist_private_headers INTERFACE ${PROJECT_SOURCE_DIR}/runtime) # sim/

# dist_library(rpc SOURCES ... PUBLIC ... PRIVATE ...): the module's library dist_rpc with its alias dist::rpc.
function(dist_library module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;NOT_TOGETHER;PUBLIC;PRIVATE")
  add_library(dist_${module} STATIC ${arg_SOURCES})
  dist_unity(dist_${module} ${arg_NOT_TOGETHER})
  add_library(dist::${module} ALIAS dist_${module})
  set_target_properties(dist_${module} PROPERTIES EXPORT_NAME ${module} POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
  target_compile_features(dist_${module} PUBLIC cxx_std_20)
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include) # registry has no public headers
    target_include_directories(
      dist_${module}
      PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  endif()
  foreach(used IN LISTS dist_modules)
    target_include_directories(dist_${module} PRIVATE ${PROJECT_SOURCE_DIR}/${used}/src)
    if(used STREQUAL module)
      break()
    endif()
  endforeach()
  target_link_libraries(dist_${module} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:dist_own_settings>)
  dist_precompile(dist_${module})
endfunction()

# dist_program(name SOURCES ... LIBRARIES ... [PRECOMPILED target]): a program of ours, with our warnings. It uses the
# precompiled headers of that target; one that links all of dist has them anyway.
function(dist_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRECOMPILED" "SOURCES;LIBRARIES")
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} dist_own_settings)
  if(NOT arg_PRECOMPILED AND ("dist::dist" IN_LIST arg_LIBRARIES OR "dist::runtime" IN_LIST arg_LIBRARIES))
    set(arg_PRECOMPILED dist_program_headers)
  endif()
  if(DIST_PRECOMPILE AND arg_PRECOMPILED)
    target_precompile_headers(${name} REUSE_FROM ${arg_PRECOMPILED})
  endif()
endfunction()
