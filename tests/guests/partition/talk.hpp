// SPDX-License-Identifier: MIT
// What a guest of partitions does, on any architecture. Its command line is words: "name=N" is how it signs its lines,
// "ping=PORT" sends 100 times and waits for each answer, "pong=PORT" answers, "flood=N" writes that many lines; then it
// repeats what is typed. "quit" powers off, "crash" crashes.
#pragma once
#include "guest.hpp"

#include <public/xen.h>

// What its architecture gives.
shared_info& info();
void put(char c);                     // waits for room
void end_line();                      // it is told of as a whole
char read_char();

void send(u32 port);
void wait(u32 port);                  // until the port is pending, with upcalls masked
[[noreturn]] void shut_down(unsigned reason);

void introduce(const char* command_line, const char* ramdisk);   // "up"; `ramdisk`: its first bytes, nullptr: none
const char* option(const char* word);                            // what stands behind "word=", up to a blank; nullptr
bool same_word(const char* a, const char* b);                    // up to a blank or the end
void say(const char* text);                                      // a line with its name
void say_number(const char* text, u64 v);
[[noreturn]] void obey();
