# SPDX-License-Identifier: MIT
# generated/build_info.cpp: version strings. The date is the commit's, so that a build can be repeated.
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} log -1 --format=%h OUTPUT_VARIABLE build_revision
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} log -1 --format=%cI OUTPUT_VARIABLE build_date
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT build_revision)
    set(build_revision "unknown")
    set(build_date "unknown")
endif()
set(build_compiler "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
configure_file(${CMAKE_SOURCE_DIR}/cmake/build_info.cpp.in ${CMAKE_BINARY_DIR}/generated/build_info.cpp @ONLY)
