# SPDX-License-Identifier: MIT
# link_image(SCRIPT LIBRARIES OPTIONS): links the image twice, once to learn where the functions are, once with their names in
# it: xen-syms in the build folder, for debuggers, and what the architecture makes a bootable image of.
set(python /usr/bin/python3)

include(${CMAKE_SOURCE_DIR}/cmake/device_tree_library.cmake)

function(link_image script libraries options)
    set(symbols_tool ${CMAKE_SOURCE_DIR}/xen/common/boot/symbols.py)
    function(link_once target symbols)
        add_executable(${target} $<TARGET_OBJECTS:xen_core> ${symbols})
        target_link_libraries(${target} PRIVATE ${XEN_EXTRA_LIBRARIES} ${libraries} ${DEVICE_TREE_LIBRARY})
        target_link_options(${target} PRIVATE -nostdlib -static -no-pie -Wl,-T,${script} -Wl,--gc-sections -Wl,-z,noexecstack
            -Wl,--no-warn-rwx-segments -Wl,--build-id=sha1 -Wl,-z,max-page-size=4096 ${options})
        set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
    endfunction()
    add_custom_command(OUTPUT no_symbols.S COMMAND ${python} ${symbols_tool} no_symbols.S DEPENDS ${symbols_tool} VERBATIM)
    link_once(xen-first no_symbols.S)
    if(CONFIG_SYMBOLS)
        add_custom_command(OUTPUT symbols.S
            COMMAND ${python} ${symbols_tool} ${CMAKE_NM} $<TARGET_FILE:xen-first> symbols.S
            DEPENDS xen-first ${symbols_tool} VERBATIM)
        link_once(xen-syms symbols.S)
    else()
        link_once(xen-syms no_symbols.S)
    endif()
    set_target_properties(xen-syms PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()
