// SPDX-License-Identifier: MIT
// console_io: writes, reads and their errors.
#include "test.hpp"

namespace {

long console(u64 command, u64 count, u64 where) {
    return hypercall(__HYPERVISOR_console_io, command, count, where);
}

} // namespace

void test_console() {
    static char line[400];
    memset(line, '.', sizeof(line));
    memcpy(line, "# long line ", 12);
    line[399] = '\n';
    result("write.long", console(CONSOLEIO_write, 400, address(line)));
    result("write.nothing", console(CONSOLEIO_write, 0, address(line)));
    result("write.nothing_wild", console(CONSOLEIO_write, 0, kUnmapped));
    result("read.nothing_there", console(CONSOLEIO_read, 10, address(line)));
    result("read.zero", console(CONSOLEIO_read, 0, address(line)));
    result("read.minus1", console(CONSOLEIO_read, ~u64{0}, address(line)));
    result("read.int_min", console(CONSOLEIO_read, 0x80000000, address(line)));
    for (const WildPointer& wild : wild_pointers) {
        result(join("write.", wild.name), console(CONSOLEIO_write, 1, wild.where));
        result(join("read.", wild.name), console(CONSOLEIO_read, 1, wild.where));
    }
    result("write.minus1_wild", console(CONSOLEIO_write, 0xffffffff, kUnmapped));
    result("command.2", console(2, 1, address(line)));
    result("command.minus1", console(~u64{0}, 1, address(line)));
    line[0] = '#';
    line[1] = 0;
    line[2] = 'x';
    line[3] = '\n';
    result("write.zero_byte", console(CONSOLEIO_write, 4, address(line)));
    memcpy(line, "# \x1b\x01\xff control\n", 13);
    result("write.control_characters", console(CONSOLEIO_write, 13, address(line)));
}
