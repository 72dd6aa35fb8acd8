// SPDX-License-Identifier: MIT
// What the processor can do, and the control registers that follow from it (SDM volume 3, 2.5; AMD APM volume 2, 3.1).
#include <asm/features.hpp>

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <xen/compiler.hpp>
#include <xen/log.hpp>

namespace xen::arch {

XEN_RO_AFTER_INIT constinit Features features{};

namespace {

constexpr u32 kMsrPat = 0x277, kMsrEfer = 0xc0000080, kMsrVmCr = 0xc0010114;
constexpr u64 kEferSce = 1 << 0, kEferNxe = 1 << 11, kEferSvme = 1 << 12;
constexpr u64 kVmCrDisabled = 1 << 4;
constexpr u64 kCr0 = 0x80050033;   // PG, AM, WP, NE, ET, MP, PE; caches on, TS clear
constexpr u64 kCr4De = 1 << 3, kCr4Mce = 1 << 6, kCr4Pge = 1 << 7, kCr4Pcide = 1 << 17, kCr4OsFxsr = 1 << 9, kCr4OsXmm = 1 << 10,
              kCr4FsGsBase = 1 << 16, kCr4OsXsave = 1 << 18, kCr4Smep = 1 << 20, kCr4Smap = 1 << 21, kCr4Pae = 1 << 5;
// x87, SSE, AVX, AVX-512 (3 parts): state that belongs to a vCPU and nothing else.
constexpr u64 kXcr0Wanted = 0xe7;

bool bit(u32 word, unsigned n) { return word >> n & 1; }

Vendor read_vendor() {
    CpuidRegs r = cpuid(0);
    if (r.b == 0x756e6547) return Vendor::intel;   // "Genu"
    if (r.b == 0x68747541) return Vendor::amd;     // "Auth"
    if (r.b == 0x6f677948) return Vendor::amd;     // "Hygo"
    return Vendor::other;
}

void read_xsave(Features& f) {
    CpuidRegs r = cpuid(0xd);
    f.xcr0 = (u64{r.d} << 32 | r.a) & kXcr0Wanted;
    CpuidRegs sub = cpuid(0xd, 1);
    f.xsaveopt = bit(sub.a, 0);
    f.xsavec = bit(sub.a, 1);
    u32 size = 576;
    for (unsigned i = 2; i < 63; ++i) {
        if (!(f.xcr0 >> i & 1)) continue;
        CpuidRegs part = cpuid(0xd, i);
        if (part.a + part.b > size) size = part.a + part.b;
    }
    f.xsave_size = size;
}

u64 wanted_cr4() {
    const Features& f = features;
    u64 v = kCr4De | kCr4Pae | kCr4Pge | kCr4OsFxsr | kCr4OsXmm;
    if (f.mce) v |= kCr4Mce;
    if (f.fsgsbase) v |= kCr4FsGsBase;
    if (f.xsave) v |= kCr4OsXsave;
    if (f.smep) v |= kCr4Smep;
    if (f.smap) v |= kCr4Smap;
    if (uses_pcid()) v |= kCr4Pcide;   // CR3's low bits are 0 as yet (SDM volume 3, 4.10.1)
    return v;
}

// APM volume 2, 15.4. ABI: with it on, SVM's instructions fault in a PV guest with #GP, as they do under Xen.
bool svm_usable() { return features.svm && !(rdmsr(kMsrVmCr) & kVmCrDisabled); }

void xsetbv(u64 v) { asm volatile("xsetbv" ::"c"(0), "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32))); }

}  // namespace

void detect_features() {
    Features& f = features;
    f.vendor = read_vendor();
    u32 highest = cpuid(0).a;
    CpuidRegs one = cpuid(1), extended = cpuid(0x80000001);
    f.sysenter = bit(one.d, 11);
    f.pat = bit(one.d, 16);
    f.mce = bit(one.d, 7);
    f.pcid = bit(one.c, 17);
    f.x2apic = bit(one.c, 21);
    f.xsave = bit(one.c, 26);
    f.page1g = bit(extended.d, 26);
    f.svm = bit(extended.c, 2);
    if (highest >= 7) {
        CpuidRegs seven = cpuid(7);
        f.fsgsbase = bit(seven.b, 0);
        f.smep = bit(seven.b, 7);
        f.invpcid = bit(seven.b, 10);
        f.smap = bit(seven.b, 20);
        f.umip = bit(seven.c, 2);
    }
    if (f.xsave && highest >= 0xd) read_xsave(f);
    if (cpuid(0x80000000).a >= 0x80000008) f.physical_bits = static_cast<u8>(cpuid(0x80000008).a);
}

void log_features() {
    const Features& f = features;
    auto word = [](bool used, const char* name) { return used ? name : ""; };
    log_info("CPU features in use:%s%s%s%s%s%s%s", word(uses_pcid(), " PCID"), word(f.smep, " SMEP"),
             word(f.smap, " SMAP"), word(f.fsgsbase, " FSGSBASE"), word(f.page1g, " 1GB-pages"),
             word(f.xsave, " XSAVE"), word(f.xsaveopt, " XSAVEOPT"));
    if (f.xsave)
        log_info("XSAVE: components %#llx, area of %u bytes", static_cast<unsigned long long>(f.xcr0), f.xsave_size);
}

void setup_cpu() {
    wrmsr(kMsrEfer, rdmsr(kMsrEfer) | kEferSce | kEferNxe | (svm_usable() ? kEferSvme : 0));
    if (features.pat) wrmsr(kMsrPat, kPatValue);
    write_cr0(kCr0);
    write_cr4(wanted_cr4());
    asm volatile("fninit");
    if (features.xsave) xsetbv(features.xcr0 & 3);
}

}  // namespace xen::arch
