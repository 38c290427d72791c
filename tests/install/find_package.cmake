# cmake -D SOURCE= -D BUILD= -D WORK= -D COMPILER= -D TYPE= -P find_package.cmake
# Installs the build, moves the installed tree elsewhere, and builds and runs a user's project against it.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/staged COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
file(RENAME ${WORK}/staged ${WORK}/prefix)

# No installed file may contain the path where it was built.
file(GLOB_RECURSE configs ${WORK}/prefix/*.cmake)
foreach(config IN LISTS configs)
  file(READ ${config} text)
  foreach(place IN ITEMS ${SOURCE} ${WORK}/staged)
    string(FIND "${text}" "${place}" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${config} names ${place}")
    endif()
  endforeach()
endforeach()

execute_process(
  COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/install/find_package -B ${WORK}/build
          -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=${TYPE}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
foreach(how IN ITEMS --inline --local=1)
  execute_process(COMMAND ${WORK}/build/consumer ${how} COMMAND_ERROR_IS_FATAL ANY)
endforeach()

# The same program for machines that have only glibc.
execute_process(
  COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/install/find_package -B ${WORK}/static -DDIST_STATIC=ON
          -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=${TYPE}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/static COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PYTHON} ${SOURCE}/tests/install/empty_root.py ${WORK}/static/consumer ${WORK}/root COMMAND_ERROR_IS_FATAL ANY)

# The command and its manual are installed too.
execute_process(COMMAND ${WORK}/prefix/bin/dist --version COMMAND_ERROR_IS_FATAL ANY)
if(NOT EXISTS ${WORK}/prefix/share/man/man1/dist.1)
  message(FATAL_ERROR "the manual of the command dist was not installed")
endif()
