// SPDX-License-Identifier: MIT
// The entry of libFuzzer and of AFL++. One program holds all fuzzers; XENITH_FUZZER names the one that runs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string>

#include "common/console/state.hpp"
#include "targets.hpp"

namespace xen::fuzz {
namespace {

struct Target {
    const char* name;
    void (*run)(Input);
};
constexpr Target kTargets[] = {{"image", run_image},         {"command_line", run_command_line}, {"acpi", run_acpi},
                               {"instructions", run_instructions}, {"microcode", run_microcode}, {"cpu_policy", run_cpu_policy},
                               {"boot_info", run_boot_info}, {"device_tree", run_device_tree}, {"calls", run_calls}};

// Keeps the log to itself until there is a panic, and then says it.
class Panics final : public console::Device {
public:
    void write(Str text) override {
        last_.append(text.data(), text.size());
        if (console::panicking()) {
            fwrite(last_.data(), 1, last_.size(), stderr);
            last_.clear();
        }
        if (last_.size() > 4096) last_.erase(0, last_.size() - 2048);
    }

private:
    std::string last_;
};

void show_panics() {
    static Panics& device = *new Panics;
    console::Session s;
    console::state.outputs[0] = {&device, "stderr", true};
    console::state.output_count = 1;
    console::state.started = true;
}

const Target& chosen() {
    const char* name = getenv("XENITH_FUZZER");
    for (const Target& t : kTargets)
        if (name && !strcmp(name, t.name)) {
            show_panics();
            return t;
        }
    fprintf(stderr, "XENITH_FUZZER must be one of:");
    for (const Target& t : kTargets) fprintf(stderr, " %s", t.name);
    fprintf(stderr, "\n");
    exit(2);
}

}  // namespace

void broken(const char* rule) {
    fprintf(stderr, "broken: %s\n", rule);
    __builtin_trap();
}

}  // namespace xen::fuzz

extern "C" int LLVMFuzzerTestOneInput(const xen::u8* data, xen::usize size);
extern "C" int LLVMFuzzerTestOneInput(const xen::u8* data, xen::usize size) {
    static const xen::fuzz::Target& target = xen::fuzz::chosen();
    target.run({data, size});
    return 0;
}
