# topologies/fit/operators.py optimises by formulas of its own: check_operators.py holds them to the program's. Needs numpy and scipy
# for Debian's python3. Given: PROGRAM, SOURCE.
execute_process(COMMAND /usr/bin/python3 -c "import numpy, scipy" RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
if(NOT missing EQUAL 0)
  message("skipped: no python3-numpy and python3-scipy")
  return()
endif()
execute_process(COMMAND /usr/bin/python3 ${SOURCE}/topologies/fit/check_operators.py ${PROGRAM} COMMAND_ERROR_IS_FATAL ANY)
