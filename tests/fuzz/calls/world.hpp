// SPDX-License-Identifier: MIT
// The machine of the call fuzzer: a control domain, two guests with tables ready to be pinned, and whatever domains the
// control domain makes. One vCPU at a time makes a call or goes on with one that yielded. When the input is used up all
// domains end, and nothing may be left of them.
#pragma once

#include <public/xen.h>
#include <sim/machine.hpp>
#include <xen/domain.hpp>

#include <array>
#include <span>
#include <type_traits>

#include "../input.hpp"

namespace xen::fuzz {

constexpr unsigned kPages = 16;            // of a guest at its start; the first four are L4 to L1
constexpr u16 kControl = 1, kLastDomain = 6;
constexpr unsigned kGrantFrames = 2;
constexpr usize kAreaBytes = 32 * 1024;    // of guest memory for the arguments of one vCPU

// Who is about to call: typed choices among what there is, and sometimes what there is not.
class Caller {
public:
    Caller(Input& from, Vcpu& caller, u8* area) : in{from}, v{caller}, area_{area} {}
    Domain& domain() const { return *v.domain; }
    bool is_control() const { return domain().is_privileged; }

    u16 dom();                             // of a domain that may exist, or a special one
    u16 other();                           // of one that most likely exists
    u32 vcpu() { return in.one_in(16) ? in.take<u32>() : in.below(3); }
    u32 cpu() { return in.one_in(16) ? in.take<u32>() : in.below(5); }
    u32 port() { return in.one_in(16) ? in.take<u32>() : in.one_in(8) ? in.below(5000) : in.below(20); }
    u32 grant() { return in.one_in(16) ? in.take<u32>() : in.one_in(8) ? in.below(2048) : in.below(12); }
    u32 handle() { return in.one_in(16) ? in.take<u32>() : in.below(12); }
    u64 frame();                           // the caller's own, another's, or none
    u64 frame_of(const Domain& d);
    u64 entry();                           // machine address of a page-table entry
    u64 pte();                             // a page-table entry
    u64 va();                              // an address of the caller
    u64 number();                          // small, a power of two, near its end, or anything

    // Guest memory for a T or several, zeroed; the next call of this vCPU uses it again.
    template <class T>
    T* make(usize n = 1) {
        void* p = take_area(sizeof(T) * n);
        return static_cast<T*>(p);
    }
    // The same with bytes of the input in it, now and then.
    template <class T>
    T* noisy(usize n = 1) {
        T* p = make<T>(n);
        Bytes b = in.bytes(in.one_in(3) ? in.below(static_cast<unsigned>(sizeof(T) * n < 60000 ? sizeof(T) * n : 60000) + 1) : 0);
        std::memcpy(static_cast<void*>(p), b.data(), b.size());
        return p;
    }
    // A pointer as it is, or one that is wrong.
    template <class T>
    T* pointer(T* p) {
        if (!in.one_in(32)) return p;
        return reinterpret_cast<T*>(in.one_in(2) ? in.take<u64>() : 0);
    }
    template <class... Args>
    void call(u32 number, Args... args) {
        sim::Call c{number, {raw(args)...}};
        sim::load(c);
        called_ = true;
    }
    bool called() const { return called_; }

    Input& in;
    Vcpu& v;

private:
    template <class T>
    static u64 raw(T a) {
        if constexpr (std::is_pointer_v<T>) return reinterpret_cast<u64>(a);
        else return static_cast<u64>(a);
    }
    void* take_area(usize bytes);
    u8* area_;
    usize used_ = 0;
    bool called_ = false;
};

// One kind of call: fills in the arguments, and names the call by Caller::call(); or something a guest does by itself.
using Operation = void (*)(Caller&);
using Operations = std::span<const Operation>;

Operations event_operations();
Operations grant_operations();
Operations memory_operations();
Operations table_operations();
Operations vcpu_operations();
Operations domctl_operations();
Operations machine_operations();
Operations entry_operations();             // what is no call: memory the guest writes, exceptions, time that passes

class World {
public:
    explicit World(Input& in);
    ~World();
    World(const World&) = delete;
    void step();

private:
    void prepare(Domain& d);
    Vcpu* choose(bool control);
    Input& in_;
};

// Fails where a guest could write what it must not.
void check_tables();

}  // namespace xen::fuzz
