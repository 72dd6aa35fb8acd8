// SPDX-License-Identifier: MIT
// A machine's interrupt controller by its registers: a GICv2 (IHI 0048) or a GICv3 (IHI 0069), as they are after a firmware
// that left everything on. It holds drivers to what the manuals ask: widths, reserved registers, what may be written when,
// which CPU's frame is whose, in which order interrupts end. What breaks a rule fails the test; what the core has to say in
// its log or by a panic is kept.
#pragma once

#include <asm/gic.hpp>
#include <asm/gic_regs.hpp>
#include <asm/mmio.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gic_test {

using namespace xen;

struct Panic {
    std::string text;
};

// Where registers can be: map_device() gives addresses from here on, and those alone that were mapped may be touched.
constexpr u64 kWindow = 0x8000000, kWindowBytes = 0x10000000;
constexpr u64 kDistributor = 0x8000000, kCpuInterface = 0x8010000, kHypervisor = 0x8030000, kVirtualCpu = 0x8040000;

// A run of redistributors, in the order in which their frames lie.
struct Frames {
    u64 at = 0x80a0000;
    std::vector<u64> affinities{};
    u64 apart = 0x20000;
    bool virtual_lpis = false;
    bool last = true;             // GICR_TYPER.Last in the last one
};

struct Options {
    gic::Version version = gic::Version::v3;
    std::vector<u64> affinities{0};        // of each CPU
    std::vector<Frames> frames{};          // none: one run with all CPUs
    unsigned lines = 96, list_registers = 4, preemption_bits = 5;
    bool alone = false;                    // v2: the private target registers read as zero (one processor)
    // Faults of the hardware.
    bool distributor_hangs = false, sleeps_on = false, firmware_keeps_registers = false;
};

struct Line {
    bool enabled = true, latched = true, up = false, active = true, edge = true, group1 = false;
    u8 priority = 0x30, targets = 0xff;
    u64 router = 0x80000000;
    std::set<unsigned> senders{};           // v2, of an SGI
    bool pending() const { return latched || (!edge && up) || !senders.empty(); }
};

struct Interface {
    std::map<unsigned, Line> own{};        // 0 to 31
    bool on = false, registers = false;
    u32 mask = 0, binary_point = 7, control = 0;
    struct Running {
        unsigned irq, sender;
        u8 priority;
    };
    std::vector<Running> running{};         // by order of acknowledgement: priorities not dropped yet
    std::set<unsigned> held{};             // of these the priority was dropped, they are to be deactivated
    u32 hcr = 0x55, vmcr = 0, misr = 0;
    u64 elrsr = 0;
    std::map<unsigned, u64> lists{}, group0{}, group1{};
    // v3: its redistributor.
    u64 frame = 0;
    bool asleep = true;
    unsigned wakes_in = 0, settles_in = 0;
};

class Gic final : public sim::MmioDevice, public sim::GicRegisters {
public:
    explicit Gic(Options o);
    ~Gic() override;

    void start();                          // init() and every CPU's init_cpu()
    void on(unsigned cpu);                 // it is the one that runs
    Line& line(unsigned irq, unsigned cpu = 0);
    void raise(unsigned irq, unsigned cpu = 0);
    void lower(unsigned irq, unsigned cpu = 0);
    bool signalled(unsigned cpu);          // its IRQ line
    Interface& cpu(unsigned i) { return cpus_[i]; }
    bool enabled() const;
    std::string log() const;               // what the core had to say since this machine is there

    u64 read(usize offset, unsigned bytes) override;
    void write(usize offset, unsigned bytes, u64 v) override;
    u64 read(sim::GicRegister r, unsigned n) override;
    void write(sim::GicRegister r, unsigned n, u64 v) override;
    void publish() override { published_ = true; }

    Options options;
    std::vector<std::pair<u64, u64>> mapped;   // start and bytes
    unsigned spurious = 1023;                  // what is acknowledged when there is nothing

private:
    bool v3() const { return options.version == gic::Version::v3; }
    unsigned here() const;
    const Interface::Running* running_first(unsigned cpu) const;
    unsigned best(unsigned cpu);
    u32 acknowledge();
    void end(u32 what);
    void deactivate(u32 what);
    bool goes_to(unsigned irq, const Line& l, unsigned cpu) const;
    void send_v2(u32 v);
    void send_v3(u64 v);

    u64 bank(Interface* own, usize offset, unsigned bytes, bool write, u64 v);
    u64 bits(Interface* own, usize offset, bool write, u64 v);
    u64 distributor(usize offset, unsigned bytes, bool write, u64 v);
    u64 cpu_interface(usize offset, bool write, u64 v);
    u64 hypervisor(usize offset, bool write, u64 v);
    u64 redistributor(u64 at, unsigned bytes, bool write, u64 v);
    u64 access(usize offset, unsigned bytes, bool write, u64 v);
    u64 virtual_type() const;

    struct Frame {
        u64 at, affinity, type;
    };
    std::vector<Frame> frames_;
    std::vector<Interface> cpus_;
    std::map<unsigned, Line> shared_;
    u32 control_ = 0x13;
    unsigned settles_in_ = 0;
    bool published_ = false;
};

Gic& gic_now();
unsigned v2_target(unsigned cpu);              // the CPU's number in a GICv2: not its CpuId

// The device tree's node of a controller; what is left out of it is damaged.
struct Description {
    std::string compatible{};                              // "": the usual one
    std::vector<std::pair<u64, u64>> reg{};                // none: the usual ones
    unsigned regions = 0;                                  // #redistributor-regions, 0: not said
    u64 stride = 0;
    std::vector<u32> interrupts{1, 9, 4};
    bool marked = true;                                    // interrupt-controller
};
void describe(const Options& o, Description d = {});

}  // namespace gic_test
