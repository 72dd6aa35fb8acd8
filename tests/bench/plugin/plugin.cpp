// SPDX-License-Identifier: MIT
// A QEMU plugin that weighs what the machine does between the benchmark guest's marks: instructions, weights of the dear
// ones, cache lines. Arguments: out=FILE, a line for each row in the guest's order; begin=reset or begin=ADDRESS, where
// the first run begins; ends=N, the first run ends with the Nth such mark, and is a row at once; trace=FILE, the addresses
// of each row's instructions and their weights; profile=FILE, how often each ran.
#include "arm64.hpp"
#include "qemu.h"
#include "weights.hpp"
#include "window.hpp"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>
#include <tuple>

extern "C" {
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int count,
                                                                char** arguments);
}

namespace {

using namespace bench;

constexpr u64 kInterruptCommand = 0xfee00300;   // the local APIC's, SDM 3A 11.6.1

struct Known {
    u64 address;
    u32 size, weight;
    Mark mark;
    bool past_the_caches;
    u64 times = 0;      // run while a window was open
};

struct State {
    std::FILE* out = nullptr;
    std::FILE* trace = nullptr;
    std::FILE* profile = nullptr;
    u64 begin = 0;
    u64 ends = 0;       // marks that are still awaited; 0: each ends a run
    Window* window = nullptr;
    decltype(&bench::classify) classify = &bench::classify;
    std::map<std::tuple<u64, u32, u32, Mark, bool>, Known> known;   // code is translated again and again
} state;

void print(const char* kind, const Best& best) {
    if (!best.any) return static_cast<void>(std::fprintf(state.out, "%s -\n", kind));
    const Figures& f = best.figures;
    std::fprintf(state.out, "%s %lu %lu %lu %lu %lu %lu\n", kind, f.instructions, f.weights, f.data, f.code, f.own, f.own_weights);
    if (!state.trace) return;
    for (const Step& step : best.trace) std::fprintf(state.trace, "%lx %u\n", step.address, step.weight);
}

// How often each instruction ran since the row before, with its weight.
void profile() {
    if (!state.profile) return;
    std::fprintf(state.profile, "row\n");
    for (auto& [key, insn] : state.known) {
        if (insn.times) std::fprintf(state.profile, "%lx %u %lu\n", insn.address, insn.weight, insn.times);
        insn.times = 0;
    }
    std::fflush(state.profile);
}

void row(const char* kind, const Best& best) {
    if (state.trace) std::fprintf(state.trace, "row\n");
    print(kind, best);
    std::fflush(state.out);
}

void executed(unsigned, void* data) {
    Known& insn = *static_cast<Known*>(data);
    if (!state.window->open()) return;
    ++insn.times;
    state.window->instruction(insn.address, insn.size, insn.weight);
}

void whole_row() {
    row("whole", state.window->whole());
    profile();
    state.window->forget();
}

void end_mark() {
    if (state.ends > 1) return static_cast<void>(--state.ends);
    state.window->end();
    if (state.ends == 1) whole_row();
    state.ends = 0;
}

// Before the instruction runs, as the time that an RDTSC gives is that before it.
void marked(unsigned cpu, void* data) {
    Window& window = *state.window;
    switch (static_cast<Known*>(data)->mark) {
    case Mark::begin: window.begin(); break;
    case Mark::point: window.point(); break;
    case Mark::end: end_mark(); break;
    case Mark::whole_row: whole_row(); break;
    case Mark::point_row: row("point", window.up_to_point()); break;
    case Mark::bare_row:
        row("bare", {});
        window.forget();
        break;
    case Mark::none: break;
    }
    executed(cpu, data);
}

void accessed(unsigned, qemu_plugin_meminfo_t info, u64 address, void*) {
    if (!state.window->open()) return;
    const qemu_plugin_hwaddr* where = qemu_plugin_get_hwaddr(info, address);
    if (!where) return;
    const u64 physical = qemu_plugin_hwaddr_phys_addr(where);
    if (!qemu_plugin_hwaddr_is_io(where))
        state.window->access(physical, u64{1} << qemu_plugin_mem_size_shift(info));
    else if (physical == kInterruptCommand && qemu_plugin_mem_is_store(info))
        state.window->weigh(kInterruptSent);
}

Known& known(qemu_plugin_insn* insn) {
    const u64 address = qemu_plugin_insn_vaddr(insn);
    const auto size = static_cast<u32>(qemu_plugin_insn_size(insn));
    const auto [heavy, marked, past] = state.classify(static_cast<const u8*>(qemu_plugin_insn_data(insn)), size);
    const Mark what = state.begin && address == state.begin ? Mark::begin : marked;
    return state.known.try_emplace({address, size, heavy, what, past}, Known{address, size, heavy, what, past}).first->second;
}

void translated(qemu_plugin_id_t, qemu_plugin_tb* block) {
    for (std::size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
        qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(block, i);
        Known& what = known(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, what.mark == Mark::none ? executed : marked, QEMU_PLUGIN_CB_NO_REGS, &what);
        if (!what.past_the_caches) qemu_plugin_register_vcpu_mem_cb(insn, accessed, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, nullptr);
    }
}

bool opened(std::FILE*& file, const char* path) {
    file = std::fopen(path, "w");
    if (!file) std::perror(path);
    return file;
}

bool take(std::string_view name, const char* value, bool& from_reset) {
    if (name == "out") return opened(state.out, value);
    if (name == "profile") return opened(state.profile, value);
    if (name == "trace") return opened(state.trace, value);
    if (name == "ends") return (state.ends = std::strtoull(value, nullptr, 0));
    if (name != "begin") return false;
    from_reset = !std::strcmp(value, "reset");
    if (!from_reset) state.begin = std::strtoull(value, nullptr, 0);
    return from_reset || state.begin;
}

} // namespace

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* machine, int count, char** arguments) {
    bool from_reset = false;
    for (int i = 0; i < count; ++i) {
        const char* equals = std::strchr(arguments[i], '=');
        if (!equals || !take({arguments[i], static_cast<std::size_t>(equals - arguments[i])}, equals + 1, from_reset)) {
            std::fprintf(stderr, "bench plugin: cannot use the argument %s\n", arguments[i]);
            return 1;
        }
    }
    if (!state.out) return 1;
    if (std::string_view{machine->target_name} == "aarch64") state.classify = &arm64::classify;
    state.window = new Window{state.trace != nullptr};
    if (from_reset) state.window->begin();
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
