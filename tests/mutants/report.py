# SPDX-License-Identifier: MIT
"""docs/mutants.md: the faults, what each breaks, and which check caught it."""

import os

PAGE = "docs/mutants.md"
HEAD = """# Seeded faults

Do the tests see what goes wrong? %(count)d small deliberate faults are put into the core, one at a time, each of the class of a published Xen
advisory (XSA), each one change in one source file; the test programs are run with it. A fault counts as caught only where an
assertion about the broken rule fails, in a test case that was named beforehand; a crash or a hang does not count. **%(caught)d of %(count)d
are caught (%(score).1f %%).**

```sh
tests/mutants/run              # all; goes on where it stopped
tests/mutants/run --sample 10  # ten, chosen by the commit, as tests/run does
tests/mutants/run --record     # all, and this page
```

The faults are text files in `tests/mutants/faults`: the lines that become others, the rule, the test case. The sources have no
hooks for them: a changed copy of the one file is compiled and the test program linked again. A fault whose lines no longer stand
in the sources fails the run.

"""


def cell(text):
    return text.replace("|", "\\|")


def row(fault, result):
    by = "%s: `%s`" % (result["case"], result["assertion"]) if result["status"] == "caught" else "**%s**" % result["status"]
    return "| `%s` | %s | %s | %s |\n" % (fault.name, fault.xsa, cell(fault.rule), cell(by))


def write_page(top, faults, found):
    caught = sum(r["status"] == "caught" for r in found.values())
    text = HEAD % {"count": len(faults), "caught": caught, "score": 100 * caught / len(faults)}
    for area in sorted({f.area for f in faults}):
        text += "## %s\n\n| fault | XSA | the rule that it breaks | what catches it |\n|---|---|---|---|\n" % area.capitalize()
        text += "".join(row(f, found[f.name]) for f in faults if f.area == area) + "\n"
    with open(os.path.join(top, PAGE), "w") as page:
        page.write(text.rstrip("\n") + "\n")


def page_problems(top, faults):
    try:
        with open(os.path.join(top, PAGE)) as page:
            listed = {line.split("`")[1] for line in page if line.startswith("| `")}
    except OSError:
        listed = set()
    names = {f.name for f in faults}
    wrong = ["%s stands not in %s" % (n, PAGE) for n in sorted(names - listed)]
    wrong += ["%s has %s, which is no fault any more" % (PAGE, n) for n in sorted(listed - names)]
    return ["%s: tests/mutants/run --record" % w for w in wrong]
