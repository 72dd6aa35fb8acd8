// SPDX-License-Identifier: MIT
// The fuzzers without libFuzzer: runs the inputs in the named files and folders, or the one on standard input (AFL++).
// A file .b64 holds many, one a line.
#include <stdio.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lib/types.hpp"

extern "C" int LLVMFuzzerTestOneInput(const xen::u8* data, xen::usize size);

namespace {

using xen::u32, xen::u8, xen::usize;
using Path = std::filesystem::path;

void run(std::istream& from) {
    std::vector<char> bytes{std::istreambuf_iterator<char>(from), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const xen::u8*>(bytes.data()), bytes.size());
}

int digit(char c) {
    static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    usize at = kDigits.find(c);
    return at == std::string::npos ? -1 : static_cast<int>(at);
}

std::vector<u8> decoded(const std::string& line) {
    std::vector<u8> bytes;
    u32 bits = 0;
    unsigned held = 0;
    for (char c : line) {
        if (digit(c) < 0) break;
        bits = bits << 6 | static_cast<u32>(digit(c));
        held += 6;
        if (held < 8) continue;
        held -= 8;
        bytes.push_back(static_cast<u8>(bits >> held));
    }
    return bytes;
}

// How many inputs there were.
unsigned run_file(const Path& path) {
    std::ifstream file{path, std::ios::binary};
    if (path.extension() != ".b64") {
        run(file);
        return 1;
    }
    unsigned n = 0;
    for (std::string line; std::getline(file, line); ++n) {
        std::vector<u8> bytes = decoded(line);
        fprintf(stderr, "line %u\n", n + 1);
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
    return n;
}

std::vector<Path> inputs(const Path& named) {
    if (!std::filesystem::is_directory(named)) return {named};
    std::vector<Path> all;
    for (const auto& entry : std::filesystem::directory_iterator(named))
        if (entry.is_regular_file()) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

int main(int argc, char** argv) {
    unsigned done = 0;
    for (int i = 1; i < argc; ++i)
        for (const Path& path : inputs(argv[i])) {
            fprintf(stderr, "%s\n", path.c_str());
            done += run_file(path);
        }
    if (argc == 1) {
        std::ifstream standard{"/dev/stdin", std::ios::binary};
        run(standard);
        ++done;
    }
    fprintf(stderr, "%u inputs\n", done);
    return done ? 0 : 1;
}
