#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unsafe code has few addresses: scripts/unsafe-addresses.txt lists the files that may
contain the keyword `unsafe`, each with a reason. Any other file, and any line of the
list that is out of date, is an error.

    check_unsafe.py             check
    check_unsafe.py --print     the files that contain the keyword, one per line
"""

import re
import subprocess
import sys
from pathlib import Path

LIST = "scripts/unsafe-addresses.txt"
FOLDERS = ("rust", "samples", "tests", "benches")

# What is not code: comments, strings (raw ones too), characters. Block comments nest in
# Rust; they are handled apart, because a regular expression can't count.
NOT_CODE = re.compile(r"""
    //[^\n]*
  | (?P<block> /\* )
  | \b[bc]?r(?P<hashes>\#*)".*?"(?P=hashes)
  | "(?:\\.|[^"\\])*"
  | '(?:\\(?:x[0-9a-fA-F]{2}|u\{[0-9a-fA-F_]+\}|.)|[^'\\\n])'
""", re.VERBOSE | re.DOTALL)
BLOCK_EDGE = re.compile(r"/\*|\*/")


def code_only(text):
    """The text without comments, strings and characters."""
    kept, at = [], 0
    while match := NOT_CODE.search(text, at):
        kept.append(text[at:match.start()])
        at = match.end()
        depth = 1 if match["block"] else 0
        while depth:
            edge = BLOCK_EDGE.search(text, at)
            if edge is None:
                return " ".join(kept)
            at = edge.end()
            depth += 1 if edge[0] == "/*" else -1
    kept.append(text[at:])
    return " ".join(kept)


def has_unsafe(text):
    """The keyword; `unsafe_code` and `unsafe_op_in_unsafe_fn` are other words."""
    return re.search(r"\bunsafe\b", code_only(text)) is not None


def rust_files(root):
    """Tracked and new files, none that Git ignores."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *FOLDERS],
        cwd=root, check=True, capture_output=True, text=True).stdout.split("\n")
    return sorted({name for name in names if name.endswith(".rs") and (root / name).is_file()})


def parse_list(text):
    """path -> reason"""
    entries = {}
    for line in text.splitlines():
        path, _, reason = line.partition("#")
        if path.strip():
            entries[path.strip()] = reason.strip()
    return entries


def faults(found, listed):
    for path in sorted(found - listed.keys()):
        yield f"{path}: contains `unsafe`, and is not in {LIST}"
    for path in sorted(listed.keys() - found):
        yield f"{LIST}: {path} contains no `unsafe`: remove the line"
    for path, reason in sorted(listed.items()):
        if not reason:
            yield f"{LIST}: {path} has no reason"


def main():
    root = Path(__file__).resolve().parent.parent
    found = {name for name in rust_files(root) if has_unsafe((root / name).read_text(encoding="utf-8"))}
    if sys.argv[1:] == ["--print"]:
        print("\n".join(sorted(found)))
        return 0
    wrong = list(faults(found, parse_list((root / LIST).read_text(encoding="utf-8"))))
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
