// SPDX-License-Identifier: MIT
// Trace records of PV guests' traps (public/trace.h, TRC_PV_ENTRY): addresses are of 64 bits.
#pragma once

#include <xen/trace.hpp>

namespace xen::pv {

inline void trace_address(u32 event, u64 address) {
    if (trace::on(event)) [[unlikely]] trace::put(event | TRC_64_FLAG, trace::low(address), trace::high(address));
}
inline void trace_addresses(u32 event, u64 a, u64 b) {
    if (trace::on(event)) [[unlikely]]
        trace::put(event | TRC_64_FLAG, trace::low(a), trace::high(a), trace::low(b), trace::high(b));
}
inline void trace_trap(u64 rip, unsigned vector, bool has_error, u32 error_code) {
    if (trace::on(TRC_PV_TRAP)) [[unlikely]]
        trace::put(TRC_PV_TRAP | TRC_64_FLAG, trace::low(rip), trace::high(rip),
                   vector | u32{has_error} << 15 | error_code << 16);
}
inline void trace_page_fault(u64 rip, u64 address, u32 error_code) {
    if (trace::on(TRC_PV_PAGE_FAULT)) [[unlikely]]
        trace::put(TRC_PV_PAGE_FAULT | TRC_64_FLAG, trace::low(rip), trace::high(rip), trace::low(address),
                   trace::high(address), error_code);
}
// A store into a page table: the entry before it, where, by whom.
inline void trace_table_store(u64 entry, u64 address, u64 rip) {
    if (trace::on(TRC_PV_PTWR_EMULATION)) [[unlikely]]
        trace::put(TRC_PV_PTWR_EMULATION | TRC_64_FLAG, trace::low(entry), trace::high(entry), trace::low(address),
                   trace::high(address), trace::low(rip), trace::high(rip));
}

}  // namespace xen::pv
