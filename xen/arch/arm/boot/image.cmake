# SPDX-License-Identifier: MIT
# Links the image twice: once to learn where the functions are, once with their names in it; then writes it as an arm64 kernel
# image. Results in the build folder: xen (what boots), xen-syms (the same with symbols, for debuggers).
set(boot ${CMAKE_CURRENT_SOURCE_DIR}/arch/arm/boot)
set(script ${boot}/xen.ld)
set(python /usr/bin/python3)
set(symbols_tool ${CMAKE_CURRENT_SOURCE_DIR}/common/boot/symbols.py)

include(${CMAKE_SOURCE_DIR}/cmake/device_tree_library.cmake)

add_custom_command(OUTPUT no_symbols.S COMMAND ${python} ${symbols_tool} no_symbols.S DEPENDS ${symbols_tool} VERBATIM)

function(xen_link target symbols)
    add_executable(${target} $<TARGET_OBJECTS:xen_core> ${symbols})
    target_link_libraries(${target} PRIVATE ${XEN_EXTRA_LIBRARIES} ${DEVICE_TREE_LIBRARY})
    target_link_options(${target} PRIVATE -nostdlib -static -no-pie -Wl,-T,${script} -Wl,--gc-sections -Wl,-z,noexecstack
        -Wl,--no-warn-rwx-segments -Wl,--build-id=sha1 -Wl,-z,max-page-size=4096)
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
    COMMAND ${CMAKE_OBJCOPY} -O binary ${CMAKE_BINARY_DIR}/xen-syms ${CMAKE_BINARY_DIR}/xen
    DEPENDS xen-syms VERBATIM)
add_custom_target(image ALL DEPENDS ${CMAKE_BINARY_DIR}/xen)
