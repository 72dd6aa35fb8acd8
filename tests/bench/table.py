# SPDX-License-Identifier: MIT
"""The table: each row's figures beside Xen's, its goal and why it is not reached; stored in table.json."""

import configparser
import json
import os

import arm64
import debian
import measure
import place
import toolstack

STORED, ROWS = (os.path.join(measure.HERE, name) for name in ("table.json", "rows.ini"))
versions = measure.versions
COLUMNS = ("xenith", "xen-credit", "xen-default")
TOLERANCE = 1.01
LINES_MORE, LINES_SHARE = 4, 1.05       # a change elsewhere moves code, and with it what shares a line
UNCHECKED = [debian.ROW, *toolstack.names()]   # take too long for each run of the tests
FIELDS = ("plain", "per", "weights", "data", "code")


def use_arm64():
    """From now on it is the table of arm64."""
    global STORED, ROWS, versions
    STORED, ROWS = (os.path.join(arm64.SOURCES, name) for name in ("table.json", "rows.ini"))
    versions = arm64.versions


def store(columns):
    """COLUMNS: name -> rows, each a name -> Figures."""
    lines = ['"%s": "%s"' % pair for pair in versions().items()]
    for name in COLUMNS:
        rows = ['  "%s": %s' % (row, json.dumps([getattr(figures, field) for field in FIELDS]))
                for row, figures in columns[name].items()]
        lines.append('"%s": {\n%s\n }' % (name, ",\n".join(rows)))
    place.write(STORED, ("{\n " + ",\n ".join(lines) + "\n}\n").encode())


def load():
    """What is stored: (versions, columns)."""
    with open(STORED) as stored:
        data = json.load(stored)
    columns = {name: {row: measure.Figures(*values) for row, values in data.pop(name).items()} for name in COLUMNS}
    return data, columns


KINDS = ("plain", "weighted", "lines")


def figure(figures, kind):
    """A whole row's figure, for all its units, or None."""
    if figures is None:
        return None
    return figures.plain if kind == "plain" else getattr(figures, kind)()


class Row:
    def __init__(self, name, keys, columns):
        self.name, self.text, self.why = name, keys["text"], keys.get("why", "")
        self.absolute = keys["goal"].startswith("=")
        self.goal = float(keys["goal"].lstrip("="))
        self.columns = [columns[column].get(name) for column in COLUMNS]
        self.ours = self.columns[0]
        self.ratios = {kind: self._ratio(kind) for kind in KINDS}

    def xen(self, kind):
        """The lower of Xen's."""
        seen = [figure(column, kind) for column in self.columns[1:]]
        return min((count for count in seen if count is not None), default=None)

    def _ratio(self, kind):
        ours, xen = figure(self.ours, kind), self.xen(kind)
        return ours / xen if xen and ours is not None else None

    def reached(self):
        value = self.ours.plain / self.ours.per if self.absolute else self.ratios["plain"]
        return value is not None and value <= self.goal

    def above(self):
        """The kinds of figure in which we are above Xen."""
        return [kind for kind in KINDS if (self.ratios[kind] or 0) > 1]

    def goal_text(self):
        return "{:,}".format(int(self.goal)) if self.absolute else "%.2f" % self.goal


def rows_of(columns):
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROWS)
    missing = set(columns["xenith"]) - set(parser.sections())
    if missing:
        raise place.Failed("rows.ini lacks %s" % ", ".join(sorted(missing)))
    unmeasured = set(parser.sections()) - set(columns["xenith"])
    if unmeasured:
        raise place.Failed("not measured: %s" % ", ".join(sorted(unmeasured)))
    rows = [Row(name, parser[name], columns) for name in parser.sections()]
    whys = {row.name: row.why for row in rows}
    for row in rows:
        if row.why.startswith("as "):
            row.why = whys[row.why[3:]]
    return rows


def number(count, per=1):
    if count is None:
        return "-"
    if per > 1 and count < 100 * per:
        return "%.1f" % (count / per)
    return "{:,}".format((count + per // 2) // per)


def ratio(value):
    return "-" if value is None else "%.2f" % value


def each(row, kind):
    """The figure of one unit in each column, as text."""
    return [number(figure(column, kind), column.per if column else 1) for column in row.columns]


def show(rows):
    form = "%-24s %13s %13s %13s %6s %8s %6s %11s %-7s %s"
    print(form % ("row", "xenith", "xen credit", "xen default", "ratio", "weighted", "lines", "goal", "reached", "above Xen"))
    for row in rows:
        print(form % (row.name, *each(row, "plain"), *(ratio(row.ratios[kind]) for kind in KINDS), row.goal_text(),
                      "yes" if row.reached() else "", ", ".join(row.above())))


def worse(ours):
    """Row -> what is wrong with it: those of ours that cost more than the stored table says; None where it cannot be
    compared."""
    known, columns = load()
    for key, version in versions().items():
        if known[key] != version:
            print("not compared: the table is of another %s (%s, here %s)" % (key, known[key], version))
            return None
    problems = {}
    for name, before in columns["xenith"].items():
        if name in ours:
            found = list(more(before, ours[name]))
        else:
            found = ["was not measured"] if name not in UNCHECKED else []
        if found:
            problems[name] = ", ".join(found)
    return problems


def more(before, now):
    for kind in KINDS:
        old, new = figure(before, kind), figure(now, kind)
        if old is None:
            continue
        most = max(old + LINES_MORE, old * LINES_SHARE) if kind == "lines" else old * TOLERANCE
        if new is None or new > most:
            yield "%s %s, the table says %s" % (kind, number(new, now.per), number(old, before.per))
