// SPDX-License-Identifier: MIT
// Linux, Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
#include "common/image/bzimage.hpp"

#include <xen/log.hpp>

namespace xen::image {
namespace {

constexpr u64 kSetupSectors = 0x1f1, kBootFlag = 0x1fe, kMagic = 0x202, kVersion = 0x206;
constexpr u64 kPayloadOffset = 0x248, kPayloadLength = 0x24c;
constexpr u16 kBootFlagValue = 0xaa55;
constexpr u32 kHdrS = 0x53726448;
constexpr u16 kPayloadVersion = 0x208;   // the first that has payload_offset
constexpr u64 kSector = 512;
constexpr u8 kSectorsIfZero = 4;

}  // namespace

bool is_bzimage(Bytes file) {
    auto flag = read_at<u16>(file, kBootFlag);
    auto magic = read_at<u32>(file, kMagic);
    return flag && magic && flag.value() == kBootFlagValue && magic.value() == kHdrS;
}

Result<Bytes> find_payload(Bytes file) {
    auto version = read_at<u16>(file, kVersion);
    auto offset = read_at<u32>(file, kPayloadOffset);
    auto length = read_at<u32>(file, kPayloadLength);
    if (!version || !offset || !length) {
        log_error("kernel image refused: the bzImage ends inside its header, after %zu bytes: copy it again", file.size());
        return Errno::noexec;
    }
    if (version.value() < kPayloadVersion) {
        log_error("kernel image refused: the bzImage's boot protocol is %u.%02u, 2.08 is the oldest that can be unpacked: "
                  "use a newer kernel, or its vmlinux",
                  version.value() >> 8, version.value() & 0xff);
        return Errno::noexec;
    }
    u8 sectors = file[kSetupSectors] ? file[kSetupSectors] : kSectorsIfZero;
    u64 start = (u64{sectors} + 1) * kSector + offset.value();   // behind the boot sector and the set-up code
    auto payload = slice(file, start, length.value());
    if (payload && length.value()) return payload;
    log_error("kernel image refused: the bzImage's payload is %u bytes at %#lx, but the file has %zu bytes: copy it again",
              length.value(), start, file.size());
    return Errno::noexec;
}

}  // namespace xen::image
