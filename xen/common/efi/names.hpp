// SPDX-License-Identifier: MIT
// Names that EFI firmware gives in 16-bit characters: the image's own path, its command line, the files beside it. Pure.
#pragma once

#include "common/efi/uefi.hpp"
#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::efi {

// Text within a fixed size; what does not fit makes it `cut`.
template <class C, usize kRoom>
class Text {
public:
    void add(C c) {
        if (size_ + 1 < kRoom) text_[size_++] = c, text_[size_] = 0;
        else cut_ = true;
    }
    template <class D>
    void add(const D* s, usize n) {
        for (usize i = 0; i < n; ++i) add(static_cast<C>(s[i]));
    }
    void add(Str s) { add(s.data(), s.size()); }
    void shorten(usize to) { size_ = to < size_ ? to : size_, text_[size_] = 0; }
    const C* data() const { return text_; }
    usize size() const { return size_; }
    bool cut() const { return cut_; }

private:
    C text_[kRoom] = {};
    usize size_ = 0;
    bool cut_ = false;
};
using Path = Text<Char, 512>;
using Line = Text<char, 1024>;

inline Str view(const Line& l) { return {l.data(), l.size()}; }

// The path of a file from the parts in a device path, with backslashes between them.
Path path_of(const DevicePath* nodes);
// A file's path from its name in the folder of another one; the name may be a path from the root. Slashes become backslashes.
Path beside(const Path& image, Str name);
// Configuration files, one after the other: the image's name with .cfg for its ending, then for what is behind its last '.', '-'
// or '_', and so on. False: there is no further one.
class ConfigNames {
public:
    explicit ConfigNames(const Path& image);
    bool next(Path& out);

private:
    Path stem_;
    usize folder_;          // characters of it
};

// The image's command line. Characters above 7 bits become '?'.
Line text_of(const Char* options, usize bytes);
struct CommandLine {
    Str config{}, section{}, extra{};     // -cfg=, a word, what is behind "--"
    Str unknown{};                        // the first word that means nothing
};
// Its words; the first may be the image's name (as shells give it), which is left out.
CommandLine parse_command_line(Str line);

}  // namespace xen::efi
