// SPDX-License-Identifier: MIT
// Domains that are described to the hypervisor and start with it, beside dom0 or without one: the children of /chosen
// with compatible "xen,domain", as Xen 4.17 and its successors read them. docs/partitions.md has the description.
// read() is pure; start() runs on the boot CPU, once, when every subsystem is up and dom0, if any, is built.
#pragma once

#include <span>

#include <xen/boot_info.hpp>
#include <xen/cpumask.hpp>
#include <xen/device_tree.hpp>
#include <xen/heap.hpp>

namespace xen {
struct Domain;
}

namespace xen::partition {

using device_tree::Range;

inline constexpr usize kMaxPartitions = 32, kMaxBanks = 8, kMaxShared = 8, kMaxChannels = 32, kMaxPinned = 64;
inline constexpr u32 kMostPort = 4095;             // of the event ABI that every guest has
inline constexpr u16 kDom0 = 0;                    // in Channel::peer; partitions count from 1, as their domain ids do

struct SharedMemory {
    Str id{};
    Maybe<u64> host{};                             // machine address; nothing: anywhere
    u64 guest = 0, bytes = 0;
    bool owner = false;
    bool placed = false;                           // it has its memory: `host` is known
};

struct Channel {
    u32 port = 0;
    u16 peer = 0;
    u32 peer_port = 0;
};

struct Pinned {
    u32 vcpu = 0;
    CpuMask cpus{};
};

struct Description {
    Str name{};                                    // of its node
    device_tree::Node node{};
    u64 pages = 0;
    u32 vcpus = 0;
    Range kernel{}, ramdisk{}, devices{};          // machine memory; bytes 0: none. devices: a partial device tree
    Str bootargs{};
    bool vpl011 = false, direct_map = false;
    bool enhanced = false, store = false;          // told of the hypervisor; has a channel to the store
    Maybe<u32> spis{};
    FixedVector<Range, kMaxBanks> static_memory{};
    FixedVector<SharedMemory, kMaxShared> shared{};
    FixedVector<Channel, kMaxChannels> channels{};
    FixedVector<Pinned, kMaxPinned> pinned{};
};

// What the machine offers to them.
struct Machine {
    std::span<const BootModule> modules{};         // what `module-index` counts
    std::span<const Range> taken{};                // the hypervisor's own memory and dom0's modules
    u32 max_vcpus = 1;
    u32 cpus = 1;
    bool dom0 = false;
    bool store = false;                            // dom0 can set a store up for them
    bool placed_memory = false;                    // xen,static-mem, shared memory
    bool direct_map = false;                       // memory at the machine's addresses
    bool devices = false;                          // devices of the machine by a partial tree
    Paddr image{};                                 // where the hypervisor lies: address space that no domain uses
};

// How many domains the tree describes; pure.
usize described(const device_tree::Tree& tree);

// Each mistake is logged: the node, the property, what is expected there. Errno::inval: there were some; Errno::noent: no
// domain is described. The tree must outlive the result.
Result<Array<Description>> read(const device_tree::Tree& tree, const Machine& machine);

// Memory that a description claims before anybody reads it as a whole: modules of its domains, static and shared memory.
// The boot code keeps it out of the heap. False: more than there is room for.
using ClaimedMemory = FixedVector<Range, 128>;
bool claimed_memory(const device_tree::Tree& tree, ClaimedMemory& out);

// Builds what is described, every domain paused; release() lets them run. Errors are logged with their cause.
Status start(Bytes description, Machine machine);
void release();
usize count();

}  // namespace xen::partition
