// SPDX-License-Identifier: MIT
// Private to common/console: characters that wait for the hardware domain, and who gets the input.
#pragma once

#include "lib/result.hpp"
#include "lib/types.hpp"
#include "lib/string.hpp"

namespace xen::console {

// Three of the switch character in a row change the receiver; fewer are ordinary input. Pure.
class SwitchFilter {
public:
    struct Out {
        bool toggle = false;
        unsigned repeats = 0;   // switch characters that were ordinary input after all
        bool pass = false;      // the character itself
    };
    explicit constexpr SwitchFilter(char code = 1) : code_{code} {}   // code 0: no switching
    Out feed(char c);

private:
    char code_;
    unsigned seen_ = 0;
};
// The control character of `conswitch=`; 0 for none.
char switch_code(Str option);

// `conswitch=` while the machine runs.
Status set_switch(Str text);
usize show_switch(char* to, usize cap);

usize take_input(char* to, usize max);   // what the hardware domain reads

}  // namespace xen::console
