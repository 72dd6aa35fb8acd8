# SPDX-License-Identifier: MIT
# Links the image twice: once to learn where the functions are, once with their names in it; then wraps it for loaders.
# Results in the build folder: xen (what boots), xen-syms (the same with symbols, for debuggers).
set(boot ${CMAKE_CURRENT_SOURCE_DIR}/arch/x86/boot)
set(script ${boot}/xen.ld)
set(python /usr/bin/python3)
set(symbols_tool ${CMAKE_CURRENT_SOURCE_DIR}/common/boot/symbols.py)

add_custom_command(OUTPUT no_symbols.S COMMAND ${python} ${symbols_tool} no_symbols.S DEPENDS ${symbols_tool} VERBATIM)

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

include(${CMAKE_SOURCE_DIR}/cmake/device_tree_library.cmake)

function(xen_link target symbols)
    add_executable(${target} $<TARGET_OBJECTS:xen_core> ${symbols})
    target_link_libraries(${target} PRIVATE ${XEN_EXTRA_LIBRARIES} ${unpack} ${DEVICE_TREE_LIBRARY})
    target_link_options(${target} PRIVATE -nostdlib -static -no-pie -Wl,-T,${script} -Wl,--gc-sections -Wl,-z,noexecstack
        -Wl,--no-warn-rwx-segments -Wl,--build-id=sha1 -Wl,-z,max-page-size=4096 -Wl,--no-dynamic-linker)
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        # Clang reaches memset and its like through the GOT; GNU ld cannot shorten that at our addresses.
        target_link_options(${target} PRIVATE -Wl,--no-relax)
    endif()
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
endfunction()

xen_link(xen-first no_symbols.S)
if(CONFIG_SYMBOLS)
    add_custom_command(OUTPUT symbols.S
        COMMAND ${python} ${symbols_tool} ${CMAKE_NM} $<TARGET_FILE:xen-first> symbols.S
        DEPENDS xen-first ${symbols_tool} VERBATIM)
    xen_link(xen-syms symbols.S)
else()
    xen_link(xen-syms no_symbols.S)
endif()
set_target_properties(xen-syms PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/xen
    COMMAND ${python} ${boot}/elf32.py ${CMAKE_BINARY_DIR}/xen-syms ${CMAKE_BINARY_DIR}/xen
    DEPENDS xen-syms ${boot}/elf32.py VERBATIM)
add_custom_target(image ALL DEPENDS ${CMAKE_BINARY_DIR}/xen)
