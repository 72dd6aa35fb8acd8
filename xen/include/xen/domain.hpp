// SPDX-License-Identifier: MIT
// A domain and its vCPUs. Created by domain::create (all subsystems build their part, or none stays), found
// by id, destroyed in steps that can yield; freed by RCU after the last DomainRef. Subsystems keep their state
// behind the pointers here; only they look inside.
#pragma once

#include <atomic>

#include <asm/domain.hpp>
#include <asm/upcall.hpp>
#include <public/xen.h>
#include <xen/cpumask.hpp>
#include <xen/heap.hpp>
#include <xen/lock.hpp>
#include <xen/numa.hpp>
#include <xen/page.hpp>
#include <xen/rcu.hpp>

#include "lib/index.hpp"
#include "lib/list.hpp"
#include "lib/result.hpp"

namespace xen {

namespace event { struct DomainEvents; struct VcpuEvents; }
namespace console { struct GuestLine; }
namespace grant { class Table; }
namespace sched { struct Unit; struct DomainSched; class Pool; }
class RangeSet;
struct Domain;

inline constexpr unsigned kMaxVcpus = 128;   // of one PV domain here

// Special ids of public/xen.h.
inline constexpr DomId kDomSelf{0x7ff0}, kDomIo{0x7ff1}, kDomXen{0x7ff2}, kDomCow{0x7ff3}, kDomInvalid{0x7ff4},
    kDomIdle{0x7fff};
inline constexpr u16 kFirstReservedDom = 0x7ff0;

struct Vcpu {
    arch::ArchVcpu arch{};             // first member: the entry code counts on it
    Domain* domain = nullptr;
    VcpuId id{};
    bool initialised = false;          // VCPUOP_initialise was done
    std::atomic<CpuId> processor{};    // CPU it runs on or last ran on
    vcpu_info* info = nullptr;         // shared with the guest: shared_load / shared_store only
    Maybe<Mfn> info_mfn{};             // registered by VCPUOP_register_vcpu_info; one writable reference
    CpuMask dirty_cpus{};              // CPUs that may hold its TLB entries or lazy state; see mm
    sched::Unit* unit = nullptr;       // run state, affinity, timers (common/sched)
    event::VcpuEvents* events = nullptr;
    u64 runstate_area = 0;             // guest address, 0 when not registered
    u64 time_area = 0;
    u64 hypercall_units = 0;           // work done since the last preemption check
    bool is_idle() const { return domain_is_idle; }
    bool domain_is_idle = false;
};

enum class Dying : u8 { alive, dying, dead };

struct Domain {
    DomId id{};
    bool is_idle = false;
    bool is_privileged = false;        // control domain: may use domctl and sysctl
    bool is_hardware = false;          // owns the machine's devices
    bool is_store = false;             // runs xenstored
    bool is_special = false;           // dom_io, dom_xen, dom_cow
    bool was_unpaused = false;         // XEN_DOMINF: creation is finished
    std::atomic<Dying> dying{Dying::alive};
    std::atomic<u32> refs{1};          // DomainRef counts; 0 frees
    u32 max_vcpus = 0;
    Array<Vcpu*> vcpus;
    xen_domain_handle_t handle{};      // UUID
    u32 create_flags = 0;              // XEN_DOMCTL_CDF_*
    u32 ssid = 0;
    u64 vm_assist = 0;
    s64 time_offset_seconds = 0;
    bool debugger_attached = false;
    u32 suspend_port = 0;                       // its own: sent on when it suspends (XEN_DOMCTL_subscribe)

    // Shutdown state; guarded by `lock`.
    Spinlock<LockRank::domain> lock;
    bool is_shutting_down = false;
    bool is_shut_down = false;
    int shutdown_code = -1;
    u32 controller_pauses = 0;

    // Memory accounting; guarded by page_lock.
    Spinlock<LockRank::page_list> page_lock;
    u32 page_list = 0;                 // head of owned frames (PageInfo links)
    u32 xenheap_list = 0;
    u32 cursor = 0;                    // of page_list: where a dying domain has come to in giving its pages up, or one that is
                                       // moved in being looked through; 0: at the end
    u64 tot_pages = 0;
    u64 max_pages = 0;
    u64 xenheap_pages = 0;
    u64 listed_pages = 0;              // on both lists; not zero holds one reference to the domain
    u64 outstanding_claims = 0;
    std::atomic<u64> paging_pages{0};

    Bitmap<numa::kMaxNodes> node_affinity{};  // empty: every node
    shared_info* shared = nullptr;     // heap page, shared with the guest
    CpuMask dirty_cpus{};              // CPUs that may hold its TLB entries; bits changed atomically

    event::DomainEvents* events = nullptr;
    grant::Table* grants = nullptr;
    sched::DomainSched* sched = nullptr;
    Bitmap<kMaxVcpus> pollers{};       // vCPUs in SCHEDOP_poll; bits changed atomically
    RangeSet* io_ports = nullptr;      // ports the domain may use
    RangeSet* io_memory = nullptr;     // frames
    RangeSet* irqs = nullptr;          // GSIs / IRQs
    struct PirqTable* pirqs = nullptr;
    Maybe<Mfn> pirq_eoi_map{};         // PHYSDEVOP_pirq_eoi_gmfn; one writable reference
    console::GuestLine* console_line = nullptr;   // what it wrote of a line (common/console)
    arch::ArchDomain arch{};

    Domain* next_in_list = nullptr;    // by id; read under RCU
    Domain* next_in_hash = nullptr;
    u8 kill_stage = 0;                 // how far domain::kill has come
    rcu::Head rcu{};

    Vcpu* vcpu(VcpuId v) const { return v.raw() < max_vcpus ? vcpus[v.raw()] : nullptr; }
    bool is_dying() const { return dying.load(std::memory_order_acquire) != Dying::alive; }
    template <class F>
    void for_each_vcpu(F f) {
        for (u32 i = 0; i < max_vcpus; ++i)
            if (vcpus[i]) f(*vcpus[i]);
    }
};

inline Vcpu& current() { return *arch::current_vcpu(); }
inline Domain& current_domain() { return *current().domain; }

// A counted reference to a live (or dying, not yet freed) domain.
class [[nodiscard]] DomainRef {
public:
    DomainRef() = default;
    static DomainRef adopt(Domain& d) { return DomainRef{&d}; }
    DomainRef(DomainRef&& o) noexcept : d_{std::exchange(o.d_, nullptr)} {}
    DomainRef& operator=(DomainRef&& o) noexcept {
        if (this != &o) {
            reset();
            d_ = std::exchange(o.d_, nullptr);
        }
        return *this;
    }
    DomainRef(const DomainRef&) = delete;
    DomainRef& operator=(const DomainRef&) = delete;
    ~DomainRef() {
        if (d_) reset();
    }
    void reset();
    Domain* leak() { return std::exchange(d_, nullptr); }
    Domain* get() const { return d_; }
    Domain& operator*() const { return *d_; }
    Domain* operator->() const { return d_; }
    explicit operator bool() const { return d_ != nullptr; }

private:
    explicit DomainRef(Domain* d) : d_{d} {}
    Domain* d_ = nullptr;
};

namespace domain {

struct CreateInfo {
    DomId id{};
    u32 max_vcpus = 1;
    u32 flags = 0;                    // XEN_DOMCTL_CDF_*
    u32 ssid = 0;
    xen_domain_handle_t handle{};
    u32 max_evtchn_port = ~0u;
    u32 max_grant_frames = 0, max_maptrack_frames = 0;   // 0: the default
    u32 grant_version = 2;
    u32 cpupool = 0;
    bool privileged = false, hardware = false;
    bool direct_map = false;          // its memory stands at the machine's addresses; the hardware domain's does in any case
    xen_arch_domainconfig arch{};
};

extern Domain* dom0;       // the first domain; nullptr until built
extern Domain* dom_io;     // owner of device and firmware frames
extern Domain* dom_xen;    // owner of hypervisor frames that guests may read (M2P, trace buffers)
extern Domain* idle;

void init();                                   // special domains; boot CPU, after the heap
Result<Domain&> create(const CreateInfo& info);  // listed, paused once
Result<Vcpu&> create_vcpu(Domain& d, VcpuId id);
Result<DomainRef> find(DomId id);              // Errno::srch
Domain* peek(DomId id);                        // not counted: good until this CPU's outermost frame (RCU); or nullptr
Result<DomainRef> find_or_self(DomId id);      // kDomSelf means the caller
DomainRef ref(Domain& d);                      // the caller knows it is live
Domain* first();                               // iteration under RCU: by id
Domain* next(const Domain& d);
Status kill(Domain& d);                        // one step of destruction; Errno::restart until done
void shutdown(Domain& d, unsigned reason);     // SHUTDOWN_*
void resume(Domain& d);                        // SHUTDOWN_suspend is over
void set_hardware_shutdown(void (*handler)(unsigned reason));  // what to do when the hardware domain shuts down
void pause(Domain& d);                         // waits until no vCPU runs
void pause_nosync(Domain& d);
void unpause(Domain& d);
Status pause_by_controller(Domain& d);
Status unpause_by_controller(Domain& d);
// The guest broke a rule where no error can be returned: it dies, the host goes on. Logs why.
[[gnu::format(printf, 2, 3)]] void crash(Domain& d, const char* why, ...);
inline bool crashed(const Domain& d) { return d.is_shutting_down; }

}  // namespace domain
}  // namespace xen
