# Run after a test program NAME is linked: lists its test cases and writes the CASES file that registers each with ctest.
# (Catch2's own catch_discover_tests cannot set labels from tags.) A case that warns "skipped: …" and otherwise passes is
# shown as skipped.
cmake_minimum_required(VERSION 3.25)

# One name a line. They stay text: brackets and semicolons in a name would upset a CMake list.
function(list_cases SPEC OUTPUT)
  # Catch2's exit status here is the number of cases.
  execute_process(COMMAND ${PROGRAM} ${SPEC} --list-test-names-only OUTPUT_VARIABLE names RESULT_VARIABLE status)
  if(NOT status MATCHES "^[0-9]+$")
    message(FATAL_ERROR "${PROGRAM} does not list its tests: ${status}")
  endif()
  set(${OUTPUT} "${names}" PARENT_SCOPE)
endfunction()

list_cases("*" names)
list_cases("[slow]" slow)

set(script "")
while(names MATCHES "^([^\n]+)\n")
  set(case "${CMAKE_MATCH_1}")
  string(LENGTH "${case}\n" length)
  string(SUBSTRING "${names}" ${length} -1 names)
  string(REGEX REPLACE "([][,\\\"])" "\\\\\\1" spec "${case}")
  string(APPEND script "add_test([==[${NAME}: ${case}]==] [==[${PROGRAM}]==] [==[${spec}]==] --warn NoTests)\n"
    "set_tests_properties([==[${NAME}: ${case}]==] PROPERTIES\n"
    "  SKIP_REGULAR_EXPRESSION [==[skipped: .*(All tests passed|1 passed)]==]")
  string(FIND "\n${slow}" "\n${case}\n" among_slow)
  if(NOT among_slow EQUAL -1)
    string(APPEND script " LABELS slow")
  endif()
  string(APPEND script ")\n")
endwhile()
file(WRITE ${CASES} "${script}")
