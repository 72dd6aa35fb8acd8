// SPDX-License-Identifier: MIT
// What the decoders' libraries ask of a C library, in the image only. They get their memory from an arena; the plain
// allocation functions are named by parts of them that are never reached.
#include <xen/assert.hpp>

#include "lib/types.hpp"

extern "C" {
void* malloc(std::size_t);
void* calloc(std::size_t, std::size_t);
void free(void*);
[[noreturn]] void unpack_library_part_absent();
unsigned long long ZSTD_trace_decompress_begin(const void*);
void ZSTD_trace_decompress_end(unsigned long long, const void*);

void* malloc(std::size_t) { return nullptr; }
void* calloc(std::size_t, std::size_t) { return nullptr; }
void free(void*) {}
// libzstd's hooks for tracing are weak, but no address is near enough to be none. Nothing is traced: 0.
unsigned long long ZSTD_trace_decompress_begin(const void*) { return 0; }
void ZSTD_trace_decompress_end(unsigned long long, const void*) {}
// In place of the parts that image.cmake leaves out.
void unpack_library_part_absent() { xen::panic("a left-out part of an unpacking library was called"); }
}
