// SPDX-License-Identifier: MIT
// Nodes that are in the device tree of every guest that the hypervisor builds. Pure.
#pragma once

#include <span>

#include <xen/device_tree.hpp>

#include "arch/arm/guest_build/kernel.hpp"

namespace xen::guest_build {

using device_tree::Builder;
using device_tree::Range;

struct Chosen {
    Str command_line{};
    u64 ramdisk_start = 0, ramdisk_end = 0;   // both 0: none
    FixedVector<device_tree::Property, 2> seeds{};
};
Chosen chosen_of(Str command_line, const Places& p, u64 ramdisk_bytes);
void write_chosen(Builder& out, const Chosen& c);
void write_psci(Builder& out);
// `model`: the value of their compatible property.
Bytes any_model();
void write_cpus(Builder& out, u32 vcpus, Bytes model);

// How addresses and sizes are told at the tree's root.
struct RootCells {
    usize address = 2, size = 2;
};
void write_memory(Builder& out, std::span<const Range> banks, RootCells cells);

// By which a guest finds the hypervisor.
struct Hypervisor {
    Range grants{};                       // address space for its grant table
    std::span<const Range> spaces{};      // and for pages of others
    unsigned event_ppi = 0;
    Maybe<u32> interrupt_parent{};
};
void write_hypervisor(Builder& out, const Hypervisor& h, RootCells cells);

// An interrupt as the GIC's binding tells it: PPIs count from interrupt 16 on, SPIs from 32 on; levels.
void add_ppi(device_tree::CellList& cells, unsigned ppi);
void add_spi(device_tree::CellList& cells, unsigned spi);

}  // namespace xen::guest_build
