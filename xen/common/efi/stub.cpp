// SPDX-License-Identifier: MIT
#include "common/efi/stub.hpp"

#include "lib/index.hpp"

namespace xen::efi {
namespace {

bool good(Outcome o) { return o == Outcome::success; }

// Whether bytes of a device tree have a text: among the values of compatible, or among the names of properties.
bool has_text(const Piece& tree, Str text) {
    auto* bytes = reinterpret_cast<const char*>(tree.start);
    for (u64 i = 0; i + text.size() < tree.bytes; ++i)
        if (!__builtin_memcmp(bytes + i, text.data(), text.size()) && !bytes[i + text.size()]) return true;
    return false;
}

class OpenFile {
public:
    OpenFile(File& folder, const Char* name) {
        if (!good(folder.open(&folder, &file_, name, File::kForReading, 0))) file_ = nullptr;
    }
    ~OpenFile() {
        if (file_) file_->close(file_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    explicit operator bool() const { return file_; }
    Maybe<u64> size() {
        u64 n = 0;
        if (!good(file_->seek(file_, File::kItsEnd)) || !good(file_->position(file_, &n)) || !good(file_->seek(file_, 0))) return nothing;
        return n;
    }
    bool read(u8* to, u64 bytes) {
        while (bytes) {
            usize n = bytes;
            if (!good(file_->read(file_, &n, to)) || !n) return false;
            to += n;
            bytes -= n;
        }
        return true;
    }

private:
    File* file_ = nullptr;
};

}  // namespace

void Stub::say(Str text) {
    Text<Char, 128> out;
    for (char c : text) {
        out.add(static_cast<Char>(static_cast<unsigned char>(c)));
        if (out.size() == 100) {
            system_.output->output(system_.output, out.data());
            out.shorten(0);
        }
    }
    system_.output->output(system_.output, out.data());
}

Errno Stub::complain(Errno e, Str what, Str name) {
    say("Xenith: ");
    say(what);
    say(name);
    say("\r\n");
    return e;
}

Result<u64> Stub::allocate(Memory kind, u64 bytes) {
    u64 at = 0;
    if (!good(boot_.allocate_pages(Allocate::any_pages, kind, (bytes + kPageSize - 1) >> kPageShift, &at)))
        return complain(Errno::nomem, "no memory");
    return at;
}

// Errno::noent without a word: others may be looked for.
Result<Piece> Stub::read(const Path& path) {
    void* volume = nullptr;
    if (!good(boot_.handle_protocol(loaded_->device, &kFileSystem, &volume)))
        return complain(Errno::nodev, "the device this image comes from has no file system");
    auto* files = static_cast<FileSystem*>(volume);
    File* root = nullptr;
    if (!good(files->open(files, &root))) return complain(Errno::io, "the file system cannot be opened");
    OpenFile file{*root, path.data()};
    root->close(root);
    if (!file) return Errno::noent;
    auto bytes = file.size();
    if (!bytes) return complain(Errno::io, "the size of a file cannot be read");
    u64 at = TRY(allocate(Memory::loader_data, *bytes + 1));
    if (!file.read(reinterpret_cast<u8*>(at), *bytes)) return complain(Errno::io, "a file cannot be read");
    return Piece{at, *bytes};
}

Result<Piece> Stub::read_named(Str name) {
    auto r = read(beside(path_, name));
    if (!r) return r.error() == Errno::noent ? complain(Errno::noent, "there is no file ", name) : r.error();
    say(name);
    say("\r\n");
    return r;
}

Result<Str> Stub::text_at(const Path& path) {
    Piece p = TRY(read(path));
    return Str{reinterpret_cast<const char*>(p.start), p.bytes};
}

Result<Str> Stub::find_config(Str given) {
    if (!given.empty()) {
        auto r = text_at(beside(path_, given));
        if (!r) return complain(r.error(), "cannot read ", given);
        return r;
    }
    ConfigNames names{path_};
    for (Path p; names.next(p);)
        if (auto r = text_at(p); r || r.error() != Errno::noent) return r;
    return complain(Errno::noent, "there is no configuration file beside this image, and no loader named a kernel");
}

Status Stub::load(const Config& config, Str section, Str kernel, Handover& out) {
    out.from_file = true;
    out.options.add(config.value(section, "options").value_or(Str{}));
    Named k = split_name(kernel);
    out.kernel = TRY(read_named(k.name));
    out.kernel_options.add(k.rest);
    if (auto r = config.value(section, "ramdisk")) out.ramdisk = TRY(read_named(split_name(*r).name));
    if (auto t = config.value(section, "dtb")) set_tree(reinterpret_cast<const void*>(TRY(read_named(split_name(*t).name)).start));
    return {};
}

Status Stub::load_from_file(Handover& out) {
    Line line = text_of(loaded_->options, loaded_->option_bytes);
    CommandLine c = parse_command_line(view(line));
    if (!c.unknown.empty()) static_cast<void>(complain(Errno::inval, "unknown word on the command line: ", c.unknown));
    Config config{TRY(find_config(c.config))};
    Str section = c.section.empty() ? config.default_section() : c.section;
    auto kernel = config.value(section, "kernel");
    if (auto chain = config.value("global", "chain"); !kernel && chain) {
        config = Config{TRY(find_config(*chain))};
        if (c.section.empty() && section.empty()) section = config.default_section();
        kernel = config.value(section, "kernel");
    }
    if (!kernel) return complain(Errno::noent, "the configuration file has no kernel= for section ", section);
    TRY(load(config, section, *kernel, out));
    if (!c.extra.empty()) {
        out.options.add(' ');
        out.options.add(c.extra);
    }
    return {};
}

// Devicetree Specification 5.2: magic, then the size, both big endian.
void Stub::set_tree(const void* at) {
    u32 head[2];
    __builtin_memcpy(head, at, sizeof head);
    if (__builtin_bswap32(head[0]) == 0xd00dfeed) tree_ = {reinterpret_cast<u64>(at), __builtin_bswap32(head[1])};
}

void Stub::find_tree() {
    for (usize i = 0; i < system_.tables; ++i)
        if (system_.table[i].guid == kDeviceTree) set_tree(system_.table[i].table);
}

Status Stub::prepare(Handover& out) {
    void* interface = nullptr;
    if (!good(boot_.handle_protocol(image_, &kLoadedImage, &interface))) return complain(Errno::nodev, "this image is not known to the firmware");
    loaded_ = static_cast<const LoadedImage*>(interface);
    path_ = path_of(loaded_->path);
    find_tree();
    // ABI: a loader such as GRUB has put what it loaded into the tree, and the command line is the hypervisor's own.
    if (has_text(tree_, "multiboot,module") && !has_text(tree_, "xen,uefi-cfg-load"))
        out.options = text_of(loaded_->options, loaded_->option_bytes);
    else TRY(load_from_file(out));
    if (out.options.cut() || out.kernel_options.cut()) return complain(Errno::inval, "a command line is longer than 1023 characters");
    return tree_.bytes ? Status{} : complain(Errno::nodev, "there is no device tree: switch ACPI off, or name one with dtb=");
}

// Each exit may find that the map has changed since it was read; nothing else may be called in between (UEFI 7.4.6).
Status Stub::leave(Handover& out) {
    constexpr usize kMoreEntries = 32;
    constexpr unsigned kTries = 8;
    usize bytes = 0, key = 0, entry = 0;
    u32 version = 0;
    boot_.memory_map(&bytes, nullptr, &key, &entry, &version);
    usize room = bytes + kMoreEntries * entry;
    u64 at = TRY(allocate(Memory::loader_data, room));
    for (unsigned i = 0; i < kTries; ++i) {
        bytes = room;
        if (!good(boot_.memory_map(&bytes, reinterpret_cast<void*>(at), &key, &entry, &version))) break;
        if (!good(boot_.exit(image_, key))) continue;
        out.map = {at, bytes};
        out.entry_bytes = entry;
        return {};
    }
    return Errno::again;
}

}  // namespace xen::efi
