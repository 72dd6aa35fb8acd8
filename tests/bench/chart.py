# SPDX-License-Identifier: MIT
"""The chart of the table: a bar for each row's instructions as a share of Xen's, marks for its other two figures and
its goal. SVG that follows the reader's light or dark theme."""

from xml.sax.saxutils import escape

LEFT, WIDTH, STEP, TOP, RIGHT = 424, 560, 20, 84, 64
MOST = 1.4                              # what is above stands at the edge
STYLE = """
 .paper { fill: #ffffff } text { fill: #1f2328; font: 12px sans-serif } .title { font-size: 15px; font-weight: bold }
 .soft { fill: #59636e } .grid { stroke: #d1d9e0 } .xen { stroke: #59636e; stroke-width: 1.5 }
 .bar { fill: #9cc4ee } .above { fill: #f0a58c } .goal { stroke: #1a7f37; stroke-width: 2.5 }
 .weighted { fill: #ffffff; stroke: #8250df; stroke-width: 2 } .lines { stroke: #9a4a00; stroke-width: 2 }
 @media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117 } text { fill: #e6edf3 } .soft { fill: #9198a1 } .grid { stroke: #30363d }
  .xen { stroke: #9198a1 } .bar { fill: #2a5a8c } .above { fill: #9c4a2f } .goal { stroke: #56d364 }
  .weighted { fill: #0d1117; stroke: #c297ff } .lines { stroke: #e3b341 }
 }
"""


def x(share):
    return LEFT + WIDTH * min(share, MOST) / MOST


def plain_text(text):
    return escape(text.replace("`", ""))


def line(kind, x1, y1, x2, y2):
    return '<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>' % (kind, x1, y1, x2, y2)


def text(at, y, words, kind="", anchor="start"):
    return '<text class="%s" x="%.1f" y="%.1f" text-anchor="%s">%s</text>' % (kind, at, y, anchor, words)


def weighted_mark(at, y):
    return '<circle class="weighted" cx="%.1f" cy="%.1f" r="3.5"/>' % (at, y)


def lines_mark(at, y):
    return line("lines", at - 3.5, y - 3.5, at + 3.5, y + 3.5) + line("lines", at - 3.5, y + 3.5, at + 3.5, y - 3.5)


def bar(row, y):
    share = row.ratios["plain"]
    middle = y + STEP / 2
    parts = [text(LEFT - 8, middle + 4, plain_text(row.text), anchor="end"),
             '<rect class="%s" x="%d" y="%.1f" width="%.1f" height="%d"/>' % (
                 "above" if share > 1 else "bar", LEFT, y + 4, x(share) - LEFT, STEP - 8)]
    if not row.absolute:
        parts.append(line("goal", x(row.goal), y + 1, x(row.goal), y + STEP - 1))
    for kind, mark in (("weighted", weighted_mark), ("lines", lines_mark)):
        if row.ratios[kind] is not None:
            parts.append(mark(x(row.ratios[kind]), middle))
    parts.append(text(LEFT + WIDTH + 10, middle + 4, "%.2f" % share, "soft"))
    return "\n".join(parts)


def legend():
    y, parts, at = 58, [], 16
    entries = [('<rect class="bar" x="%d" y="52" width="16" height="12"/>', "instructions", 110),
               (None, "weighted", 84), (None, "cache lines", 98), (None, "goal for the instructions", 176)]
    marks = [None, weighted_mark, lines_mark, lambda a, b: line("goal", a, b - 9, a, b + 9)]
    for (shape, words, width), mark in zip(entries, marks):
        parts.append(shape % at if shape else mark(at + 8, y))
        parts.append(text(at + 22, y + 4, words))
        at += width
    return parts


def svg(rows):
    height = TOP + STEP * len(rows) + 34
    total = LEFT + WIDTH + RIGHT
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">' % (
                 total, height, total, height),
             "<title>What operations cost, as shares of what they cost on Xen 4.17</title>",
             "<style>%s</style>" % STYLE, '<rect class="paper" width="%d" height="%d"/>' % (total, height),
             text(16, 28, "What operations cost, as shares of what they cost on Xen 4.17", "title")] + legend()
    bottom = TOP + STEP * len(rows)
    for tenths in range(0, 15, 2):
        kind = "xen" if tenths == 10 else "grid"
        parts += [line(kind, x(tenths / 10), TOP - 4, x(tenths / 10), bottom + 4),
                  text(x(tenths / 10), bottom + 20, "Xen" if tenths == 10 else "%.1f" % (tenths / 10), "soft", "middle")]
    parts += [bar(row, TOP + STEP * i) for i, row in enumerate(rows)]
    return "\n".join(parts) + "\n</svg>\n"
