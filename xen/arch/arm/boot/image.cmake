# SPDX-License-Identifier: MIT
# Links the image and writes it as an arm64 kernel image.
# Results in the build folder: xen (what boots), xen-syms (the same with symbols, for debuggers).
include(${CMAKE_SOURCE_DIR}/cmake/link_image.cmake)
# libz and libfdt go into the part that is given back after boot (xen.ld).
set(unpack)
if(CONFIG_COMPRESSED_KERNELS)
    include(${CMAKE_SOURCE_DIR}/cmake/unpack_libraries.cmake)
    set(unpack ${UNPACK_LIBRARIES})
endif()
link_image(${CMAKE_CURRENT_SOURCE_DIR}/arch/arm/boot/xen.ld "${unpack}" "")

add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/xen
    COMMAND ${CMAKE_OBJCOPY} -O binary ${CMAKE_BINARY_DIR}/xen-syms ${CMAKE_BINARY_DIR}/xen
    DEPENDS xen-syms VERBATIM)
# What runs before the image is where it was linked.
set(checker ${CMAKE_SOURCE_DIR}/cmake/check_position.py)
set(movable $<FILTER:$<TARGET_OBJECTS:xen_core>,INCLUDE,/efi>)
add_custom_command(OUTPUT position_checked
    COMMAND /usr/bin/python3 -B ${checker} ${CMAKE_READELF} position_checked ${movable}
    DEPENDS ${checker} xen-syms COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(image ALL DEPENDS ${CMAKE_BINARY_DIR}/xen position_checked)
