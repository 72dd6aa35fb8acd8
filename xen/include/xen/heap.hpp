// SPDX-License-Identifier: MIT
// The hypervisor's own small objects: zeroed storage, size classes over buddy pages, at most 2 MiB a block.
// Callable with interrupts on or off (not from NMI). Box<T> owns; nothing else calls the raw functions but containers.
#pragma once

#include <new>
#include <utility>

#include "lib/result.hpp"
#include "lib/types.hpp"

namespace xen {

namespace heap {
void* allocate(usize bytes, usize align = 16);  // zeroed; nullptr when memory is short
void release(void* p);                          // nullptr is fine

// What is held for blocks of one size; false behind the last size. Larger blocks (bytes 0) are whole pages.
struct Use {
    usize bytes, pages, blocks;
};
bool use_of(unsigned size_class, Use& use);
}  // namespace heap

template <class T>
class [[nodiscard]] Box {
public:
    Box() = default;
    // Builds a T; empty when memory is short.
    template <class... A>
    static Box make(A&&... a) {
        void* p = heap::allocate(sizeof(T), alignof(T));
        return p ? Box{::new (p) T(std::forward<A>(a)...)} : Box{};
    }
    template <class... A>
    static Result<Box> create(A&&... a) {
        Box b = make(std::forward<A>(a)...);
        if (!b) return Errno::nomem;
        return b;
    }
    static Box adopt(T* p) { return Box{p}; }
    Box(Box&& o) noexcept : p_{std::exchange(o.p_, nullptr)} {}
    Box& operator=(Box&& o) noexcept {
        if (this != &o) {
            reset();
            p_ = std::exchange(o.p_, nullptr);
        }
        return *this;
    }
    Box(const Box&) = delete;
    Box& operator=(const Box&) = delete;
    ~Box() { reset(); }
    void reset() {
        if (T* p = std::exchange(p_, nullptr)) {
            p->~T();
            heap::release(p);
        }
    }
    T* leak() { return std::exchange(p_, nullptr); }
    T* get() const { return p_; }
    T* operator->() const { return p_; }
    T& operator*() const { return *p_; }
    explicit operator bool() const { return p_ != nullptr; }

private:
    explicit Box(T* p) : p_{p} {}
    T* p_ = nullptr;
};

// A heap array of fixed length, value-initialised.
template <class T>
class [[nodiscard]] Array {
public:
    Array() = default;
    static Result<Array> create(usize n) {
        if (n > ~usize{0} / sizeof(T)) return Errno::nomem;
        void* p = n ? heap::allocate(n * sizeof(T), alignof(T)) : nullptr;
        if (n && !p) return Errno::nomem;
        T* items = static_cast<T*>(p);
        for (usize i = 0; i < n; ++i) ::new (static_cast<void*>(items + i)) T();
        return Array{items, n};
    }
    Array(Array&& o) noexcept : items_{std::exchange(o.items_, nullptr)}, size_{std::exchange(o.size_, 0)} {}
    Array& operator=(Array&& o) noexcept {
        if (this != &o) {
            reset();
            items_ = std::exchange(o.items_, nullptr);
            size_ = std::exchange(o.size_, 0);
        }
        return *this;
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array() { reset(); }
    void reset() {
        for (usize i = 0; i < size_; ++i) items_[i].~T();
        heap::release(std::exchange(items_, nullptr));
        size_ = 0;
    }
    usize size() const { return size_; }
    T& operator[](usize i) { return items_[i]; }
    const T& operator[](usize i) const { return items_[i]; }
    T* data() { return items_; }
    const T* data() const { return items_; }
    T* begin() { return items_; }
    T* end() { return items_ + size_; }

private:
    Array(T* items, usize n) : items_{items}, size_{n} {}
    T* items_ = nullptr;
    usize size_ = 0;
};

}  // namespace xen
