// SPDX-License-Identifier: MIT
// The console: output devices behind the log, the log ring that toolstacks read, and input that three times
// Ctrl-a switches between dom0 and the hypervisor (debug keys).
#pragma once

#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

#include "lib/string.hpp"

namespace xen::console {

// An output (and maybe input) device. Callable with interrupts off, from a panic too.
class Device {
public:
    virtual void write(Str text) = 0;
    virtual void flush() {}
    virtual int poll() { return -1; }          // a received byte, or -1

protected:
    ~Device() = default;
};

void init_early();                             // ring in .bss, so that the first lines are kept
void init();                                   // levels, and the devices of `console=`: they get what the ring holds
void init_ring();                              // `conring_size=`, when there is an allocator
void finish_boot();                            // dom0 is about to run: input goes to it
void add_device(Device& d, Str name);          // used if `console=` names it
void remove_device(Device& d);
void receive(char c);                          // from a device's interrupt or poll; interrupts off, no lock held
// Around an NMI handler: its lines wait until the CPU is out of it.
void enter_nmi();
void leave_nmi();
void write_from_guest(Domain& d, Str text);    // CONSOLEIO_write
void force_sync();                             // a panic: every write is waited for, no lock holds it up
bool panicking();
void flush();                                  // until all is on the wire

// Copies ring contents for XEN_SYSCTL_readconsole.
struct ReadRequest {
    bool clear = false, incremental = false;
    u32 index = 0;
};
Result<u32> read_ring(GuestOut<char> to, u32 bytes, ReadRequest& request);

void destroy_domain(Domain& d);                // its unfinished line

// Debug keys: one letter, one line of help, a function. Runs in a softirq or in sysctl, interrupts on; urgent ones in
// the interrupt that brought the key. `*` runs all that dump.
using KeyHandler = void (*)(char key);
enum class KeyKind : u8 { dump, action, urgent };
void register_key(char key, KeyHandler handler, const char* help, KeyKind kind = KeyKind::dump);
void press_key(char key);

Result<s64> console_io(u32 cmd, u32 count, GuestInOut<char> buffer);

}  // namespace xen::console
