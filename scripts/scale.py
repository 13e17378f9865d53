#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the pool beside Zephyr's timeout list with 10 to 10,000 jobs deferred, in instructions on native_sim.

Builds benches/scale, runs it in Callgrind, prints a table and writes build/scale.json. Time stands still in the
simulation while code runs, so two runs print the same numbers. The instructions are the host's: compare them with each
other, not with those of `make bench`. Needs ZEPHYR_BASE, a toolchain, west and valgrind: `make scale` sees to that.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build" / "scale"
COUNTS = BUILD / "counts"

# Callgrind counts while these run, and nothing else; benches/scale/src/scale.c says why.
COUNTED = ("scale_pairs", "sys_clock_announce")

TITLES = {
    "defer_cancel": "defer one more job, to any place among those pending, and cancel it",
    "expire": "the clock interrupt when one is due: from the timers to the worker's queue",
}
SIDES = ("taskpool", "k_work")


def build():
    command = ["west", "build", "--pristine", "auto", "-b", "native_sim/native/64", "-d", str(BUILD),
               str(PROJECT / "benches" / "scale")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"benches/scale can't be built:\n{done.stdout}")
    return BUILD / "zephyr" / "zephyr.exe"


def run(image):
    """Runs the image in Callgrind, which leaves one file for each measurement."""
    shutil.rmtree(COUNTS, ignore_errors=True)
    COUNTS.mkdir()
    command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={COUNTS / 'callgrind.out'}",
               *(f"--toggle-collect={function}" for function in COUNTED), str(image)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=300)
    except subprocess.TimeoutExpired:
        sys.exit("the measurements did not end within 300 s: on an idle machine they take 10; see benches/scale")
    if done.returncode != 0:
        sys.exit(f"the measurements failed:\n{done.stdout}")


def read():
    """Instructions for each operation, by measure, number of jobs pending, and side."""
    table = {measure: {} for measure in TITLES}
    nothing = 0
    for path in sorted(COUNTS.glob("callgrind.out.*"), key=lambda path: int(path.suffix[1:])):
        text = path.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (\S+) (\S+) (\d+) (\d+)$", text, re.MULTILINE)
        total = re.search(r"^totals: (\d+)$", text, re.MULTILINE)
        # What came after the last measurement has another trigger.
        if not name or not total:
            continue
        measure, side, pending, count = name[1], name[2], int(name[3]), int(name[4])
        each = int(total[1]) / count
        if side == "nothing":
            # The image's loop around the pairs; it measures that first.
            nothing = each
            continue
        if measure == "defer_cancel":
            each -= nothing
        table[measure].setdefault(pending, {})[side] = round(each, 1)
    rows = [row for measure in table.values() for row in measure.values()]
    if not nothing or not rows or not all(row.get(side, 0) > 0 for row in rows for side in SIDES):
        sys.exit(f"Callgrind has not counted everything: check that {' and '.join(COUNTED)} are functions of the "
                 f"image, and that benches/scale hands over each measurement to a file in {COUNTS}")
    return table


def show(table):
    for measure, rows in table.items():
        print(f"\n{TITLES[measure]}, in instructions\n{'pending':>10}{'taskpool':>12}{'timeout list':>14}{'ratio':>8}")
        for pending, row in rows.items():
            ours, theirs = (row[side] for side in SIDES)
            print(f"{pending:>10,}{ours:>12,}{theirs:>14,}{ours / theirs:8.3f}")


def main():
    BUILD.mkdir(parents=True, exist_ok=True)
    run(build())
    table = read()
    show(table)
    (PROJECT / "build" / "scale.json").write_text(json.dumps(table, indent=2) + "\n")


main()
