# sim/collectives/fit.py optimises by formulas of its own: check_fit.py holds them to the program's. Needs the measurements, and numpy and
# scipy for Debian's python3. Given: PROGRAM, SOURCE.
if(DEFINED ENV{SWITCHYARD_DATA})
  set(data $ENV{SWITCHYARD_DATA}/measured/collectives)
else()
  set(data ${SOURCE}/../shared/data/measured/collectives)
endif()
execute_process(COMMAND /usr/bin/python3 -c "import numpy, scipy" RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
if(NOT EXISTS ${data} OR NOT missing EQUAL 0)
  message("skipped: no ${data}, or no python3-numpy and python3-scipy")
  return()
endif()
execute_process(COMMAND /usr/bin/python3 ${SOURCE}/sim/collectives/check_fit.py ${data} ${PROGRAM} COMMAND_ERROR_IS_FATAL ANY)
