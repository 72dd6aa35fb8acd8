// SPDX-License-Identifier: MIT
// The C library's part that a freestanding compiler expects.
#pragma once
#include "guest.hpp"

extern "C" {
void* memset(void* to, int value, std::size_t n);
void* memcpy(void* to, const void* from, std::size_t n);
void* memmove(void* to, const void* from, std::size_t n);
int memcmp(const void* a, const void* b, std::size_t n);
std::size_t strlen(const char* text);
}

bool same_text(const char* a, const char* b);
bool starts_with(const char* text, const char* prefix);
