# npm_packages(TARGET FILE): the packages of the folder's package-lock.json go into its build folder with the target; FILE
# is one of theirs.
find_program(NPM npm REQUIRED)
function(npm_packages TARGET FILE)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/node_modules/${FILE})
  add_custom_command(OUTPUT ${file} VERBATIM
    DEPENDS package.json package-lock.json
    COMMENT "Fetching ${TARGET}"
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/package.json
            ${CMAKE_CURRENT_SOURCE_DIR}/package-lock.json ${CMAKE_CURRENT_BINARY_DIR}
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${file}
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  add_custom_target(${TARGET} ALL DEPENDS ${file})
endfunction()
