// SPDX-License-Identifier: MIT
// census world: a random life of several domains, counted after every operation; census models: every short one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "models.hpp"
#include "runs.hpp"

namespace {

using namespace xen;
using namespace xen::census;

double seconds() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Options {
    u64 operations = 1'000'000, seed = 1, life = 20'000;
    bool verbose = false, resume = false;
};

int usage() {
    fprintf(stderr,
            "census world [--operations N] [--seed N] [--life N] [--watch FRAME] [--verbose] [--resume]\n"
            "census models [--deeper N] [pages|grants|events]...\n");
    return 2;
}

bool read(int argc, char** argv, Options& o) {
    for (int i = 2; i < argc; ++i) {
        u64* number = !strcmp(argv[i], "--operations") ? &o.operations : !strcmp(argv[i], "--seed") ? &o.seed : !strcmp(argv[i], "--life") ? &o.life : !strcmp(argv[i], "--watch") ? &watched_frame : nullptr;
        if (!strcmp(argv[i], "--verbose")) o.verbose = true;
        else if (!strcmp(argv[i], "--resume")) o.resume = true;
        else if (!number || i + 1 == argc) return false;
        else *number = strtoull(argv[++i], nullptr, 0);
    }
    return o.life != 0;
}

// How many whole lives of this seed are over without a finding, kept in a file from run to run.
class Progress {
public:
    explicit Progress(const Options& o) : keep_{o.resume} {
        snprintf(path_, sizeof(path_), "build/census/world-%llu-%llu", static_cast<unsigned long long>(o.seed), static_cast<unsigned long long>(o.life));
    }
    u64 lives() const {
        unsigned long long n = 0;
        FILE* f = keep_ ? fopen(path_, "r") : nullptr;
        if (f && fscanf(f, "%llu", &n) != 1) n = 0;
        if (f) fclose(f);
        return n;
    }
    bool note(u64 lives) const {
        if (!keep_) return true;
        char fresh[80];
        snprintf(fresh, sizeof(fresh), "%s.new", path_);
        FILE* f = fopen(fresh, "w");
        if (!f) return false;
        bool good = fprintf(f, "%llu\n", static_cast<unsigned long long>(lives)) > 0;
        return !fclose(f) && good && !rename(fresh, path_);
    }

private:
    char path_[72];
    bool keep_;
};

// Each life is a process of its own: what fails can be tried again from the same beginning.
int world(const Options& o) {
    double start = seconds(), told = start;
    Progress progress{o};
    u64 before = progress.lives(), done = before * o.life, earlier = done;
    if (before) printf("%llu operations were done before\n", static_cast<unsigned long long>(earlier));
    for (u64 life = before; done < o.operations; ++life) {
        u64 seed = o.seed + life, n = o.operations - done < o.life ? o.operations - done : o.life;
        Outcome out = run_apart(sequence(seed, n), false);
        if (!out.good()) {
            printf("seed %llu, operation %llu of %llu:\n%s", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(out.at),
                   static_cast<unsigned long long>(n), out.text.c_str());
            fflush(stdout);
            show_shortest(sequence(seed, n), out);
            printf("again: tests/census/run world --seed %llu --operations %llu\n0 passed, 1 failed\n", static_cast<unsigned long long>(seed),
                   static_cast<unsigned long long>(n));
            return 1;
        }
        done += n;
        if (n == o.life && !progress.note(life + 1)) {
            printf("build/census cannot be written\n0 passed, 1 failed\n");
            return 1;
        }
        if (o.verbose || seconds() - told > 10) {
            told = seconds();
            printf("%llu operations, %.0f a second\n", static_cast<unsigned long long>(done), static_cast<double>(done - earlier) / (told - start));
            fflush(stdout);
        }
    }
    printf("%llu operations, %.0f a second: the census agrees after each\n1 passed, 0 failed\n", static_cast<unsigned long long>(done),
           static_cast<double>(done - earlier) / (seconds() - start));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && !strcmp(argv[1], "models")) return run_models(argc - 2, argv + 2);
    Options o;
    if (argc < 2 || strcmp(argv[1], "world") || !read(argc, argv, o)) return usage();
    return world(o);
}
