# cmake -DCOMPILER= -DSOURCE= -DMESSAGE= -DNAMES= -DLINES= -DOPTIONS= -DINCLUDES= -DDEFINITIONS= -DPRECOMPILED=
#   -P compile.cmake: see CMakeLists.txt.
cmake_minimum_required(VERSION 3.25)
list(REMOVE_ITEM INCLUDES "")
list(TRANSFORM INCLUDES PREPEND -I)
list(TRANSFORM DEFINITIONS PREPEND -D)
set(compile ${COMPILER} -std=c++20 -fsyntax-only ${DEFINITIONS} ${INCLUDES})

# Without the precompiled headers, as a user compiles: what stands where is part of it.
execute_process(COMMAND ${compile} ${OPTIONS} ${SOURCE} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles and should not")
endif()
if(NOT output MATCHES "error:[^\n]*${MESSAGE}")
  message(FATAL_ERROR "the compiler does not say \"${MESSAGE}\":\n${output}")
endif()
# Nobody reads further than this.
string(REPLACE ";" "," lines "${output}")
string(REPLACE "[" "(" lines "${lines}")
string(REPLACE "]" ")" lines "${lines}")
string(REPLACE "\n" ";" lines "${lines}")
list(SUBLIST lines 0 ${LINES} first)
string(JOIN "\n" first ${first})
foreach(wanted IN ITEMS "${MESSAGE}" "${NAMES}")
  if(NOT first MATCHES "${wanted}")
    message(FATAL_ERROR "\"${wanted}\" is not in the first ${LINES} lines:\n${output}")
  endif()
endforeach()
string(REGEX MATCHALL "[^\n]* error:[^\n]*" errors "${output}")
list(FILTER errors EXCLUDE REGEX "dist/unmet_requirement") # which only ends the compilation
list(LENGTH errors count)
if(count GREATER 1)
  message(FATAL_ERROR "one error is wanted, these are ${count}:\n${output}")
endif()

execute_process(COMMAND ${compile} ${PRECOMPILED} -DFIXED ${SOURCE} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "with FIXED defined it should compile:\n${output}")
endif()
