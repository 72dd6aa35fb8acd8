// SPDX-License-Identifier: MIT
#include "common/domain/registry.hpp"

#include <xen/log.hpp>

namespace xen {

namespace domain {
namespace {

constexpr unsigned kBuckets = 64;
Spinlock<LockRank::domain_ids> lock;
Domain* buckets[kBuckets];
Domain* list;

Domain*& bucket(DomId id) { return buckets[id.raw() % kBuckets]; }
Domain* load(Domain* const& p) { return __atomic_load_n(&p, __ATOMIC_ACQUIRE); }
void store(Domain*& p, Domain* d) { __atomic_store_n(&p, d, __ATOMIC_RELEASE); }

Domain* look_up(DomId id) {
    for (Domain* d = load(bucket(id)); d; d = load(d->next_in_hash))
        if (d->id == id) return d;
    return nullptr;
}

template <class Next>
void unlink(Domain** at, Domain& d, Next next) {
    while (*at != &d) at = &next(**at);
    store(*at, next(d));
}

}  // namespace

Status enlist(Domain& d) {
    Guard g{lock};
    if (look_up(d.id)) return Errno::exist;
    Domain** at = &list;
    while (*at && (*at)->id < d.id) at = &(*at)->next_in_list;
    d.next_in_list = *at;
    store(*at, &d);
    d.next_in_hash = bucket(d.id);
    store(bucket(d.id), &d);
    return {};
}

void delist(Domain& d) {
    Guard g{lock};
    unlink(&list, d, [](Domain& x) -> Domain*& { return x.next_in_list; });
    unlink(&bucket(d.id), d, [](Domain& x) -> Domain*& { return x.next_in_hash; });
}

bool try_ref(Domain& d) {
    u32 n = d.refs.load(std::memory_order_relaxed);
    do {
        if (n == 0) return false;
    } while (!d.refs.compare_exchange_weak(n, n + 1, std::memory_order_acquire, std::memory_order_relaxed));
    return true;
}

Result<DomainRef> find(DomId id) {
    Domain* d = look_up(id);
    if (!d || !try_ref(*d)) return Errno::srch;
    return DomainRef::adopt(*d);
}

Result<DomainRef> find_or_self(DomId id) {
    return id == kDomSelf ? Result<DomainRef>{ref(current_domain())} : find(id);
}

Domain* peek(DomId id) { return look_up(id); }

DomainRef ref(Domain& d) {
    d.refs.fetch_add(1, std::memory_order_relaxed);
    return DomainRef::adopt(d);
}

Domain* first() { return load(list); }
Domain* next(const Domain& d) { return load(d.next_in_list); }

}  // namespace domain
}  // namespace xen
