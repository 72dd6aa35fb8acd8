# SPDX-License-Identifier: MIT
# DEVICE_TREE_LIBRARY: libfdt.a of the architecture that is built. The distribution's own for x86 and for host builds;
# arm64's is downloaded and unpacked into build/cache, never installed. Its headers are the same.
if(XENITH_HOST OR XENITH_ARCH STREQUAL x86)
    find_library(DEVICE_TREE_LIBRARY libfdt.a REQUIRED)
    mark_as_advanced(DEVICE_TREE_LIBRARY)
else()
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/tools/fetch-libfdt arm64 OUTPUT_VARIABLE DEVICE_TREE_LIBRARY
        OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
