// SPDX-License-Identifier: MIT
// A set of 64-byte lines, a word for each page of 64 lines; emptied at the price of what was put in.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace bench {

class Lines {
public:
    void add(std::uint64_t address) {
        const std::uint64_t page = address >> 12;
        if (page != last_page_ || !last_) find(page);
        const std::uint64_t line = std::uint64_t{1} << (address >> 6 & 63);
        count_ += !(*last_ & line);
        *last_ |= line;
    }
    // Each line that SIZE bytes at ADDRESS lie in; they lie in two at most.
    void add(std::uint64_t address, std::uint64_t size) {
        add(address);
        if ((address ^ (address + size - 1)) >> 6) add(address + size - 1);
    }
    std::uint64_t count() const { return count_; }
    void clear() {
        for (std::uint64_t* word : used_) *word = 0;
        used_.clear();
        last_ = nullptr;
        count_ = 0;
    }

private:
    void find(std::uint64_t page) {
        last_ = &pages_[page];              // references into the map stay valid
        last_page_ = page;
        if (!*last_) used_.push_back(last_);
    }

    std::unordered_map<std::uint64_t, std::uint64_t> pages_;
    std::vector<std::uint64_t*> used_;
    std::uint64_t* last_ = nullptr;
    std::uint64_t last_page_ = 0;
    std::uint64_t count_ = 0;
};

} // namespace bench
