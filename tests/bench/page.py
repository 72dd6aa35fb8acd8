# SPDX-License-Identifier: MIT
"""What is made from the table: docs/performance.md between its marks, and the chart beside it."""

import os

import chart
import place
import table

PAGE, CHART = (os.path.join(place.TOP, "docs", "performance." + kind) for kind in ("md", "svg"))


def use_arm64():
    """From now on it is the page of arm64."""
    global PAGE, CHART
    PAGE, CHART = (os.path.join(place.TOP, "docs", "performance-arm64." + kind) for kind in ("md", "svg"))
    table.use_arm64()


def summary(rows):
    compared = [row for row in rows if row.ratios["plain"] is not None]
    wins = [row for row in compared if not row.above()]
    lines = ["%d of %d rows reach their goal; %d of %d compared are wins" % (
        sum(row.reached() for row in rows), len(rows), len(wins), len(compared))]
    for kind, words in (("plain", "instructions"), ("weighted", "the weighted count"), ("lines", "cache lines")):
        names = [row.name for row in rows if kind in row.above()]
        lines.append("above Xen in %s: %s" % (words, ", ".join(names) or "none"))
    return lines


def grid(head, align, rows):
    return "\n".join("| %s |" % " | ".join(cells) for cells in [head, align] + rows)


def counts(rows):
    cells = [["`%s`" % row.name, row.text, *table.each(row, "plain"), *(table.ratio(row.ratios[kind]) for kind in table.KINDS),
              row.goal_text(), "yes" if row.reached() else "", ", ".join(row.above())] for row in rows]
    return grid(["row", "what", "Xenith", "Xen, credit", "Xen, default", "instructions", "weighted", "lines", "goal", "reached",
                 "above Xen in"], ["---"] * 2 + ["--:"] * 7 + ["---"] * 2, cells)


def guards(rows):
    """The figures behind the second and third ratio."""
    def both(column):
        if not column or column.data is None:
            return "-"
        return "%s + %s" % (table.number(column.data, column.per), table.number(column.code, column.per))
    cells = [["`%s`" % row.name, *table.each(row, "weighted")[:2], *map(both, row.columns[:2])]
             for row in rows if row.ours.weights is not None]
    return grid(["row", "Xenith, weighted", "Xen, credit", "Xenith, lines of data + code", "Xen, credit"],
                ["---"] + ["--:"] * 4, cells)


def reasons(rows):
    """A line for each reason, with the rows that it holds for."""
    groups = {}
    for row in rows:
        if not row.reached():
            share = table.each(row, "plain")[0] if row.absolute else table.ratio(row.ratios["plain"])
            groups.setdefault(row.why or "not looked into yet.", []).append(
                "`%s` (%s, goal %s)" % (row.name, share, row.goal_text()))
    return "\n".join("- %s: %s" % (", ".join(names), why) for why, names in groups.items())


def write(rows):
    place.write(CHART, chart.svg([row for row in rows if row.ratios["plain"] is not None]).encode())
    with open(PAGE) as page:
        text = page.read()
    for name, made in (("counts", counts(rows)), ("summary", "; ".join(summary(rows)) + "."),
                       ("reasons", reasons(rows)), ("guards", guards(rows))):
        start, end = "<!-- %s: made by tests/bench/run --record -->\n" % name, "<!-- end of %s -->" % name
        if start not in text or end not in text:
            raise place.Failed("%s has no place for the %s (%s)" % (PAGE, name, start.strip()))
        text = text.split(start)[0] + start + made + "\n" + end + text.split(end)[1]
    place.write(PAGE, text.encode())
