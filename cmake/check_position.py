#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""check_position.py READELF STAMP OBJECT...: objects whose code runs where nobody relocated it (the EFI stub) hold no absolute
address in what is loaded. Constants of types with pointers are the usual way to get one."""

import re
import subprocess
import sys


def absolute(readelf, path):
    """Sections with an absolute address, and of what."""
    text = subprocess.run([readelf, "-rW", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    section, found = "", []
    for line in text.splitlines():
        begin = re.match(r"Relocation section '\.rela(.*?)'", line)
        if begin:
            section = begin.group(1)
        elif "_ABS64" in line and not section.startswith(".debug"):
            found.append("%s: %s has the address of %s" % (path, section, line.split()[4]))
    return found


def main():
    readelf, stamp, *objects = sys.argv[1:]
    wrong = [line for path in objects for line in absolute(readelf, path)]
    if not objects:
        wrong = ["check_position.py: no objects"]
    if wrong:
        sys.exit("\n".join(wrong))
    with open(stamp, "w"):
        pass


if __name__ == "__main__":
    main()
