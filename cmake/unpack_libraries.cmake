# SPDX-License-Identifier: MIT
# UNPACK_LIBRARIES: the distribution's static libraries that unpack a kernel, in link order.
set(UNPACK_LIBRARIES)
foreach(name lzma zstd lz4 z)
    find_library(UNPACK_${name} lib${name}.a REQUIRED)
    mark_as_advanced(UNPACK_${name})
    list(APPEND UNPACK_LIBRARIES ${UNPACK_${name}})
endforeach()
