# SPDX-License-Identifier: MIT
# UNPACK_LIBRARIES: the distribution's static libraries that unpack a kernel, in link order. What arm64's kernels are packed with is
# gzip.
include(${CMAKE_SOURCE_DIR}/cmake/static_library.cmake)
set(UNPACK_LIBRARIES)
if(XENITH_HOST OR XENITH_ARCH STREQUAL x86)
    static_library(UNPACK_lzma liblzma.a liblzma-dev)
    static_library(UNPACK_zstd libzstd.a libzstd-dev)
    static_library(UNPACK_lz4 liblz4.a liblz4-dev)
    list(APPEND UNPACK_LIBRARIES ${UNPACK_lzma} ${UNPACK_zstd} ${UNPACK_lz4})
endif()
static_library(UNPACK_z libz.a zlib1g-dev)
list(APPEND UNPACK_LIBRARIES ${UNPACK_z})
