# SPDX-License-Identifier: Apache-2.0
# sloburn_library(NAME SOURCES... DEPENDS...): one static library per folder.
add_library(sloburn_options INTERFACE)
target_compile_options(sloburn_options INTERFACE -Wall -Wextra -Werror
  # Compensated sums must round as they are written: no fused multiply-add.
  -ffp-contract=off)
target_include_directories(sloburn_options INTERFACE ${CMAKE_SOURCE_DIR})

function(sloburn_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC sloburn_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# sloburn_kernels(SOURCES...): files of loops over columns, for the compiler to vectorise. It may
# assume that nobody looks at floating-point exception flags; results stay the same to the bit.
function(sloburn_kernels)
  set_source_files_properties(${ARGN} PROPERTIES
    COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3;-fno-trapping-math>")
endfunction()

# sloburn_test(NAME SOURCES... DEPENDS...): a GoogleTest program, one ctest entry.
function(sloburn_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE SLOBURN_TESTDATA="${CMAKE_SOURCE_DIR}/testdata")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "unit;${ARG_LABELS}" TIMEOUT 300)
endfunction()
