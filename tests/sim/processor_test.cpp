// SPDX-License-Identifier: MIT
// The processor as the toolstack and guests are told of it: its name, where its cores sit, the leaves of CPUID.
#include <asm/features.hpp>
#include <asm/policy.hpp>
#include <sim/state.hpp>
#include <xen/arch_control.hpp>

#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;
using arch::Vendor;

namespace {

// Leaves and a maker for one test.
class Processor {
public:
    explicit Processor(Vendor v) {
        start();
        arch::features.vendor = v;
    }
    ~Processor() {
        state().cpuid = leaves_;
        arch::features.vendor = vendor_;
    }
    Processor(const Processor&) = delete;
    void leaf(u32 n, u32 sub, arch::CpuidRegs r) { state().cpuid[{n, sub}] = r; }

private:
    std::map<std::pair<u32, u32>, arch::CpuidRegs> leaves_ = state().cpuid;
    Vendor vendor_ = arch::features.vendor;
};

}  // namespace

TEST_CASE("family, model and stepping, with the extensions of some families") {
    Processor p{Vendor::intel};
    p.leaf(0, 0, {0xd, 0x756e6547, 0x6c65746e, 0x49656e69});
    auto named = [&](u32 signature) {
        p.leaf(1, 0, {signature, 0, 0, 0});
        return arch::identity();
    };
    arch::Identity a = named(0x000306c3);
    CHECK((a.family == 6 && a.model == 0x3c && a.stepping == 3));
    CHECK(std::string(a.vendor, 12) == "GenuineIntel");
    arch::Identity b = named(0x00a20f12);
    CHECK((b.family == 0x19 && b.model == 0x21 && b.stepping == 2));
    arch::Identity c = named(0x00030543);
    CHECK((c.family == 5 && c.model == 4 && c.stepping == 3));
}

TEST_CASE("threads, cores and packages from the leaf that says, or from those of older processors") {
    Processor p{Vendor::intel};
    p.leaf(0, 0, {0xd, 0, 0, 0});
    p.leaf(0xb, 0, {1, 2, 0x100, 0});
    p.leaf(0xb, 1, {4, 16, 0x201, 0});
    p.leaf(0xb, 2, {0, 0, 2, 0});
    CHECK(arch::threads_per_core() == 2);
    CHECK(arch::cores_per_socket() == 8);
    CHECK(arch::topology_of(CpuId{3}).socket == 0);
    CHECK(arch::topology_of(CpuId{3}).core == 1);
    CHECK(arch::is_second_thread(CpuId{3}));
    CHECK_FALSE(arch::is_second_thread(CpuId{2}));
    p.leaf(0xb, 1, {0, 16, 0x201, 0});                        // nonsense: fewer than there are threads
    CHECK(arch::cores_per_socket() == 1);
    p.leaf(0, 0, {7, 0, 0, 0});
    p.leaf(1, 0, {0x306c3, 4 << 16, 0, 1u << 28});
    CHECK(arch::threads_per_core() == 1);
    CHECK(arch::cores_per_socket() == 4);
    p.leaf(1, 0, {0x306c3, 4 << 16, 0, 0});                   // one thread, whatever the number says
    CHECK(arch::cores_per_socket() == 1);
}

TEST_CASE("threads of AMD's cores, and the units of one family that are none") {
    Processor p{Vendor::amd};
    p.leaf(0, 0, {7, 0, 0, 0});
    p.leaf(1, 0, {0x00800f12, 8 << 16, 0, 1u << 28});
    p.leaf(0x80000000, 0, {0x8000001e, 0, 0, 0});
    p.leaf(0x80000001, 0, {0, 0, 1u << 22, 0});
    p.leaf(0x8000001e, 0, {0, 1 << 8, 0, 0});
    CHECK(arch::threads_per_core() == 2);
    CHECK(arch::cores_per_socket() == 4);
    CHECK(arch::is_second_thread(CpuId{1}));
    p.leaf(1, 0, {0x00600f20, 8 << 16, 0, 1u << 28});         // family 15h
    CHECK_FALSE(arch::is_second_thread(CpuId{1}));
    p.leaf(0x80000001, 0, {});
    CHECK(arch::threads_per_core() == 1);
    p.leaf(0x80000000, 0, {0x80000008, 0, 0, 0});
    CHECK(arch::threads_per_core() == 1);
}

TEST_CASE("the hypervisor's leaves end where the policy says") {
    Kernel k;
    auto cpuid = [&](u32 leaf, u32 sub = 0) { return policy::guest_cpuid(k.vcpu(), leaf, sub); };
    arch::CpuPolicy& p = *k.domain().arch.policy;
    for (auto [limit, last] : {std::pair<u32, u32>{0, 5}, {1, 2}, {3, 3}, {99, 5}}) {
        p.hypervisor_leaves = limit;
        CHECK(cpuid(0x40000000).a == 0x40000000 + last);
    }
    p.hypervisor_leaves = 0;
    CHECK(cpuid(0x40000003, 1).c != 0);                       // how the TSC becomes time
    CHECK(cpuid(0x40000003, 2).a > 0);                        // kHz
    CHECK(cpuid(0x40000005, 1).b == 0);
    CHECK(cpuid(p.basic[0].a + 1).a == 0);
    CHECK(cpuid(0x30000000).a == 0);
    CHECK(cpuid(0x80001000).a == 0);
    CHECK(cpuid(7, 50).b == 0);
    arch::FeatureSet f = p.features();
    f.clear(XEN_X86_FEATURE_XSAVE);
    p.set_features(f);
    CHECK(cpuid(0xd, 1).b == 0);
}

TEST_CASE("the hardware domain's kernel sees what only it is told") {
    constexpr u32 kMtrr = 1 << 12, kMonitor = 1 << 3;
    Kernel hardware{true}, guest;
    u32 there = policy::raw().basic[1].d & kMtrr;
    CHECK((policy::guest_cpuid(hardware.vcpu(), 1, 0).d & kMtrr) == there);
    CHECK((policy::guest_cpuid(guest.vcpu(), 1, 0).d & kMtrr) == 0);
    for (unsigned vector : {pv::kGeneralProtection, pv::kInvalidOpcode}) {
        hardware.regs().entry_vector = vector;
        guest.regs().entry_vector = vector;
        CHECK((policy::guest_cpuid(guest.vcpu(), 1, 0).c & kMonitor) == 0);
        CHECK((policy::guest_cpuid(hardware.vcpu(), 1, 0).c & kMonitor & ~policy::raw().basic[1].c) == 0);
    }
}

TEST_CASE("a kernel's privilege level for I/O is the architecture's, if it asked for that") {
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    auto cli = [&](bool in_kernel, u8 iopl, bool architectural) {
        k.domain().vm_assist = architectural ? u64{1} << VMASST_TYPE_architectural_iopl : 0;
        k.state().in_kernel = in_kernel;
        k.state().iopl = iopl;
        k.regs().rsp = k.top();
        k.privileged({0xfa});
        bool done = k.regs().rip != kHandler;
        k.state().in_kernel = true;
        return done;
    };
    CHECK(cli(true, 1, false));
    CHECK_FALSE(cli(true, 0, false));
    CHECK(cli(true, 0, true));
    CHECK(cli(false, 3, false));
    CHECK_FALSE(cli(false, 1, false));
    k.domain().vm_assist = 0;
}

TEST_CASE("a kernel loads the root of its tables by MOV, if it is one") {
    MappedKernel k;
    Vcpu& v = current();
    v.arch.traps[pv::kGeneralProtection] = {kEvent, arch::kGuestCs64, 0, false};
    auto load = [&](u64 value) {
        const u8 kCode[] = {0x0f, 0x22, 0xd8};                // mov %rax, %cr3
        memcpy(k.data(), kCode, sizeof(kCode));
        k.regs().rip = MappedKernel::kData;
        k.regs().rsp = MappedKernel::kData + kPageSize;
        k.regs().rax = value;
        k.regs().entry_vector = pv::kGeneralProtection;
        k.regs().error_code = 0;
        pv_exception(v, 0);
        return k.regs().rip != kEvent;
    };
    u64 root = address_of(*v.arch.guest_table).raw();
    CHECK(load(root));
    CHECK(k.advanced() == 3);
    CHECK_FALSE(load(0x3000));
    CHECK(address_of(*v.arch.guest_table).raw() == root);
}
