// SPDX-License-Identifier: MIT
#include "models.hpp"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preempt.hpp"

namespace xen::census {

u32 Explorer::choose(u32 n) {
    if (n <= 1) return 0;
    if (at_ == path_.size()) path_.push_back({0, n});
    return path_[at_++].value;
}

bool Explorer::next() {
    while (!path_.empty() && path_.back().value + 1 == path_.back().of) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().value;
    return true;
}

void Explorer::say(const char* what) {
    if (!room_) return;
    usize n = static_cast<usize>(snprintf(story_, room_, "  %s\n", what));
    if (n > room_) n = room_;
    story_ += n, room_ -= n;
}

namespace {

// Where a child leaves what it found, or how far it was when it crashed.
struct Report {
    unsigned long long runs;
    bool over;
    char story[4096];      // of the run under way
    char text[4096];
    char last[512];        // of an assertion that failed
};

void explore(const Model& m, unsigned depth, Report& r) {
    m.prepare();
    Explorer e;
    do {
        e.begin(r.story, sizeof(r.story));
        std::string wrong = m.run(e, depth);
        ++r.runs;
        if (wrong.empty()) continue;
        snprintf(r.text, sizeof(r.text), "%s", wrong.c_str());
        break;
    } while (e.next());
    r.over = true;
}

bool passes(const Model& m, unsigned depth) {
    static auto* r = static_cast<Report*>(mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    *r = {};
    fflush(stdout);
    if (fork() == 0) {
        last_words = {r->last, sizeof(r->last)};
        explore(m, depth, *r);
        _exit(0);
    }
    int status = 0;
    wait(&status);
    if (r->over && !r->text[0]) {
        printf("%-7s depth %u: %llu runs, the census agrees after every step (%s)\n", m.name, depth, r->runs, m.about);
        return true;
    }
    printf("%s depth %u, run %llu:\n%s%s", m.name, depth, r->runs, r->story, r->over ? r->text : r->last[0] ? r->last : "crash\n");
    return false;
}

}  // namespace

int run_models(int argc, char** argv) {
    unsigned passed = 0, failed = 0, more = 0;
    if (argc > 1 && !strcmp(argv[0], "--deeper")) {
        more = static_cast<unsigned>(atoi(argv[1]));
        argc -= 2, argv += 2;
    }
    for (const Model* m : {&kPageModel, &kGrantModel, &kEventModel}) {
        bool wanted = argc == 0;
        for (int i = 0; i < argc; ++i) wanted |= !strcmp(argv[i], m->name);
        if (wanted) ++(passes(*m, m->depth + more) ? passed : failed);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed || !passed ? 1 : 0;
}

}  // namespace xen::census
