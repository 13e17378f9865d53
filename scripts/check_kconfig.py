#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kconfig files in Zephyr's style (doc/contribute/style/kconfig.rst), and every TASKPOOL
option with a type, a prompt and a help text; numbers with a range and a default.

    check_kconfig.py FILE...
"""

import re
import sys
from pathlib import Path

ENTRY = re.compile(r"^(?:menu)?config\s+(\w+)\s*$")
TYPE = re.compile(r"^\t(bool|tristate|int|hex|string)\b\s*(.*)$")
TYPED_DEFAULT = re.compile(r"^\tdef_(bool|tristate)\b")
COLUMNS = 100
TAB = 8
# Applications set other defaults for options of the module: no type, no help.
APPLICATIONS = ("samples", "tests", "benches")


class Option:
    def __init__(self, name, line):
        self.name, self.line = name, line
        self.kind = self.prompt = None
        self.has_help = self.has_range = self.has_default = False

    def faults(self):
        if self.kind is None:
            yield "no type"
        if not self.prompt:
            yield "no prompt"
        if not self.has_help:
            yield "no help"
        if self.kind in ("int", "hex"):
            if not self.has_range:
                yield f"{self.kind} without a range"
            if not self.has_default:
                yield f"{self.kind} without a default"


def width(line):
    return len(line.expandtabs(TAB))


def check(text, is_application=False):
    """(line number, fault) pairs."""
    option = None
    options = []
    in_help = False
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if width(line) > COLUMNS:
            yield number, f"more than {COLUMNS} columns"
        if not line.strip():
            continue

        # A help text goes on for as long as lines are indented deeper than `help`.
        if in_help and re.match(r"^\t\s", line):
            # More than two spaces: a list or a table within the text.
            if not re.match(r"^\t {2,}\S", line):
                yield number, "help text is indented by one tab and two spaces"
            if option:
                option.has_help = True
            continue
        in_help = False

        if re.match(r"^ ", line):
            yield number, "indented by spaces: use a tab"
        if re.match(r"^\s*#\S", line):
            yield number, "a comment begins with `# `"

        if entry := ENTRY.match(line):
            option = Option(entry[1], number)
            options.append(option)
        elif not line[0].isspace() and not line.startswith("#"):
            option = None

        if re.match(r"^\s*help\s*$", line):
            in_help = True
        elif re.match(r"^\s*---help---", line):
            yield number, "`help`, without dashes"
        elif option:
            if kind := TYPE.match(line):
                option.kind, option.prompt = kind[1], kind[2] or option.prompt
            elif kind := TYPED_DEFAULT.match(line):
                option.kind, option.has_default = kind[1], True
            elif prompt := re.match(r"^\tprompt\s+(.+)$", line):
                option.prompt = prompt[1]
            elif re.match(r"^\trange\s", line):
                option.has_range = True
            elif re.match(r"^\tdefault\s", line):
                option.has_default = True

    for option in options:
        if option.name.startswith("TASKPOOL") and not (is_application and option.kind is None):
            for fault in option.faults():
                yield option.line, f"{option.name}: {fault}"


def main(paths):
    wrong = 0
    for path in paths:
        is_application = Path(path).parts[0] in APPLICATIONS
        for number, fault in sorted(check(Path(path).read_text(encoding="utf-8"), is_application)):
            print(f"{path}:{number}: {fault}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
