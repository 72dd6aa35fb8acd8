// SPDX-License-Identifier: MIT
// Private to common/console: the lock, the ring and the devices. Output is written with the lock held and interrupts
// off. A line that comes while this CPU itself holds the lock (from NMI, machine check, or a device that complains)
// waits in the CPU's own small buffer until the lock is free.
#pragma once

#include <atomic>

#include <xen/console.hpp>
#include <xen/lock.hpp>

#include "common/console/rate_limit.hpp"
#include "common/console/ring.hpp"
#include "common/console/threshold.hpp"
#include "common/console/timestamp.hpp"

namespace xen::console {

inline constexpr unsigned kMaxDevices = 8;

struct Output {
    Device* device = nullptr;
    Str name{};
    bool enabled = false;
};

// Each has a limit of its own: a guest's flood does not drown what the others have to say.
struct RateLimits {
    RateLimit host, control, guests;   // the hypervisor itself; what a control domain causes; what the other domains cause
};

struct State {
    Spinlock<LockRank::console, IrqRule::off> lock;
    LogRing ring;
    Output outputs[kMaxDevices]{};
    unsigned output_count = 0;
    bool started = false;                       // `console=` was read
    bool sync = false;
    // Until the options are read, everything is kept.
    std::atomic<Threshold> host{Threshold{4, 4}}, guest{Threshold{0, 2}};
    TimestampMode timestamps = TimestampMode::none;
    RateLimits rates;
    bool line_open = false;                     // the last text had no newline at its end
    u32 open_domain = 0;                        // while a line is open: 1 + the domain whose terminal wrote it, 0 for another
    std::atomic<u32> owner{0};                  // CPU that holds the lock, plus 1
    std::atomic<bool> broken{false};            // a panic writes on, whoever holds the lock
    explicit constexpr State(char* space, u32 size) : ring{space, size} {}
};
extern State state;

// Takes the console for this CPU. nested(): it had it already, or is in an NMI: nothing but stash() may be used then.
class SCOPED_CAPABILITY [[nodiscard]] Session {
public:
    Session() ACQUIRE(state.lock);
    ~Session() RELEASE();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    bool nested() const { return nested_; }

private:
    u64 flags_ = 0;
    bool nested_ = false, locked_ = false;
};

void emit(Str text) REQUIRES(state.lock);            // ring and devices
void emit_devices(Str text) REQUIRES(state.lock);    // devices only
void emit_stashed() REQUIRES(state.lock);            // what waited on this CPU
void stash(Str text);
// One message, which may have several lines, with `prefix` and the time before each.
void emit_message(Str prefix, Str text) REQUIRES(state.lock);

void announce_ring();                                 // VIRQ_CON_RING, a little later
void init_keys();
void init_levels();
void print_level(const char* whose, Threshold t);
void write_again(u32 bytes);                          // the last so many of the ring, to the devices
void init_input();
void run_waiting_keys();
void switch_input_at_boot();
Str input_target();                                   // ends in a NUL
bool press_urgent_key(char c);                        // false: not one
void print_for_guest(const Domain& d, Str text);      // a finished line of another domain's console output
void print_for_terminal(const Domain& d, Str text, bool ended);   // of a line, or the rest of one
void show_rest(Domain& d, bool ended);                // what it wrote of one; `ended`: as if it were whole

}  // namespace xen::console
