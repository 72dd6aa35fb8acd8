# SPDX-License-Identifier: MIT
# Kconfig at configure time: <build>/.config, CMake variables CONFIG_*, and a header xen/config/<symbol>.hpp with each constant.
# Targets menuconfig, defconfig, savedefconfig act on this build folder's .config.
set(kconfig_python /usr/bin/python3)  # Debian's: python3-kconfiglib is installed for it
set(kconfig_script ${CMAKE_SOURCE_DIR}/tools/kconfig)
set(kconfig_env ${CMAKE_COMMAND} -E env XENITH_ARCH=${XENITH_ARCH} XENITH_BUILD=${CMAKE_BUILD_TYPE} XENITH_HOST=${XENITH_HOST})

execute_process(
    COMMAND ${kconfig_env} ${kconfig_python} ${kconfig_script} generate ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}
    RESULT_VARIABLE kconfig_failed)
if(kconfig_failed)
    message(FATAL_ERROR "Kconfig could not be read: see above (python3-kconfiglib must be installed: tools/deps)")
endif()
include(${CMAKE_BINARY_DIR}/generated/config.cmake)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_BINARY_DIR}/.config ${KCONFIG_FILES} ${kconfig_script})

foreach(command menuconfig defconfig savedefconfig)
    add_custom_target(${command}
        COMMAND ${kconfig_env} ${kconfig_python} ${kconfig_script} ${command} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}
        USES_TERMINAL VERBATIM)
endforeach()
target_include_directories(xenith_flags INTERFACE ${CMAKE_BINARY_DIR}/generated)
