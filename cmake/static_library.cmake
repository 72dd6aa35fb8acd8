# SPDX-License-Identifier: MIT
# static_library(VARIABLE FILE PACKAGE): a static library of the distribution for the architecture that is built. This machine's own
# for x86 and for host builds; arm64's is downloaded and unpacked into build/cache, never installed. Its headers are the same.
function(static_library variable file package)
    if(XENITH_HOST OR XENITH_ARCH STREQUAL x86)
        find_library(${variable} ${file} REQUIRED)
        mark_as_advanced(${variable})
    else()
        execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/fetch-library arm64 ${package} ${file} OUTPUT_VARIABLE path
            OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
        set(${variable} ${path} PARENT_SCOPE)
    endif()
endfunction()
