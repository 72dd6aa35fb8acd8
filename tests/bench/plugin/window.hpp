// SPDX-License-Identifier: MIT
// What is counted between two marks, and the best of the runs of a row.
#pragma once
#include "lines.hpp"
#include <compare>
#include <cstdint>
#include <vector>

namespace bench {

// In the order in which two runs are compared: the run with the fewest instructions is the operation itself.
struct Figures {
    std::uint64_t instructions = 0;
    std::uint64_t weights = 0;      // beyond one for each instruction
    std::uint64_t data = 0;         // lines, of physical memory
    std::uint64_t code = 0;         // lines, of virtual addresses
    std::uint64_t own = 0;          // of the instructions: the hypervisor's
    std::uint64_t own_weights = 0;
    friend auto operator<=>(const Figures&, const Figures&) = default;
};

// What a PV guest leaves to the hypervisor (public/arch-x86/xen-x86_64.h).
constexpr bool is_hypervisors(std::uint64_t address) { return address >> 43 == 0xffff800000000000 >> 43; }

struct Step {
    std::uint64_t address;
    std::uint32_t weight;
};
using Trace = std::vector<Step>;

struct Best {
    bool any = false;
    Figures figures;
    Trace trace;
    void take(const Figures& seen, const Trace& path) {
        if (any && !(seen < figures)) return;
        any = true;
        figures = seen;
        trace = path;
    }
};

class Window {
public:
    explicit Window(bool traced) : traced_{traced} {}
    bool open() const { return open_; }
    void begin() {
        open_ = true;
        figures_ = {};
        data_.clear();
        code_.clear();
        trace_.clear();
    }
    void instruction(std::uint64_t address, std::uint64_t size, std::uint32_t weight) {
        ++figures_.instructions;
        figures_.weights += weight;
        if (is_hypervisors(address)) {
            ++figures_.own;
            figures_.own_weights += weight;
        }
        code_.add(address, size);
        if (traced_ && trace_.size() < kLongest) trace_.push_back({address, weight});
    }
    // Only the hypervisor does what this is called for.
    void weigh(std::uint32_t weight) {
        figures_.weights += weight;
        figures_.own_weights += weight;
    }
    void access(std::uint64_t physical, std::uint64_t size) { data_.add(physical, size); }
    void point() {
        if (open_) point_.take(figures(), trace_);
    }
    void end() {
        if (open_) whole_.take(figures(), trace_);
        open_ = false;
    }
    const Best& whole() const { return whole_; }
    const Best& up_to_point() const { return point_; }
    // Forgets the runs: the next belong to another row.
    void forget() { whole_ = point_ = {}; }

private:
    static constexpr std::size_t kLongest = 1 << 20;    // longer traces are cut
    Figures figures() const {
        Figures all = figures_;
        all.data = data_.count();
        all.code = code_.count();
        return all;
    }

    const bool traced_;
    bool open_ = false;
    Figures figures_;
    Lines data_, code_;
    Trace trace_;
    Best whole_, point_;
};

} // namespace bench
