# SPDX-License-Identifier: MIT
# Links the image and wraps it for loaders.
# Results in the build folder: xen (what boots), xen-syms (the same with symbols, for debuggers).
set(boot ${CMAKE_CURRENT_SOURCE_DIR}/arch/x86/boot)

# liblzma, libzstd, liblz4, libz and libfdt go into the part that is given back after boot (xen.ld). libzstd's decoders of formats
# from before 1.0 are left out.
set(unpack)
if(CONFIG_COMPRESSED_KERNELS)
    include(${CMAKE_SOURCE_DIR}/cmake/unpack_libraries.cmake)
    set(unpack ${UNPACK_LIBRARIES})
    foreach(v 5 6 7)
        foreach(part ZSTDv0@_createDCtx ZSTDv0@_freeDCtx ZSTDv0@_decompress_usingDict ZSTDv0@_findFrameSizeInfoLegacy
                ZSTDv0@_getFrameParams ZBUFFv0@_createDCtx ZBUFFv0@_freeDCtx ZBUFFv0@_decompressContinue
                ZBUFFv0@_decompressInitDictionary)
            string(REPLACE @ ${v} part ${part})
            list(APPEND unpack -Wl,--defsym=${part}=unpack_library_part_absent)
        endforeach()
    endforeach()
endif()

set(options -Wl,--no-dynamic-linker)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    # Clang reaches memset and its like through the GOT; GNU ld cannot shorten that at our addresses.
    list(APPEND options -Wl,--no-relax)
endif()
include(${CMAKE_SOURCE_DIR}/cmake/link_image.cmake)
link_image(${boot}/xen.ld "${unpack}" "${options}")

add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/xen
    COMMAND ${python} ${boot}/elf32.py ${CMAKE_BINARY_DIR}/xen-syms ${CMAKE_BINARY_DIR}/xen
    DEPENDS xen-syms ${boot}/elf32.py VERBATIM)
add_custom_target(image ALL DEPENDS ${CMAKE_BINARY_DIR}/xen)
