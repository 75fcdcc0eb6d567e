# Run after a test program NAME is linked: lists its test cases and writes the CASES file that registers each with ctest.
# (Catch2's own catch_discover_tests cannot set labels from tags.) A case that warns "skipped: …" and otherwise passes is
# shown as skipped.
cmake_minimum_required(VERSION 3.25)

function(list_cases SPEC OUTPUT)
  # Catch2's exit status here is the number of cases.
  execute_process(COMMAND ${PROGRAM} ${SPEC} --list-test-names-only OUTPUT_VARIABLE lines RESULT_VARIABLE status)
  if(NOT status MATCHES "^[0-9]+$")
    message(FATAL_ERROR "${PROGRAM} does not list its tests: ${status}")
  endif()
  string(REGEX REPLACE "\n$" "" lines "${lines}")
  string(REPLACE ";" "\\;" lines "${lines}")
  string(REPLACE "\n" ";" lines "${lines}")
  set(${OUTPUT} "${lines}" PARENT_SCOPE)
endfunction()

list_cases("*" cases)
list_cases("[slow]" slow)

set(script "")
foreach(case IN LISTS cases)
  string(REGEX REPLACE "([][,\\\"])" "\\\\\\1" spec "${case}")
  string(APPEND script "add_test([==[${NAME}: ${case}]==] [==[${PROGRAM}]==] [==[${spec}]==] --warn NoTests)\n"
    "set_tests_properties([==[${NAME}: ${case}]==] PROPERTIES\n"
    "  SKIP_REGULAR_EXPRESSION [==[skipped: .*(All tests passed|1 passed)]==]")
  if(case IN_LIST slow)
    string(APPEND script " LABELS slow")
  endif()
  string(APPEND script ")\n")
endforeach()
file(WRITE ${CASES} "${script}")
