# SPDX-License-Identifier: MIT
# How hypervisor code is compiled: target xenith_flags carries it. Host builds use the same warnings and language.
add_library(xenith_flags INTERFACE)

target_compile_options(xenith_flags INTERFACE
    -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wpointer-arith
    $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wno-sign-conversion>
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics>
    -fno-strict-aliasing -fno-common -g
    # The same objects from every folder: builds can be compared, and ccache shares them.
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.
    # Under __XEN__ the public headers include nothing: the integer types come from here.
    $<$<COMPILE_LANGUAGE:CXX>:-include${CMAKE_SOURCE_DIR}/xen/lib/types.hpp>)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(xenith_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wthread-safety -Wno-gnu-statement-expression>)
endif()
target_compile_definitions(xenith_flags INTERFACE __XEN__ __XEN_TOOLS__)

if(XENITH_HOST)
    if(XENITH_SANITIZE)
        target_compile_options(xenith_flags INTERFACE -O1 -fno-omit-frame-pointer)
        target_compile_options(xenith_flags INTERFACE -fsanitize=${XENITH_SANITIZE} -fno-sanitize=vptr
            -fno-sanitize-recover=all)   # vptr needs RTTI
        target_link_options(xenith_flags INTERFACE -fsanitize=${XENITH_SANITIZE})
    else()   # there to run millions of operations
        target_compile_options(xenith_flags INTERFACE -O2 -fno-omit-frame-pointer)
    endif()
    if(XENITH_COVERAGE)
        target_compile_options(xenith_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
        target_link_options(xenith_flags INTERFACE -fprofile-instr-generate)
    endif()
    if(XENITH_FUZZ)
        target_compile_options(xenith_flags INTERFACE -fsanitize=fuzzer-no-link)
    endif()
else()
    target_compile_options(xenith_flags INTERFACE -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables
        -fno-unwind-tables -ffunction-sections -fdata-sections)
    if(XENITH_ARCH STREQUAL x86)
        target_compile_options(xenith_flags INTERFACE -m64 -fPIE -fno-plt -mno-red-zone -mno-mmx -mno-sse -mno-avx
            -fvisibility=hidden -fcf-protection=none
            $<$<COMPILE_LANGUAGE:CXX>:-include${CMAKE_SOURCE_DIR}/xen/arch/x86/boot/hidden.h>)
    else()
        # It runs where it is linked: without -fno-pie each global's address is read from a table.
        target_compile_options(xenith_flags INTERFACE -mno-outline-atomics -mgeneral-regs-only -fno-pie)
    endif()
    # The release image is optimised for few instructions, not size; assertions stay.
    set(CMAKE_CXX_FLAGS_RELEASE "-O2")
    set(CMAKE_CXX_FLAGS_DEBUG "-O1 -fno-omit-frame-pointer")
    set(CMAKE_ASM_FLAGS_RELEASE "")
    set(CMAKE_ASM_FLAGS_DEBUG "")
endif()
