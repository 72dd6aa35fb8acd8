// SPDX-License-Identifier: MIT
// Scope: runs a callable when the scope ends, unless dismissed. For undoing half-done work.
#pragma once

#include <utility>

namespace xen {

template <class F>
class [[nodiscard]] Scope {
public:
    explicit Scope(F f) : f_{std::move(f)} {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() {
        if (armed_) f_();
    }
    void dismiss() { armed_ = false; }

private:
    F f_;
    bool armed_ = true;
};

}  // namespace xen
