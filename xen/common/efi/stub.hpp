// SPDX-License-Identifier: MIT
// The hypervisor as an EFI application: finds the device tree and, where nobody loaded dom0, the files that the configuration names;
// then ends boot services. Runs where firmware put the image, not where it is linked: its code and what it calls may use no
// address that the linker wrote into data (cmake/check_position.py looks at that).
#pragma once

#include "common/efi/config.hpp"
#include "common/efi/handover.hpp"
#include "lib/bytes.hpp"
#include "lib/result.hpp"

namespace xen::efi {

class Stub {
public:
    Stub(Handle image, const SystemTable& system) : image_{image}, system_{system}, boot_{*system.boot} {}

    // What is to be booted. An error has been told on firmware's console.
    Status prepare(Handover& out);
    Piece tree() const { return tree_; }
    Result<u64> allocate(Memory kind, u64 bytes);
    // No boot service is there after it.
    Status leave(Handover& out);
    void say(Str text);

private:
    Errno complain(Errno e, Str what, Str name = {});
    Result<Piece> read(const Path& path);
    Result<Piece> read_named(Str name);
    Result<Str> text_at(const Path& path);
    Result<Str> find_config(Str given);
    Status load(const Config& config, Str section, Str kernel, Handover& out);
    Status load_from_file(Handover& out);
    void find_tree();
    void set_tree(const void* at);

    Handle image_;
    const SystemTable& system_;
    const BootServices& boot_;
    const LoadedImage* loaded_ = nullptr;
    Path path_{};
    Piece tree_{};
};

}  // namespace xen::efi
