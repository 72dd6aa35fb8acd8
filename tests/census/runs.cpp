// SPDX-License-Identifier: MIT
#include "runs.hpp"

#include "preempt.hpp"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xen/memory.hpp>
#include <xen/tlb.hpp>

namespace xen::census {
namespace {

// What the child tells; it may end at any moment.
struct Report {
    u64 at;
    bool over;
    char text[2048];
};

void tell(Report& r, const std::string& text) { snprintf(r.text, sizeof(r.text), "%s", text.c_str()); }

// Each change of the frame's descriptor.
class Watch {
public:
    void look(u64 at, const char* what) {
        if (!watched_frame || watched_frame >= max_frame.raw()) return;
        const PageInfo& p = frame_table[watched_frame];
        char text[160];
        snprintf(text, sizeof(text), "count %#llx type %#llx owner d%d stamp %u clock", static_cast<unsigned long long>(p.count.load()),
                 static_cast<unsigned long long>(p.type.load()), p.references() && p.owner() ? p.owner()->id.raw() : -1, p.tlb_stamp);
        if (last_ != text) printf("%6llu %-20s frame %llu: %s %u\n", static_cast<unsigned long long>(at), what,
                                  static_cast<unsigned long long>(watched_frame), text, tlb::clock());
        last_ = text;
    }

private:
    std::string last_{};
};

// What is wrong mostly stays wrong: who only wants to know whether it is need not look each time.
void live(const std::vector<Op>& ops, Report& r, u64 every) {
    auto world = std::make_unique<World>();
    tell(r, world->check());
    Watch watch;
    for (u64 i = 0; i < ops.size() && !r.text[0]; ++i) {
        r.at = i + 1;
        world->run(ops[i]);
        watch.look(i + 1, World::name_of(ops[i]));
        if (r.at % every == 0 || r.at == ops.size()) tell(r, world->check());
        else world->look();
    }
    if (!r.text[0]) tell(r, world->leave());
    r.over = true;
}

std::string how_it_ended(int status) {
    char text[64];
    if (WIFSIGNALED(status)) snprintf(text, sizeof(text), "crash: signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else snprintf(text, sizeof(text), "crash: exit status %d\n", WEXITSTATUS(status));
    return text;
}

constexpr time_t kPatience = 300;   // seconds

}  // namespace

u64 watched_frame;

std::vector<Op> sequence(u64 seed, u64 n) {
    Choice c{seed};
    std::vector<Op> ops;
    ops.reserve(n);
    for (u64 i = 0; i < n; ++i) ops.push_back(World::random_op(c));
    return ops;
}

Outcome run_apart(const std::vector<Op>& ops, bool quiet, u64 every) {
    static auto* r = static_cast<Report*>(mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    *r = {};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (quiet && (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))) _exit(2);
        alarm(quiet ? 20 : 600);   // an operation that does not return
        last_words = {r->text, sizeof(r->text)};
        live(ops, *r, every);
        fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    Outcome out{r->at, r->text};
    if (!r->over && out.text.empty()) out.text = how_it_ended(status);
    return out;
}

// Takes out ever smaller pieces, as long as the same rule breaks without them.
void show_shortest(std::vector<Op> ops, const Outcome& first) {
    if (first.at < ops.size() && first.rule() != "domain-left" && first.rule() != "heap-leak") ops.resize(first.at);
    Outcome last = first;
    time_t end_of_patience = ::time(nullptr) + kPatience;
    auto breaks = [&](const std::vector<Op>& tried) {
        Outcome out = run_apart(tried, true, tried.size() > 200 ? 50 : 1);
        if (out.good() || out.rule() != first.rule()) return false;
        last = out;
        return true;
    };
    for (usize piece = ops.size() / 2; piece; piece = piece > 1 ? piece / 2 : 0)
        for (usize from = 0; from < ops.size() && ::time(nullptr) < end_of_patience;) {
            std::vector<Op> fewer = ops;
            usize end = from + piece < ops.size() ? from + piece : ops.size();
            fewer.erase(fewer.begin() + static_cast<long>(from), fewer.begin() + static_cast<long>(end));
            if (breaks(fewer)) ops = fewer;
            else from = end;
        }
    if (watched_frame) run_apart(ops, false);
    printf("%zu operations are enough:\n", ops.size());
    for (const Op& op : ops)
        printf("  guest %u vcpu %u: %s (seed %#llx, yields %#x)\n", op.who / 2u, op.who % 2u, World::name_of(op),
               static_cast<unsigned long long>(op.seed), op.yields);
    printf("%s", last.text.c_str());
}

}  // namespace xen::census
