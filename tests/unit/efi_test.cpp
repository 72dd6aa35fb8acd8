// SPDX-License-Identifier: MIT
// The EFI stub on a small firmware of our own: files, a device tree, allocations that fail, a map that changes at the end.
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "common/boot/efi_map.hpp"
#include "common/efi/stub.hpp"

using namespace xen;
using namespace xen::efi;

namespace {

std::string text(Str s) { return {s.data(), s.size()}; }
std::string narrow(const Char* s, usize n) {
    std::string out;
    for (usize i = 0; i < n; ++i) out += static_cast<char>(s[i]);
    return out;
}
std::string narrow(const Path& p) { return narrow(p.data(), p.size()); }

// A device path of one media file node for each part, as firmware gives it.
std::vector<u8> device_path(std::vector<std::u16string> parts) {
    std::vector<u8> out{1, 1, 6, 0, 9, 9};      // a hardware node, to be passed over
    for (auto& part : parts) {
        auto bytes = static_cast<u16>(4 + 2 * (part.size() + 1));
        out.insert(out.end(), {4, 4, static_cast<u8>(bytes), static_cast<u8>(bytes >> 8)});
        for (usize i = 0; i <= part.size(); ++i) out.push_back(static_cast<u8>(part.c_str()[i])), out.push_back(static_cast<u8>(part.c_str()[i] >> 8));
    }
    out.insert(out.end(), {0x7f, 0xff, 4, 0});
    return out;
}

struct OpenOne : File {
    std::string name;
    u64 at = 0;
};

struct Firmware {
    std::map<std::string, std::string> files;
    std::string console, tree;
    std::u16string options;
    std::vector<u8> path = device_path({u"\\EFI\\BOOT", u"xen-4.2.efi"});
    std::vector<void*> pages;
    int allocations_left = 1000, open_files = 0, exits_refused = 0;
    usize map_key = 1, piece = ~usize{0};       // bytes that a read gives at most
    bool volume = true, exited = false;

    LoadedImage loaded{};
    FileSystem fs{};
    BootServices boot{};
    TextOutput out{};
    SystemTable system{};
    ConfigurationTable table[2]{};

    Firmware();
    ~Firmware() {
        for (void* p : pages) free(p);
    }
    Status prepare(Handover& h) {
        table[1] = {kDeviceTree, tree.data()};
        loaded.options = options.data();
        loaded.option_bytes = static_cast<u32>(options.size() * 2);
        loaded.path = reinterpret_cast<const DevicePath*>(path.data());
        Stub stub{this, system};
        Status s = stub.prepare(h);
        tree_found = stub.tree();
        return s;
    }
    Piece tree_found{};
};
Firmware* now;

Outcome close_file(File* f) {
    --now->open_files;
    delete static_cast<OpenOne*>(f);
    return Outcome::success;
}
Outcome read_file(File* file, usize* bytes, void* to) {
    auto* f = static_cast<OpenOne*>(file);
    const std::string& all = now->files[f->name];
    usize n = std::min({*bytes, all.size() - f->at, now->piece});
    memcpy(to, all.data() + f->at, n);
    f->at += n;
    *bytes = n;
    return Outcome::success;
}
Outcome position(File* f, u64* at) {
    *at = static_cast<OpenOne*>(f)->at;
    return Outcome::success;
}
Outcome seek(File* f, u64 at) {
    auto* one = static_cast<OpenOne*>(f);
    one->at = at == File::kItsEnd ? now->files[one->name].size() : at;
    return Outcome::success;
}
Outcome open_file(File*, File** opened, const Char* name, u64 mode, u64) {
    std::string wanted = narrow(name, std::char_traits<Char>::length(name));
    if (!wanted.empty() && !now->files.count(wanted)) return Outcome::not_found;
    auto* f = new OpenOne;
    f->open = open_file, f->close = close_file, f->read = read_file, f->position = position, f->seek = seek;
    f->name = wanted;
    ++now->open_files;
    *opened = f;
    return mode == File::kForReading ? Outcome::success : Outcome::invalid_parameter;
}
Outcome open_volume(FileSystem*, File** root) { return open_file(nullptr, root, u"", File::kForReading, 0); }

Outcome allocate_pages(Allocate, Memory, usize count, u64* at) {
    if (now->allocations_left-- <= 0) return Outcome::out_of_resources;
    void* p = nullptr;
    if (posix_memalign(&p, 4096, count * 4096)) abort();
    now->pages.push_back(p);
    *at = reinterpret_cast<u64>(p);
    return Outcome::success;
}
Outcome handle_protocol(Handle, const Guid* guid, void** interface) {
    if (*guid == kLoadedImage) *interface = &now->loaded;
    else if (*guid == kFileSystem && now->volume) *interface = &now->fs;
    else return Outcome::unsupported;
    return Outcome::success;
}
Outcome memory_map(usize* bytes, void* map, usize* key, usize* entry, u32*) {
    constexpr usize kEntry = 48, kCount = 3;
    bool fits = *bytes >= kEntry * kCount;
    *bytes = kEntry * kCount;
    *entry = kEntry;
    *key = now->map_key;
    if (!fits || !map) return Outcome::buffer_too_small;
    memset(map, static_cast<int>(now->map_key), kEntry * kCount);
    return Outcome::success;
}
Outcome exit_services(Handle, usize key) {
    if (now->exits_refused-- > 0) ++now->map_key;
    if (key != now->map_key) return Outcome::invalid_parameter;
    now->exited = true;
    return Outcome::success;
}
Outcome output(TextOutput*, const Char* s) {
    now->console += narrow(s, std::char_traits<Char>::length(s));
    return Outcome::success;
}

// As much of a tree as the stub looks at: magic, size, texts.
std::string tree_with(const std::string& what) {
    std::string t("\xd0\x0d\xfe\xed\0\0\0\0", 8);
    t += what;
    t += '\0';
    t[7] = static_cast<char>(t.size());
    return t;
}

Firmware::Firmware() {
    now = this;
    boot.allocate_pages = allocate_pages, boot.memory_map = memory_map, boot.handle_protocol = handle_protocol, boot.exit = exit_services;
    fs.open = open_volume;
    out.output = output;
    system.output = &out, system.boot = &boot, system.tables = 2, system.table = table;
    tree = tree_with("machine");
    files["\\EFI\\BOOT\\xen-4.cfg"] = "[global]\ndefault=a\n[a]\noptions=console=dtuart\nkernel=vmlinuz quiet root=/dev/vda\nramdisk=\\initrd\n";
    files["\\EFI\\BOOT\\vmlinuz"] = "the kernel";
    files["\\initrd"] = "the ramdisk";
}

std::string at(const Piece& p) { return {reinterpret_cast<const char*>(p.start), p.bytes}; }

}  // namespace

TEST_CASE("efi: a configuration's sections, defaults and comments") {
    Config c{"# first\r\n[global]\r\ndefault=one\noptions = all # not this\n; nor kernel=this\n[ one ]\n  kernel=k a=b c \n[two]\nkernel=l\noptions=\n"};
    CHECK(text(c.default_section()) == "one");
    CHECK(text(*c.value("one", "kernel")) == "k a=b c");
    CHECK(text(*c.value("two", "kernel")) == "l");
    CHECK(text(*c.value("one", "options")) == "all");
    CHECK(text(*c.value("two", "options")).empty());
    CHECK_FALSE(c.value("three", "kernel"));
    CHECK(text(*c.value("", "kernel")) == "k a=b c");       // the first of all
    CHECK_FALSE(c.value("one", "ramdisk"));
    CHECK_FALSE(Config{""}.value("", "x"));
    CHECK(Config{"[a"}.default_section().empty());
    CHECK(text(split_name("file").rest).empty());
    CHECK(text(split_name("file \t one two").rest) == "one two");
}

TEST_CASE("efi: paths and the names of configuration files") {
    auto raw = device_path({u"\\EFI\\", u"\\BOOT", u"xen-4.2_unstable.efi"});
    Path p = path_of(reinterpret_cast<const DevicePath*>(raw.data()));
    CHECK(narrow(p) == "\\EFI\\BOOT\\xen-4.2_unstable.efi");
    CHECK(narrow(beside(p, "sub/file")) == "\\EFI\\BOOT\\sub\\file");
    CHECK(narrow(beside(p, "/file")) == "\\file");
    CHECK(path_of(nullptr).size() == 0);
    ConfigNames names{p};
    std::vector<std::string> all;
    for (Path one; names.next(one);) all.push_back(narrow(one));
    CHECK(all == std::vector<std::string>{"\\EFI\\BOOT\\xen-4.2_unstable.cfg", "\\EFI\\BOOT\\xen-4.2.cfg", "\\EFI\\BOOT\\xen-4.cfg",
                                          "\\EFI\\BOOT\\xen.cfg"});
    // A node that is longer than a path may be, and one that says it is shorter than its head.
    auto longer = device_path({std::u16string(600, u'x')});
    CHECK(path_of(reinterpret_cast<const DevicePath*>(longer.data())).cut());
    u8 broken[] = {4, 4, 2, 0};
    CHECK(path_of(reinterpret_cast<const DevicePath*>(broken)).size() == 0);
}

TEST_CASE("efi: the words of the command line") {
    CommandLine c = parse_command_line("XEN.EFI -cfg=my.cfg two -- noreboot  x=y");
    CHECK(text(c.config) == "my.cfg");
    CHECK(text(c.section) == "two");
    CHECK(text(c.extra) == "noreboot  x=y");
    CHECK(c.unknown.empty());
    CHECK(text(parse_command_line("one -wrong").unknown) == "-wrong");
    CHECK(text(parse_command_line("one two").unknown) == "two");
    CHECK(parse_command_line("").section.empty());
    CHECK(text(view(text_of(u"a\u00e9\0b", 8))) == "a?");
    CHECK(text_of(nullptr, 8).size() == 0);
}

TEST_CASE("efi: firmware starts the image, which reads its configuration and the files it names") {
    Firmware f;
    Handover h;
    f.piece = GENERATE(3u, 100u);
    f.options = u"xen-4.2.efi -- loglvl=all";
    REQUIRE(f.prepare(h).ok());
    CHECK(h.from_file);
    CHECK(text(view(h.options)) == "console=dtuart loglvl=all");
    CHECK(text(view(h.kernel_options)) == "quiet root=/dev/vda");
    CHECK(at(h.kernel) == "the kernel");
    CHECK(at(h.ramdisk) == "the ramdisk");
    CHECK(at(f.tree_found) == f.tree);
    CHECK(f.open_files == 0);
}

TEST_CASE("efi: another section, another file, a tree of one's own, a chain") {
    Firmware f;
    Handover h;
    f.files["\\other.cfg"] = "[b]\nkernel=/initrd\ndtb=my.dtb\n[global]\nchain=third.cfg\n";
    f.files["\\EFI\\BOOT\\third.cfg"] = "[c]\nkernel=vmlinuz\n";
    f.files["\\EFI\\BOOT\\my.dtb"] = tree_with("mine");
    SECTION("by name") {
        f.options = u"-cfg=\\other.cfg b";
        REQUIRE(f.prepare(h).ok());
        CHECK(at(h.kernel) == "the ramdisk");
        CHECK(at(f.tree_found) == tree_with("mine"));
        CHECK(h.ramdisk.bytes == 0);
    }
    SECTION("in the next file") {
        f.options = u"-cfg=\\other.cfg c";
        REQUIRE(f.prepare(h).ok());
        CHECK(at(h.kernel) == "the kernel");
    }
}

TEST_CASE("efi: a loader's modules in the tree make the command line the hypervisor's own") {
    Firmware f;
    Handover h;
    f.options = u"console=dtuart dom0_mem=512M";
    f.tree = tree_with("multiboot,module");
    SECTION("and no file is read") {
        f.files.clear();
        REQUIRE(f.prepare(h).ok());
        CHECK_FALSE(h.from_file);
        CHECK(text(view(h.options)) == "console=dtuart dom0_mem=512M");
    }
    SECTION("unless the tree asks for the file") {
        f.options.clear();
        f.tree = tree_with(std::string("multiboot,module\0xen,uefi-cfg-load", 34));
        REQUIRE(f.prepare(h).ok());
        CHECK(h.from_file);
    }
}

TEST_CASE("efi: what is missing is told on the console") {
    Firmware f;
    Handover h;
    std::string said;
    SECTION("configuration") { f.files.erase("\\EFI\\BOOT\\xen-4.cfg"), said = "no configuration file"; }
    SECTION("named configuration") { f.options = u"-cfg=none.cfg", said = "cannot read none.cfg"; }
    SECTION("section") { f.options = u"none", said = "no kernel= for section none"; }
    SECTION("kernel") { f.files.erase("\\EFI\\BOOT\\vmlinuz"), said = "there is no file vmlinuz"; }
    SECTION("ramdisk") { f.files.erase("\\initrd"), said = "there is no file \\initrd"; }
    SECTION("tree") { f.tree = "none of these", said = "there is no device tree"; }
    SECTION("file system") { f.volume = false, said = "has no file system"; }
    SECTION("room for the options") {
        f.files["\\EFI\\BOOT\\xen-4.cfg"] = "options=" + std::string(1100, 'x') + "\nkernel=vmlinuz\n";
        said = "longer than 1023";
    }
    CHECK_FALSE(f.prepare(h).ok());
    CHECK_THAT(f.console, Catch::Contains(said));
    CHECK(f.open_files == 0);
}

TEST_CASE("efi: each allocation may fail") {
    for (int n = 0;; ++n) {
        Firmware f;
        Handover h;
        f.allocations_left = n;
        if (f.prepare(h).ok()) break;
        CHECK_THAT(f.console, Catch::Contains("no memory"));
        CHECK(f.open_files == 0);
        REQUIRE(n < 20);
    }
}

TEST_CASE("efi: boot services end with the map as it is then") {
    Firmware f;
    Handover h;
    Stub stub{&f, f.system};
    SECTION("at once") { f.exits_refused = 0; }
    SECTION("after the map has changed twice") { f.exits_refused = 2; }
    REQUIRE(stub.leave(h).ok());
    CHECK(f.exited);
    CHECK(h.entry_bytes == 48);
    CHECK(h.map.bytes == 144);
    CHECK(*reinterpret_cast<const u8*>(h.map.start) == f.map_key);
}

TEST_CASE("efi: firmware that never lets go") {
    Firmware f;
    Handover h;
    f.exits_refused = 1000;
    Stub stub{&f, f.system};
    CHECK(stub.leave(h).error() == Errno::again);
    CHECK_FALSE(h.map.bytes);
}

TEST_CASE("efi: a map with larger descriptors than are known, and one that is too small") {
    std::vector<u8> map(96 + 20);
    auto put = [&](usize at, u32 type, u64 start, u64 pages) {
        u64 attributes = 8;
        memcpy(&map[at], &type, 4), memcpy(&map[at + 8], &start, 8), memcpy(&map[at + 24], &pages, 8), memcpy(&map[at + 32], &attributes, 8);
    };
    put(0, 7, 0x40000000, 16);
    put(48, 6, 0x50000000, 1);
    BootInfo info;
    boot::read_efi_map(map, 48, info);
    REQUIRE(info.memory_count == 2);
    CHECK(info.memory[0].type == MemoryType::ram);
    CHECK(info.memory[0].bytes == 0x10000);
    CHECK(info.memory[1].start == Paddr{0x50000000});
    BootInfo none;
    boot::read_efi_map(map, 20, none);
    CHECK(none.memory_count == 0);
}
