# cmake -D PRESET=… -D TARGET=… -P build.cmake, in the tree's root: configures and builds, on every core.
cmake_minimum_required(VERSION 3.25)
cmake_host_system_information(RESULT processors QUERY NUMBER_OF_LOGICAL_CORES)
execute_process(COMMAND ${CMAKE_COMMAND} --preset ${PRESET} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
execute_process(COMMAND ${CMAKE_COMMAND} --build build/${PRESET} --target ${TARGET} --parallel ${processors}
  COMMAND_ERROR_IS_FATAL ANY)
