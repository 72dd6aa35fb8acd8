// SPDX-License-Identifier: MIT
// The console's and the store's pages, which dom0's daemons read.
#pragma once
#include "guest.hpp"

// A line of text for the console's log.
class Line {
public:
    Line& operator<<(const char* text);
    Line& operator<<(u64 number);
    // Ends the line and puts it into the ring; waits for room, but not for ever.
    void send();

private:
    char text_[160];
    u32 used_ = 0;
};

void map_rings();
u32 console_room();
// As much as there is room for; how much that was.
u32 put_console(const char* text, u32 length);
// One request to the store, if there is room; answers are thrown away.
bool ask_store(u32 type, const char* payload, u32 length);
u32 console_port();
u32 store_port();
// Gives up the CPU for so many nanoseconds.
void nap(u64 nanoseconds);
