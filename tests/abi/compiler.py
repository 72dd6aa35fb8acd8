# SPDX-License-Identifier: MIT
"""One side of the comparison: a folder of public headers seen through one compiler."""

import os
import re
import subprocess

# What a user of the headers has included before: fixed-width integers, and what the macros of
# io/ring.h need. -ffreestanding takes stdint.h from the compiler, so that no C library is looked at.
PRELUDE = """\
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
#ifdef __cplusplus
}
#endif
"""

LANGUAGES = {"c": (["-std=gnu11"], ".c"), "c++": (["-std=gnu++20"], ".cpp")}


class CompileError(Exception):
    pass


class Side:
    """Headers below `folder`, reached as public/NAME and never by -I folder: it has a features.h."""

    def __init__(self, name, folder, work, compiler, flags):
        self.name, self.compiler, self.flags = name, compiler, flags
        self.folder = os.path.realpath(folder)
        self.work = os.path.join(work, name)
        os.makedirs(os.path.join(self.work, "sys"), exist_ok=True)
        os.makedirs(os.path.join(self.work, "xen"), exist_ok=True)
        # io/libxenvchan.h of Xen asks for sys/types.h, hvm/save.h with __XEN__ for xen/lib.h.
        _write(os.path.join(self.work, "sys/types.h"), "")
        _write(os.path.join(self.work, "xen/lib.h"), "#define BUG() __builtin_trap()\n")
        link = os.path.join(self.work, "public")
        if not os.path.islink(link):
            os.symlink(self.folder, link)

    def command(self, language, defines, mode, source, out):
        compiler = self.compiler
        if language == "c++":
            compiler = re.sub(r"gcc$", "g++", compiler)
        return [compiler, *self.flags, *LANGUAGES[language][0], "-ffreestanding", "-w",
                "-fmax-errors=0", "-ftrack-macro-expansion=0", "-fno-diagnostics-show-caret",
                *defines, "-I", self.work, *mode, source, "-o", out]

    def run(self, language, defines, mode, text, stem, out):
        """Returns (ok, messages); the source stays in the work folder for the curious."""
        source = os.path.join(self.work, stem + LANGUAGES[language][1])
        _write(source, text)
        done = subprocess.run(self.command(language, defines, mode, source, out),
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        return done.returncode == 0, done.stderr

    def path(self, name):
        return os.path.join(self.work, name)

    def header_of(self, file):
        """public/x.h as the compiler names it -> x.h; None for everybody else's files."""
        prefix = os.path.join(self.work, "public") + "/"
        file = os.path.normpath(file)
        return file[len(prefix):] if file.startswith(prefix) else None


def include_all(headers):
    return PRELUDE + "".join(f'#include "public/{name}"\n' for name in headers)


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
