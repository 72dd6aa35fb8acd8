// SPDX-License-Identifier: MIT
// Model-specific registers as a PV kernel has them: by the processor's maker, by the features of its policy, and by who it is.
#include <asm/features.hpp>
#include <asm/fpu.hpp>
#include <asm/mapping.hpp>
#include <asm/policy.hpp>
#include <sim/state.hpp>

#include "arch/x86/guest/pv/msr.hpp"
#include "control_calls.hpp"
#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;
using arch::Vendor;

namespace {

constexpr u32 kSpecCtrl = 0x48, kPredCmd = 0x49, kFlushCmd = 0x10b, kMiscFeatures = 0x140, kTscAux = 0xc0000103, kDrMask0 = 0xc0011027,
              kDrMask1 = 0xc0011019;
constexpr u64 kRefused = 0xbad;   // what no register here holds

class Model {
public:
    explicit Model(Vendor vendor, bool privileged = false) : k{privileged} { arch::features.vendor = vendor; }
    ~Model() { arch::features.vendor = outer_; }
    Model(const Model&) = delete;
    u64 read(u32 msr) {
        auto r = pv::read_msr(k.vcpu(), msr);
        if (!r) CHECK(r.error() == Errno::fault);
        return r ? r.value() : kRefused;
    }
    bool write(u32 msr, u64 value) {
        Status s = pv::write_msr(k.vcpu(), msr, value);
        if (!s) CHECK(s.error() == Errno::fault);
        return s.ok();
    }
    void give(std::initializer_list<unsigned> features) {
        arch::FeatureSet f = k.domain().arch.policy->features();
        for (unsigned n : features) f.set(n);
        k.domain().arch.policy->set_features(f);
    }
    void deny(std::initializer_list<unsigned> features) {
        arch::FeatureSet f = k.domain().arch.policy->features();
        for (unsigned n : features) f.clear(n);
        k.domain().arch.policy->set_features(f);
    }
    Kernel k;

private:
    Vendor outer_ = arch::features.vendor;
};

constexpr std::initializer_list<unsigned> kSpeculation = {
    XEN_X86_FEATURE_IBRSB, XEN_X86_FEATURE_IBRS, XEN_X86_FEATURE_IBPB, XEN_X86_FEATURE_SSBD, XEN_X86_FEATURE_AMD_SSBD, XEN_X86_FEATURE_PSFD,
    XEN_X86_FEATURE_INTEL_PSFD, XEN_X86_FEATURE_L1D_FLUSH, XEN_X86_FEATURE_ARCH_CAPS, XEN_X86_FEATURE_VIRT_SSBD};

}  // namespace

TEST_CASE("registers that every kernel may read") {
    Model m{Vendor::amd};
    CHECK(m.read(0x1b) == 0xfee00900);                        // the first vCPU is the boot processor
    CHECK(m.read(0xc0000080) == 0xd01);
    CHECK(m.read(0x277) == arch::kPatValue);
    CHECK(m.read(0x40000000) == 0);
    CHECK(m.read(0x179) == 0);
    for (u32 bank : {0x17au, 0x17bu, 0x400u, 0x47fu}) {
        CHECK(m.read(bank) == 0);                             // no machine-check bank is the guest's
        CHECK(m.write(bank, 5));
    }
    CHECK_FALSE(m.write(0x179, 0));
    u64 before = m.read(0x10);
    advance(millis(1));
    CHECK(m.read(0x10) > before);
    CHECK(m.write(0xc0000080, m.read(0xc0000080)));
    CHECK(m.write(0xc0000102, 0x1000));                       // the user's GS base
    CHECK(m.read(0xc0000102) == 0x1000);
    CHECK_FALSE(m.write(0xc0000102, u64{1} << 47));
    CHECK(m.read(0x480) == kRefused);
}

TEST_CASE("registers of one maker's processors") {
    state().set_msr(0x17, 3);
    state().set_msr(0x8b, 7);
    state().set_msr(0x1a0, 1 << 7);
    for (u32 msr : {0x1a2u, 0x1adu, 0x1aeu, 0x1afu}) state().set_msr(msr, 0x11);
    state().set_msr(0xc001001a, 0x22);
    {
        Model intel{Vendor::intel};
        CHECK(intel.read(0x17) == 3);
        CHECK(intel.read(0x8b) == 7);
        CHECK(intel.write(0x8b, 0));
        for (u32 msr : {0x1a2u, 0x1adu, 0x1aeu, 0x1afu}) CHECK(intel.read(msr) == 0x11);
        CHECK((intel.read(0x1a0) & (1 << 7 | 1 << 11)) == 1 << 11);   // no counters are shown
        CHECK(intel.write(0x1a0, 0));
        CHECK(state().msr(0x1a0) == 1 << 7);
        for (u32 counter : {0xc1u, 0xc8u, 0x186u, 0x189u, 0x309u, 0x30bu, 0x38du, 0x390u}) {
            CHECK(intel.read(counter) == 0);
            CHECK(intel.write(counter, 1));
        }
        for (u32 msr : {0xe7u, 0xe8u, 0x19au, 0x1b0u}) CHECK(intel.write(msr, 1));
        for (u32 amd : {0xc0010015u, 0xc0011029u, 0xc0010041u, 0xc0010042u, 0xc0010061u, 0xc001001au, 0xc0010000u}) {
            CHECK(intel.read(amd) == kRefused);
            CHECK_FALSE(intel.write(amd, 0));
        }
    }
    Model amd{Vendor::amd};
    CHECK(amd.read(0x17) == kRefused);
    CHECK_FALSE(amd.write(0x8b, 0));
    CHECK(amd.read(0xc0010015) == 1 << 24);
    CHECK(amd.write(0xc0010015, 0));
    CHECK(amd.read(0xc001001f) == 0);
    CHECK(amd.write(0xc001001f, 9));
    for (u32 state : {0xc0010041u, 0xc0010042u, 0xc0010061u, 0xc001006bu}) {
        CHECK(amd.read(state) == 0);
        CHECK(amd.write(state, 1));
    }
    for (u32 counter : {0xc0010000u, 0xc0010007u, 0xc0010200u, 0xc001020bu}) {
        CHECK(amd.read(counter) == 0);
        CHECK(amd.write(counter, 1));
    }
    CHECK(amd.read(0xc1) == kRefused);
    CHECK(amd.write(0xe7, 0));
    CHECK_FALSE(amd.write(0x19a, 0));
    amd.give({XEN_X86_FEATURE_LFENCE_DISPATCH});
    CHECK(amd.read(0xc0011029) == 2);
    CHECK(amd.write(0xc0011029, 0));
    amd.deny({XEN_X86_FEATURE_LFENCE_DISPATCH});
    CHECK(amd.read(0xc0011029) == 0);
    Model other{Vendor::other};
    CHECK(other.read(0xc1) == kRefused);
    CHECK_FALSE(other.write(0xe7, 0));
}

TEST_CASE("where memory lies is the hardware domain's to know") {
    for (u32 msr : {0xc0010010u, 0xc0010016u, 0xc0010019u, 0xc001001au, 0xc001001du}) state().set_msr(msr, 0x33);
    Model guest{Vendor::amd};
    Model hardware{Vendor::amd, true};
    for (u32 msr : {0xc0010010u, 0xc0010016u, 0xc0010019u, 0xc001001au, 0xc001001du}) {
        CHECK(guest.read(msr) == kRefused);
        CHECK(hardware.read(msr) == 0x33);
        CHECK_FALSE(hardware.write(msr, 0));
    }
    arch::features.vendor = Vendor::intel;
    CHECK(hardware.read(0xc001001a) == kRefused);
}

TEST_CASE("speculation control is there as far as the policy names it") {
    for (u32 msr : {kSpecCtrl, kPredCmd, kFlushCmd}) state().set_msr(msr, 0);
    Model m{Vendor::amd};
    m.deny(kSpeculation);
    for (u32 msr : {kSpecCtrl, kPredCmd, kFlushCmd}) CHECK_FALSE(m.write(msr, 1));
    CHECK(m.read(kSpecCtrl) == kRefused);
    CHECK(m.read(0x10a) == kRefused);
    CHECK(m.read(0xc001011f) == kRefused);
    m.give({XEN_X86_FEATURE_IBRS});
    CHECK(m.write(kSpecCtrl, 3));
    CHECK(m.read(kSpecCtrl) == 3);
    CHECK(state().msr(kSpecCtrl) == 3);
    CHECK_FALSE(m.write(kSpecCtrl, 4));
    CHECK_FALSE(m.write(kSpecCtrl, 0x80));
    m.give({XEN_X86_FEATURE_AMD_SSBD, XEN_X86_FEATURE_PSFD, XEN_X86_FEATURE_VIRT_SSBD});
    CHECK(m.write(kSpecCtrl, 0x87));
    CHECK(m.read(0xc001011f) == 4);
    m.deny({XEN_X86_FEATURE_IBRS, XEN_X86_FEATURE_AMD_SSBD, XEN_X86_FEATURE_PSFD});
    m.give({XEN_X86_FEATURE_IBRSB, XEN_X86_FEATURE_SSBD, XEN_X86_FEATURE_INTEL_PSFD});
    CHECK(m.write(kSpecCtrl, 0x84));
    CHECK(m.write(kSpecCtrl, 0));
    CHECK(m.write(kPredCmd, 1));
    CHECK(state().msr(kPredCmd) == 1);
    CHECK(m.write(kPredCmd, 0));
    CHECK(state().msr(kPredCmd) == 1);                        // nothing to do
    CHECK_FALSE(m.write(kPredCmd, 2));
    m.deny({XEN_X86_FEATURE_IBRSB});
    CHECK_FALSE(m.write(kPredCmd, 1));
    m.give({XEN_X86_FEATURE_IBPB, XEN_X86_FEATURE_L1D_FLUSH, XEN_X86_FEATURE_ARCH_CAPS});
    CHECK(m.write(kPredCmd, 1));
    CHECK(m.write(kFlushCmd, 1));
    CHECK(state().msr(kFlushCmd) == 1);
    CHECK(m.write(kFlushCmd, 0));
    CHECK_FALSE(m.write(kFlushCmd, 2));
    CHECK(m.read(0x10a) == m.k.domain().arch.policy->arch_caps);
}

TEST_CASE("breakpoint masks, TSC_AUX and faulting CPUID") {
    Model m{Vendor::amd};
    state().set_msr(kTscAux, 0);
    m.deny({XEN_X86_FEATURE_DBEXT, XEN_X86_FEATURE_RDTSCP, XEN_X86_FEATURE_RDPID});
    for (u32 msr : {kDrMask0, kDrMask1, kTscAux}) {
        CHECK(m.read(msr) == kRefused);
        CHECK_FALSE(m.write(msr, 1));
    }
    m.give({XEN_X86_FEATURE_RDPID});
    CHECK(m.read(kTscAux) == 0);                              // RDPID reads it
    m.give({XEN_X86_FEATURE_DBEXT, XEN_X86_FEATURE_RDTSCP});
    for (u32 msr : {kDrMask0, kDrMask1, kDrMask1 + 2, kTscAux}) {
        CHECK(m.write(msr, 0x10 + msr % 16));
        CHECK(m.read(msr) == 0x10 + msr % 16);
        CHECK_FALSE(m.write(msr, u64{1} << 32));
    }
    m.k.domain().arch.policy->platform_info = 0;
    CHECK_FALSE(m.write(kMiscFeatures, 1));
    m.k.domain().arch.policy->platform_info = u64{1} << 31;
    CHECK(m.write(kMiscFeatures, 1));
    CHECK(m.read(kMiscFeatures) == 1);
    CHECK(m.read(0xce) == u64{1} << 31);
    CHECK_FALSE(m.write(kMiscFeatures, 2));
    // CPUID of user mode faults now, that of the kernel does not.
    m.k.handle(pv::kGeneralProtection, 0);
    std::array<u8, 16> code{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    m.k.regs().rip = address(code);
    m.k.fault(pv::kInvalidOpcode);
    CHECK(m.k.regs().rip == address(code) + 7);
    m.k.user_mode();
    m.k.regs().rip = address(code);
    m.k.fault(pv::kInvalidOpcode);
    CHECK(m.k.regs().rip == kHandler);
    CHECK(m.k.word(2) == 0);                                  // #GP, at the CPUID itself
    CHECK(m.k.word(3) == address(code) + 5);
    CHECK(m.write(kMiscFeatures, 0));
}

TEST_CASE("a vCPU's registers are saved and come back") {
    Toolstack t;
    Vcpu& v = *t.guest.vcpus[1];
    arch::FeatureSet f = t.guest.arch.policy->features();
    for (unsigned n : {XEN_X86_FEATURE_IBRSB, XEN_X86_FEATURE_DBEXT, XEN_X86_FEATURE_RDTSCP}) f.set(n);
    t.guest.arch.policy->set_features(f);
    t.guest.arch.policy->platform_info = u64{1} << 31;
    xen_domctl_vcpu_msr_t list[8] = {{kSpecCtrl, 0, 3}, {kMiscFeatures, 0, 1}, {kTscAux, 0, 9}, {kDrMask0, 0, 0x40}};
    xen_domctl op = t.about(XEN_DOMCTL_set_vcpu_msrs);
    auto set = [&](u32 count) {
        op.cmd = XEN_DOMCTL_set_vcpu_msrs;
        op.u.vcpu_msrs = {};
        op.u.vcpu_msrs.vcpu = 1, op.u.vcpu_msrs.msr_count = count, op.u.vcpu_msrs.msrs.p = list;
        return t.run(op);
    };
    auto get = [&](u32 room, xen_domctl_vcpu_msr_t* to) {
        op.cmd = XEN_DOMCTL_get_vcpu_msrs;
        op.u.vcpu_msrs = {};
        op.u.vcpu_msrs.vcpu = 1, op.u.vcpu_msrs.msr_count = room, op.u.vcpu_msrs.msrs.p = to;
        return t.run(op);
    };
    CHECK(set(4) == 0);
    CHECK((v.arch.msrs->spec_ctrl == 3 && v.arch.msrs->cpuid_faulting && v.arch.msrs->tsc_aux == 9));
    CHECK(get(0, nullptr) == 0);
    CHECK(op.u.vcpu_msrs.msr_count == 7);
    xen_domctl_vcpu_msr_t back[8]{};
    CHECK(get(8, back) == 0);
    REQUIRE(op.u.vcpu_msrs.msr_count == 4);
    for (unsigned i = 0; i < 4; ++i) CHECK((back[i].index == list[i].index && back[i].value == list[i].value));
    CHECK(get(2, back) == -ENOBUFS);
    // Each value that cannot be is refused, and the count says which it was.
    const xen_domctl_vcpu_msr_t kBad[] = {{kSpecCtrl, 0, 0x100}, {kMiscFeatures, 0, 2},  {kTscAux, 0, u64{1} << 32}, {kDrMask1, 0, u64{1} << 32},
                                          {kSpecCtrl, 1, 0},     {0xc0000080, 0, 0xd01}};
    for (const auto& bad : kBad) {
        list[1] = bad;
        CHECK(set(3) == -EINVAL);
        CHECK(op.u.vcpu_msrs.msr_count == 1);
    }
    list[1] = {kMiscFeatures, 0, 1};
    t.guest.arch.policy->platform_info = 0;
    CHECK(set(2) == -EINVAL);
    f.clear(XEN_X86_FEATURE_DBEXT);
    t.guest.arch.policy->set_features(f);
    list[1] = {kDrMask0, 0, 1};
    CHECK(set(2) == -EINVAL);
    CHECK(get(8, back) == 0);
    CHECK(op.u.vcpu_msrs.msr_count == 3);
    op.u.vcpu_msrs.vcpu = 9;
    CHECK(t.run(op) == -ESRCH);
    *v.arch.msrs = {};
}

TEST_CASE("a vCPU's extended state is saved and comes back") {
    sim::start();
    u64 outer = std::exchange(arch::features.xcr0, u64{7});
    Toolstack t;
    Vcpu& v = *t.guest.vcpus[1];
    xen_domctl op = t.about(XEN_DOMCTL_getvcpuextstate);
    auto& x = op.u.vcpuextstate;
    auto ask = [&](u32 cmd, u64 mask, u64 size, u8* buffer) {
        op.cmd = cmd;
        x.vcpu = 1, x.xfeature_mask = mask, x.size = size, x.buffer.p = reinterpret_cast<u64*>(buffer);
        return t.run(op);
    };
    CHECK(ask(XEN_DOMCTL_getvcpuextstate, 0, 0, nullptr) == 0);
    CHECK(x.xfeature_mask == 7);
    u64 most = x.size;
    CHECK(most > 16 + 512);
    std::vector<u8> image(static_cast<usize>(most) + 64);
    auto* words = reinterpret_cast<u64*>(image.data());
    CHECK(ask(XEN_DOMCTL_getvcpuextstate, 7, most, image.data()) == 0);
    u64 now = x.size;
    CHECK(words[0] == v.arch.fpu->xcr0);
    CHECK(words[1] == v.arch.fpu->xcr0_accum);
    CHECK(ask(XEN_DOMCTL_getvcpuextstate, 3, most, image.data()) == -EINVAL);
    if (now > 16) CHECK(ask(XEN_DOMCTL_getvcpuextstate, 7, now - 1, image.data()) == -EINVAL);

    auto set = [&](u64 xcr0, u64 accumulated, u64 size) {
        words[0] = xcr0, words[1] = accumulated;
        return ask(XEN_DOMCTL_setvcpuextstate, 7, size, image.data());
    };
    std::fill(image.begin(), image.end(), u8{0});
    CHECK(set(0, 0, 16) == 0);                               // none: nothing changes
    CHECK(set(1, 0, 16) == -EINVAL);
    CHECK(set(7, 7, 15) == -EINVAL);
    CHECK(set(7, 7, most + 1) == -EINVAL);
    CHECK(set(7, 7, most - 8) == -EINVAL);
    CHECK(set(7, 15, most) == -EINVAL);                      // what the machine has not
    for (u64 xcr0 : {u64{8}, u64{6}, u64{5}}) CHECK(set(xcr0, 7, most) == -EINVAL);
    words[(16 + 512) / 8] = 8;                               // a component that was never on
    CHECK(set(7, 7, most) == -EINVAL);
    words[(16 + 512) / 8] = 3, words[(16 + 512) / 8 + 1] = 1;   // the compacted format
    CHECK(set(7, 7, most) == -EINVAL);
    words[(16 + 512) / 8 + 1] = 0;
    u64 legacy = 16 + 576;                                   // x87 and SSE
    image[16 + 100] = 0x5a;
    CHECK(set(1, 3, legacy) == 0);
    CHECK((v.arch.fpu->xcr0 == 1 && v.arch.fpu->xcr0_accum == 3));
    CHECK(v.arch.fpu->area[100] == 0x5a);
    arch::features.xcr0 = outer;
}
