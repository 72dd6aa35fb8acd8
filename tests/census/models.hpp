// SPDX-License-Identifier: MIT
// Small models, exhausted: every short sequence of operations and, where a hypercall asks whether it should yield, both
// answers and every vCPU that may go on. A run makes its choices by asking choose(); the next run makes the next ones.
#pragma once

#include <string>
#include <vector>

#include "lib/types.hpp"

namespace xen::census {

class Explorer {
public:
    u32 choose(u32 n);                 // 0 to n - 1
    bool next();                       // to the next run; false: that was the last
    // What is happening, for the report of a failure.
    void say(const char* what);
    void begin(char* story, usize size) { at_ = 0, story_ = story, room_ = size, story_[0] = 0; }

private:
    struct Choice {
        u32 value, of;
    };
    std::vector<Choice> path_{};
    usize at_ = 0;
    char* story_ = nullptr;            // outlives a crash
    usize room_ = 0;
};

// One run of a model: what it found wrong, or nothing.
struct Model {
    const char* name;
    const char* about;
    void (*prepare)();
    std::string (*run)(Explorer& e, unsigned depth);
    unsigned depth;                    // that tests/run can afford
};

extern const Model kPageModel, kGrantModel, kEventModel;

int run_models(int argc, char** argv);

}  // namespace xen::census
