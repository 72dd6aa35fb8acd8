// SPDX-License-Identifier: MIT
// A program in dom0 that sleeps for a while again and again. In each window of time (tests/guests/storm/window.hpp) it tells the
// longest time that it came late, from when its sleep was over until it ran, in counts of the TSC; and how long dom0's first
// vCPU ran, in nanoseconds.
//   pace MHZ      of the TSC; ends when it is killed
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

namespace {

constexpr unsigned kWindowShift = 30;
constexpr long kSleep = 23'000'000;   // ns

// What Linux takes at /dev/xen/privcmd, and the answer to VCPUOP_get_runstate_info (public/vcpu.h).
struct Hypercall {
    uint64_t number, arguments[5];
};
constexpr unsigned long kHypercall = _IOC(_IOC_NONE, 'P', 0, sizeof(Hypercall));
constexpr uint64_t kVcpuOp = 24, kGetRunstate = 4;
struct Runstate {
    int32_t state;
    uint64_t since, spent[4];
};

uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}

class RunTime {
public:
    RunTime() : device_{open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC)} {
        void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
        if (page != MAP_FAILED) answer_ = static_cast<Runstate*>(page);
    }
    bool read(uint64_t& nanoseconds) {
        Hypercall call{kVcpuOp, {kGetRunstate, 0, reinterpret_cast<uint64_t>(answer_), 0, 0}};
        if (!answer_ || ioctl(device_, kHypercall, &call) != 0) return false;
        nanoseconds = answer_->spent[0];
        return true;
    }

private:
    int device_;
    Runstate* answer_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    const uint64_t megahertz = argc > 1 ? strtoull(argv[1], nullptr, 10) : 0;
    RunTime time;
    uint64_t before = 0, ran = 0;
    if (!megahertz || !time.read(before)) return 1;
    uint64_t longest = 0, window = read_tsc() >> kWindowShift;
    for (;;) {
        const uint64_t due = read_tsc() + kSleep * megahertz / 1000;
        const timespec pause{0, kSleep};
        nanosleep(&pause, nullptr);
        const uint64_t now = read_tsc();
        if (now > due && now - due > longest) longest = now - due;
        if (now >> kWindowShift == window || !time.read(ran)) continue;
        printf("dom0 %llu late %llu ran %llu\n", static_cast<unsigned long long>(window), static_cast<unsigned long long>(longest),
               static_cast<unsigned long long>(ran - before));
        fflush(stdout);
        longest = 0;
        before = ran;
        window = now >> kWindowShift;
    }
}
