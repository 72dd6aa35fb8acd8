# SPDX-License-Identifier: MIT
"""Builds kernel images from the sources of this folder."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
OUT = os.path.join(TOP, "build", "guests-arm")
COMPILER = "aarch64-linux-gnu-g++-12"
SHARED = ["start.S", "lib.cpp", "gic.cpp"]
FLAGS = ["-std=gnu++20", "-ffreestanding", "-fno-exceptions", "-fno-rtti", "-fpie", "-mcmodel=tiny", "-mgeneral-regs-only",
         "-mstrict-align", "-mno-outline-atomics", "-ffixed-x18", "-fno-stack-protector", "-O2", "-Wall", "-Wextra", "-Werror",
         "-D__XEN_INTERFACE_VERSION__=0x00040e00", "-D__XEN_TOOLS__", "-nostdlib", "-static",
         "-Wl,--build-id=none,--no-warn-rwx-segments", "-Wl,-T," + os.path.join(HERE, "link.ld"),
         "-I", HERE, "-isystem", os.path.join(TOP, "xen", "include")]


def build(name, sources, *arguments):
    """An image of SHARED and SOURCES, below this folder or absolute; its ELF file is beside it. Returns its path."""
    os.makedirs(OUT, exist_ok=True)
    files = [os.path.join(HERE, source) for source in SHARED + sources]
    image = os.path.join(OUT, name)
    subprocess.run([COMPILER, *FLAGS, *arguments, "-o", image + ".elf", *files], check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", image + ".elf", image], check=True)
    return image
