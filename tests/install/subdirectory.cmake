# cmake -D SOURCE= -D WORK= -D COMPILER= -D TYPE= -P subdirectory.cmake
file(REMOVE_RECURSE ${WORK})
execute_process(
  COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/install/subdirectory -B ${WORK} -DDIST_SOURCE=${SOURCE}
          -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_BUILD_TYPE=${TYPE}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK} --target consumer COMMAND_ERROR_IS_FATAL ANY)
