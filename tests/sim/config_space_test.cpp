// SPDX-License-Identifier: MIT
// PCI configuration space in memory: the hardware domain maps it read-only, whatever it asks for, and its stores are
// checked before they reach the device.
#include <catch2/catch.hpp>

#include <asm/entry.hpp>
#include <asm/mm.hpp>
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/pci.hpp>
#include <xen/rangeset.hpp>

#include <memory>
#include <vector>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/config_space.hpp"
#include "drivers/pci/msi.hpp"
#include "guest.hpp"

using namespace xen;
using arch::Pte;

namespace {

constexpr u16 kSegment = 7;
constexpr u8 kDevice = 0xb0, kOurs = 0xb1;
// The window lies in the first MiB of the simulated machine, which the allocator has none of.
constexpr Mfn kDeviceFrame{kDevice}, kOursFrame{kOurs};
constexpr u64 kHandler = 0xffffffff81000000;

void make_window() {
    static bool made = false;
    if (std::exchange(made, true)) return;
    sim::start();
    pci::add_window(Paddr{0}, kSegment, 0, 0);
    pci::protect({kSegment, 0, kOurs});
    memory::protect_io(kDeviceFrame, 2);
}

// dom0's kernel on tables of its own: a page of code, and the two devices' registers.
class Kernel {
public:
    static constexpr u64 kBase = u64{1} << 39 | u64{1} << 30 | u64{1} << 21;
    static constexpr u64 kRegisters = kBase + kPageSize, kOurRegisters = kBase + 2 * kPageSize;
    static constexpr u64 kRw = Pte::kPresent | Pte::kUser | Pte::kWrite;

    Kernel()
        : domain_{(make_window(), sim::create_domain({.privileged = true}))}, v_{*domain_.vcpus[0]},
          on_{std::make_unique<sim::On>(v_)} {
        REQUIRE(domain_.io_memory->add(0, 0xff));
        for (Mfn& f : pages_) f = sim::give_page(domain_);
        for (unsigned t = 0; t < 3; ++t) table(t)[1] = Pte::make(pages_[t + 1], kRw);
        table(3)[0] = Pte::make(pages_[4], kRw);
        REQUIRE(sim::mmuext(MMUEXT_NEW_BASEPTR, pages_[0]) == 0);
        v_.arch.regs.cs = arch::kGuestCs64;
        v_.arch.regs.rsp = kBase + kPageSize;
        v_.arch.traps[pv::kPageFault] = {kHandler, arch::kGuestCs64, 0, false};
        memset(arch::direct_map(kDeviceFrame), 0, 2 * kPageSize);
        map(1, kDeviceFrame);
        map(2, kOursFrame);
    }
    ~Kernel() {
        on_.reset();
        sim::destroy_domain(domain_);
    }
    Kernel(const Kernel&) = delete;
    arch::GuestRegs& regs() { return v_.arch.regs; }
    Pte entry(unsigned i) { return table(3)[i]; }
    // Runs an instruction whose store to `address` faults.
    void store(std::vector<u8> code, u64 address) {
        memcpy(arch::direct_map(pages_[4]), code.data(), code.size());
        regs().rip = kBase;
        regs().rdi = address;
        regs().rsp = kBase + kPageSize;
        regs().entry_vector = pv::kPageFault;
        regs().error_code = pv::kErrorPresent | pv::kErrorWrite | pv::kErrorUser;
        pv_exception(v_, address);
    }
    u64 advanced() { return regs().rip - kBase; }

private:
    Pte* table(unsigned i) { return static_cast<Pte*>(arch::direct_map(pages_[i])); }
    void map(unsigned i, Mfn f) {
        u64 value = Pte::make(f, kRw).raw;
        REQUIRE(sim::hypercall(__HYPERVISOR_update_va_mapping, kBase + i * kPageSize, value, 0) == 0);
    }
    Domain& domain_;
    Vcpu& v_;
    std::unique_ptr<sim::On> on_;
    Mfn pages_[5]{Mfn{0}, Mfn{0}, Mfn{0}, Mfn{0}, Mfn{0}};
};

u32 reg(Mfn frame, u16 at) {
    u32 v;
    memcpy(&v, static_cast<u8*>(arch::direct_map(frame)) + at, sizeof v);
    return v;
}

}  // namespace

TEST_CASE("a window's frames name their devices") {
    make_window();
    REQUIRE(pci::device_behind(kDeviceFrame));
    CHECK((*pci::device_behind(kDeviceFrame) == pci::Address{kSegment, 0, kDevice}));
    CHECK((*pci::device_behind(Mfn{0xff}) == pci::Address{kSegment, 0, 0xff}));
    CHECK_FALSE(pci::device_behind(Mfn{0x100}));
}

TEST_CASE("configuration space in memory is mapped read-only") {
    Kernel k;
    CHECK(k.entry(1).mfn() == kDeviceFrame);
    CHECK_FALSE(k.entry(1).writable());
}

TEST_CASE("stores to configuration space reach the device when they may") {
    Kernel k;
    k.regs().rsi = 0x11223344;
    k.store({0x89, 0x37}, Kernel::kRegisters + 0x104);            // mov %esi, (%rdi)
    CHECK(k.advanced() == 2);
    CHECK(reg(kDeviceFrame, 0x104) == 0x11223344);
    k.store({0x66, 0x89, 0x37}, Kernel::kRegisters + 0x10a);      // mov %si, (%rdi)
    CHECK(k.advanced() == 3);
    CHECK(reg(kDeviceFrame, 0x108) == 0x33440000);
    k.store({0x40, 0x88, 0x37}, Kernel::kRegisters + 0x10d);      // mov %sil, (%rdi)
    CHECK(k.advanced() == 3);
    CHECK(reg(kDeviceFrame, 0x10c) == 0x4400);
}

TEST_CASE("stores that no driver makes stay page faults, and write nothing") {
    Kernel k;
    k.regs().rsi = 0x11223344;
    k.store({0x89, 0x37}, Kernel::kRegisters + 0x102);            // not aligned
    CHECK(k.regs().rip == kHandler);
    k.store({0x48, 0x89, 0x37}, Kernel::kRegisters + 0x100);      // eight bytes
    CHECK(k.regs().rip == kHandler);
    k.store({0x09, 0x37}, Kernel::kRegisters + 0x100);            // or %esi, (%rdi): reads first
    CHECK(k.regs().rip == kHandler);
    k.store({0x89, 0x77, 0x10}, Kernel::kRegisters + 0x100);      // mov %esi, 0x10(%rdi): it was not this one
    CHECK(k.regs().rip == kHandler);
    CHECK((reg(kDeviceFrame, 0x100) | reg(kDeviceFrame, 0x104) | reg(kDeviceFrame, 0x110)) == 0);
}

TEST_CASE("stores to a device that the hypervisor drives are dropped") {
    Kernel k;
    k.regs().rsi = 0x11223344;
    k.store({0x89, 0x37}, Kernel::kOurRegisters + 4);
    CHECK(k.advanced() == 2);
    CHECK(reg(kOursFrame, 4) == 0);
}

TEST_CASE("a domain that drives no hardware has no configuration space") {
    make_window();
    Domain& d = sim::create_domain();
    {
        sim::On on{*d.vcpus[0]};
        memset(arch::direct_map(kDeviceFrame), 0, kPageSize);
        CHECK(pv::write_device_page(d, kDeviceFrame, 0x40, 4, 1));   // dropped
        CHECK(reg(kDeviceFrame, 0x40) == 0);
        CHECK(pv::read_config_port(d, 0x80000000, 0, 4) == ~0u);
    }
    sim::destroy_domain(d);
}

TEST_CASE("a message capability in use keeps its registers") {
    make_window();
    auto* c = static_cast<u8*>(arch::direct_map(kDeviceFrame));
    memset(c, 0, kPageSize);
    c[6] = 0x10;                        // there is a list of capabilities
    c[0x34] = 0x50;
    c[0x50] = 5;                        // MSI, with 64-bit addresses and masks
    c[0x52] = 0x80, c[0x53] = 1;
    auto source = pci::MsiSource::msi({kSegment, 0, kDevice});
    REQUIRE(source);
    const pci::MsiSource& s = source.value();
    CHECK(s.may_write(0x52, 2));
    CHECK_FALSE(s.may_write(0x52, 1));
    for (u16 at : {u16{0x50}, u16{0x54}, u16{0x58}, u16{0x5c}, u16{0x60}, u16{0x64}}) CHECK_FALSE(s.may_write(at, 4));
    CHECK(s.may_write(0x4c, 4));
    CHECK(s.may_write(0x68, 4));
}
