# format: rewrites our sources. check: what CI holds them to, without building the tests. golden:
# rewrites what the tests compare with; read the diff. bench: measures, beside a bare echo, and prints
# the table; build it in the release preset, on a machine that does nothing else.
file(GLOB_RECURSE GATE_SOURCES CONFIGURE_DEPENDS
     ${CMAKE_SOURCE_DIR}/checks/*.cc ${CMAKE_SOURCE_DIR}/checks/*.h
     ${CMAKE_SOURCE_DIR}/gate/*.cc ${CMAKE_SOURCE_DIR}/gate/*.h
     ${CMAKE_SOURCE_DIR}/clients/*.cc ${CMAKE_SOURCE_DIR}/clients/*.h
     ${CMAKE_SOURCE_DIR}/tests/*.cc ${CMAKE_SOURCE_DIR}/tests/*.h)
find_program(CLANG_FORMAT clang-format-14)
find_program(CLANG_TIDY clang-tidy-19)
add_custom_target(format COMMAND ${CLANG_FORMAT} -i ${GATE_SOURCES} VERBATIM)
set(GATE_CXX_SOURCES ${GATE_SOURCES})
list(FILTER GATE_CXX_SOURCES INCLUDE REGEX "/(checks|gate|clients)/.*[.]cc$")
add_custom_target(check
  COMMAND ${CLANG_FORMAT} --dry-run -Werror ${GATE_SOURCES}
  COMMAND ${CLANG_TIDY} --quiet -p ${CMAKE_BINARY_DIR} ${GATE_CXX_SOURCES}
  VERBATIM)
add_dependencies(check gate_proto gate_grpc)

if(GATE_TESTS)
  get_property(golden_tests GLOBAL PROPERTY GATE_GOLDEN_TESTS)
  add_custom_target(golden
    COMMAND ${CMAKE_COMMAND} -E env GATE_UPDATE_GOLDENS=1
            ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_BINARY_DIR} -L golden --output-on-failure
    VERBATIM)
  add_dependencies(golden ${golden_tests})

  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_custom_target(bench COMMAND gatebench USES_TERMINAL VERBATIM)
  else()
    add_custom_target(bench
      COMMAND ${CMAKE_COMMAND} -E echo "figures of this build would mean nothing:"
              "cmake --preset release && cmake --build --preset release --target bench"
      COMMAND ${CMAKE_COMMAND} -E false VERBATIM)
  endif()
endif()
