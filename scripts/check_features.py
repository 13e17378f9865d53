#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doc/features.md, the table of features: its rows are numbered from 1 to 108, each has all
columns, a row of what the module has names a test, and each test that is named exists.

    check_features.py [FILE]
"""

import re
import sys
from pathlib import Path

FILE = "doc/features.md"
ROWS = 108
# Number, feature, Rust, C, tests; and what is left and right of the outer bars.
COLUMNS = 7

ROW = re.compile(r"^\| (\d+) \|")
# As the table at the top of the file writes them.
TEST = re.compile(r"`([\w/]+\.(?:rs|c|yaml)): ([\w.]+)`")
NO_TEST = "..."
# How a test of this name begins, on the host, on the kernel, and as a scenario of twister.
HOST = r"^ *#\[test\]\n(?: *(?:#\[|//).*\n)* *fn {}\("
KERNEL = {
    ".rs": r'^extern "C" fn {}\(',
    ".c": r"^ZTEST\(\w+, {}\)",
    ".yaml": r"^  {}:",
}


def defines(path, pattern, test):
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    return re.search(pattern.format(re.escape(test)), text, re.MULTILINE) is not None


def has_test(root, file, test):
    """By the rules of the table at the top of the file."""
    rust = root / "rust"
    if any(defines(tests / file, HOST, test)
           for tests in (rust / "testkit/tests", rust / "taskpool/tests")):
        return True
    folder, _, rest = file.partition("/")
    suite = root / "tests" / folder
    pattern = KERNEL[Path(file).suffix]
    if not any(defines(path, pattern, test) for path in (suite / "src" / rest, suite / rest)):
        return False
    # A case in Rust is a function, which runs only if the list of cases in C names it.
    return not file.endswith(".rs") or defines(suite / "src/main.c", r"\b{}\b", test)


def is_had(cell):
    """Whether the cell of a language names something: neither `no`, nor `no` and why."""
    return not re.match(r"no\b", cell.strip())


def check(text, root, count=ROWS):
    """(line number, fault) pairs."""
    rows = 0
    for number, line in enumerate(text.splitlines(), 1):
        tests = [found for found in TEST.findall(line) if found[1] != NO_TEST]
        for file, test in tests:
            if not has_test(root, file, test):
                yield number, f"there is no test {file}: {test}"
        row = ROW.match(line)
        if row is None:
            continue
        rows += 1
        if int(row[1]) != rows:
            yield number, f"row {row[1]} stands where row {rows} belongs"
            # What follows is counted from here, so that one slip is one fault.
            rows = int(row[1])
        # A bar inside code counts, too: Markdown ends the cell there.
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) != COLUMNS:
            yield number, f"row {row[1]} has {len(cells) - 2} columns, not {COLUMNS - 2}"
        elif (is_had(cells[3]) or is_had(cells[4])) and not tests:
            yield number, f"row {row[1]} is there, and names no test that shows it"
    if rows != count:
        yield len(text.splitlines()), f"the last row is {rows}, not {count}"


def main(path=FILE):
    wrong = 0
    for number, fault in check(Path(path).read_text(encoding="utf-8"), Path(".")):
        print(f"{path}:{number}: {fault}")
        wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
