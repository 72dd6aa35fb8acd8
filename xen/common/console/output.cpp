// SPDX-License-Identifier: MIT
// Output: devices, the lock that a panic can pass, and the lines that had to wait.
#include <xen/memory.hpp>
#include <xen/event.hpp>
#include <xen/option.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include "common/console/state.hpp"
#include "lib/format.hpp"
#include "lib/words.hpp"

namespace xen::console {
namespace {

constexpr u32 kFirstRing = 64 * 1024;   // until there is an allocator
alignas(64) char first_ring[kFirstRing];

// Text that waits on its CPU; NMIs append, the CPU itself empties it.
struct Waiting {
    std::atomic<u32> used{0};
    char text[1024]{};
};
XEN_PERCPU constinit PerCpu<Waiting> waiting{};
XEN_PERCPU constinit PerCpu<u32> nmi_depth{};
std::atomic<bool> ring_news{false};

void replay(Output& o) REQUIRES(state.lock) {
    char chunk[256];
    for (u32 at = state.ring.begin(); at != state.ring.end();) {
        u32 n = state.ring.copy(at, chunk, sizeof chunk);
        o.device->write({chunk, n});
        at += n;
    }
}

void set_threshold(std::atomic<Threshold>& t, Str text, const char* option) {
    if (Maybe<Threshold> v = parse_threshold(text)) t.store(*v, std::memory_order_relaxed);
    else log_warning("%s=%.*s is no level", option, static_cast<int>(text.size()), text.data());
}

}  // namespace

constinit State state{first_ring, kFirstRing};

// A panic waits a while for the CPU that is writing, then goes on without the lock.
Session::Session() NO_THREAD_SAFETY_ANALYSIS {
    flags_ = arch::irq_save();
    u32 me = arch::cpu_id().raw() + 1;
    if (state.broken.load(std::memory_order_relaxed)) return;
    nested_ = nmi_depth.local() || state.owner.load(std::memory_order_relaxed) == me;
    if (nested_) return;
    state.lock.acquire();
    locked_ = true;
    state.owner.store(me, std::memory_order_relaxed);
}

Session::~Session() NO_THREAD_SAFETY_ANALYSIS {
    if (locked_) {
        emit_stashed();
        state.owner.store(0, std::memory_order_relaxed);
        state.lock.release();
    }
    arch::irq_restore(flags_);
}

void emit_devices(Str text) {
    for (unsigned i = 0; i < state.output_count; ++i) {
        Output& o = state.outputs[i];
        if (!o.enabled) continue;
        o.device->write(text);
        if (state.sync) o.device->flush();
    }
}

void emit(Str text) {
    state.ring.put(text);
    emit_devices(text);
    announce_ring();
}

void stash(Str text) {
    Waiting& w = waiting.local();
    u32 at = w.used.load(std::memory_order_relaxed);
    u32 room = static_cast<u32>(sizeof w.text) - at;
    u32 n = text.size() < room ? static_cast<u32>(text.size()) : room;
    memcpy(w.text + at, text.data(), n);
    w.used.store(at + n, std::memory_order_release);
    softirq::raise(softirq::Kind::console);
}

// An NMI may append while this runs: then the count changed and its text is written next.
void emit_stashed() {
    Waiting& w = waiting.local();
    u32 done = 0;
    for (u32 used = w.used.load(std::memory_order_acquire); used != done;) {
        emit({w.text + done, used - done});
        done = used;
        if (w.used.compare_exchange_strong(used, 0, std::memory_order_acq_rel)) return;
    }
}

void announce_ring() {
    if (ring_news.exchange(true, std::memory_order_relaxed)) return;
    if (!state.broken.load(std::memory_order_relaxed)) softirq::raise(softirq::Kind::console);
}

void enter_nmi() { ++nmi_depth.local(); }
void leave_nmi() { --nmi_depth.local(); }

namespace {

// Lines that NMIs left, keys that were pressed, news for the toolstack's domain.
void run_deferred() {
    run_waiting_keys();
    if (waiting.local().used.load(std::memory_order_relaxed)) {
        Session s;
    }
    if (!ring_news.load(std::memory_order_relaxed) || !domain::dom0) return;
    if (ring_news.exchange(false, std::memory_order_relaxed)) event::send_host_virq(VIRQ_CON_RING);
}

}  // namespace

void init_early() { softirq::set_handler(softirq::Kind::console, run_deferred); }

void add_device(Device& d, Str name) {
    Session s;
    if (state.output_count == kMaxDevices) return;
    Output& o = state.outputs[state.output_count++];
    o = {&d, name, false};
    if (!state.started || !has_word(option::values().console, name)) return;
    replay(o);
    o.enabled = true;
}

void remove_device(Device& d) {
    Session s;
    for (unsigned i = 0; i < state.output_count; ++i)
        if (state.outputs[i].device == &d) state.outputs[i].enabled = false;
}

void init() {
    const option::Values& v = option::values();
    set_threshold(state.host, v.loglvl, "loglvl");
    set_threshold(state.guest, v.guest_loglvl, "guest_loglvl");
    if (Maybe<TimestampMode> m = parse_timestamp_mode(v.console_timestamps)) state.timestamps = *m;
    else log_warning("console_timestamps: none, date, datems, boot or raw");
    {
        Session s;
        state.started = true;
        state.sync = v.sync_console;
        for (unsigned i = 0; i < state.output_count; ++i) {
            Output& o = state.outputs[i];
            o.enabled = has_word(v.console, o.name);
            if (o.enabled) replay(o);
        }
    }
    if (v.sync_console) log_line("Console output is synchronous.");
    init_input();
    init_keys();
    init_levels();
}

// A power of two from 16 KiB up; what does not fit into memory stays as it was.
void init_ring() {
    u64 wanted = option::values().conring_size;
    if (wanted < kFirstRing) return;
    u8 order = 4;
    while (order < 14 && (kPageSize << order) < wanted) ++order;
    auto* space = static_cast<char*>(memory::allocate_heap_pages(Order{order}));
    if (!space) return log_warning("no memory for a console ring of %llu bytes", static_cast<unsigned long long>(wanted));
    Session s;
    state.ring.move_to(space, static_cast<u32>(kPageSize << order));
}

// Chunk by chunk, so that others can write in between.
void write_again(u32 bytes) {
    char chunk[256];
    u32 at, end;
    {
        Session s;
        end = state.ring.end();
        at = state.ring.end() - state.ring.begin() > bytes ? end - bytes : state.ring.begin();
    }
    while (at != end) {
        Session s;
        u32 n = state.ring.copy(at, chunk, end - at < sizeof chunk ? end - at : static_cast<u32>(sizeof chunk));
        if (s.nested() || !n) return;
        emit_devices({chunk, n});
        at += n;
    }
}

void force_sync() {
    state.broken.store(true, std::memory_order_relaxed);
    state.sync = true;
}

void flush() {
    Session s;
    if (s.nested()) return;
    for (unsigned i = 0; i < state.output_count; ++i)
        if (state.outputs[i].enabled) state.outputs[i].device->flush();
}

bool panicking() { return state.broken.load(std::memory_order_relaxed); }

void finish_boot() {
    print_level("Std.", state.host.load(std::memory_order_relaxed));
    print_level("Guest", state.guest.load(std::memory_order_relaxed));
    switch_input_at_boot();
}

Result<u32> read_ring(GuestOut<char> to, u32 bytes, ReadRequest& request) {
    u32 at, done = 0;
    {
        Session s;
        at = request.incremental ? state.ring.start_after(request.index) : state.ring.begin();
    }
    char chunk[256];
    while (done < bytes) {
        u32 n;
        {
            Session s;
            if (state.ring.end() - at > state.ring.size()) at = state.ring.begin();
            u32 want = bytes - done < sizeof chunk ? bytes - done : static_cast<u32>(sizeof chunk);
            n = state.ring.copy(at, chunk, want);
        }
        if (!n) break;
        TRY(to.copy_array_out(chunk, done, n));
        done += n;
        at += n;
    }
    request.index = at;
    if (request.clear) {
        Session s;
        state.ring.clear_to(at);
    }
    return done;
}

}  // namespace xen::console
