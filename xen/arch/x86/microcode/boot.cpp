// SPDX-License-Identifier: MIT
// `ucode=`: a boot module's number (from the end when negative), or `scan`, which looks into every module for the archive that
// Linux's tools put before the initial ramdisk.
#include <asm/mapping.hpp>
#include <asm/pagemap.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>

#include "arch/x86/microcode/microcode.hpp"
#include "lib/words.hpp"

namespace xen::microcode {
namespace {

struct Wish {
    bool scan = false;
    Maybe<s64> module{};
};

Maybe<s64> number(Str s) {
    bool minus = s.starts_with("-");
    Str digits = minus ? s.substr(1) : s;
    s64 n = 0;
    if (digits.empty() || digits.size() > 3) return nothing;
    for (char c : digits) {
        if (c < '0' || c > '9') return nothing;
        n = n * 10 + (c - '0');
    }
    return minus ? -n : n;
}

void take_word(Wish& w, Str word) {
    if (word == Str{"scan"}) w.scan = true;
    else if (word.starts_with("scan=")) w.scan = option::boolean(word.substr(5)).value_or(false);
    else if (Maybe<s64> n = number(word)) w.module = n;
    else if (!word.empty() && !(word == Str{"no"}))
        log_warning("ucode=%.*s: neither scan nor a module's number: ignored", static_cast<int>(word.size()), word.data());
}

Wish wish_of(Str list) {
    Wish w;
    for (Str word : Words{list}) take_word(w, word);
    return w;
}

Bytes bytes_of(const BootModule& m) { return {static_cast<const u8*>(arch::direct_map(m.start)), m.bytes}; }

void use(Bytes container, const char* from) {
    Status s = update(container);
    if (s) return;
    switch (s.error()) {
    case Errno::noent: return log_info("microcode: %s has none for this processor", from);
    case Errno::exist: return log_info("microcode: %s has none newer than %#x", from, this_processor().revision);
    case Errno::inval: return log_warning("microcode: %s holds no intact container for this processor's vendor", from);
    default: return log_warning("microcode: what %s holds was not taken over: errno %u", from, static_cast<unsigned>(s.error()));
    }
}

void take_module(BootInfo& boot, s64 n) {
    s64 count = static_cast<s64>(boot.module_count);
    s64 at = n < 0 ? count + n : n;
    if (at <= 0 || at >= count)
        return log_warning("ucode=%ld: there are %ld modules, and the first is dom0's kernel: ignored", n, count);
    BootModule m = boot.modules[static_cast<usize>(at)];
    use(bytes_of(m), "the module");
    for (usize i = static_cast<usize>(at); i + 1 < boot.module_count; ++i) boot.modules[i] = boot.modules[i + 1];
    --boot.module_count;
    memory::add_free_range(frame_of(m.start), pages_for(m.bytes));
}

void scan(const BootInfo& boot) {
    Str name = archive_name(arch::features.vendor);
    for (usize i = 0; i < boot.module_count; ++i)
        if (Maybe<Bytes> file = file_in_archive(bytes_of(boot.modules[i]), name)) return use(*file, "the ramdisk");
    log_info("microcode: no module has an archive with %.*s", static_cast<int>(name.size()), name.data());
}

}  // namespace

void init(BootInfo& boot) {
    Wish w = wish_of(option::values().ucode);
    if (w.module) take_module(boot, *w.module);
    else if (w.scan) scan(boot);
}

}  // namespace xen::microcode
