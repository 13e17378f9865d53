#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts tests from what their runners wrote, and prints one line:

    N passed, N failed, N skipped

The exit status is 0 only if something ran, nothing failed, and every ztest case
that the sources declare did pass on every platform that its testcase.yaml
allows. (An application whose tests are never started looks fine otherwise.)
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import yaml


class Counts:
    """Numbers of tests, and a sentence for each thing that is wrong."""

    def __init__(self, passed=0, failed=0, skipped=0, faults=()):
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.faults = list(faults)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.faults += other.faults
        return self

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

    def fail_by_status(self, what, status):
        """A runner that failed without a failed test to show for it counts as one."""
        if status != 0 and self.failed == 0:
            self.failed += 1
            self.faults.append(f"{what}: exit status {status}")
        return self


# --- Host ----------------------------------------------------------------------

CARGO_RESULT = re.compile(
    r"^test result: \S+ (\d+) passed; (\d+) failed; (\d+) ignored;", re.MULTILINE)


def count_cargo(log, status):
    """`cargo test`: one result line for each test binary and each crate's doc tests."""
    counts = Counts()
    for passed, failed, ignored in CARGO_RESULT.findall(log):
        counts += Counts(int(passed), int(failed), int(ignored))
    return counts.fail_by_status("cargo test", status)


def count_junit(text, status):
    """pytest's junit file."""
    counts = Counts()
    for case in ET.fromstring(text).iter("testcase"):
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            counts.failed += 1
            counts.faults.append(f"{case.get('classname')}.{case.get('name')}: failed")
        elif "skipped" in outcomes:
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts.fail_by_status("pytest", status)


# --- What the sources declare --------------------------------------------------

C_NOISE = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
ZTEST_CASE = re.compile(r"^[ \t]*ZTEST(?:_USER)?(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.MULTILINE)


def case_name(name):
    """Twister drops the prefix, in the sources and in the output."""
    return name.removeprefix("test_")


def declared_cases(c_source):
    """The (suite, case) pairs of a C file."""
    text = C_NOISE.sub(lambda match: "" if match[0][0] == '"' else " ", c_source)
    return {(suite, case_name(case)) for suite, case in ZTEST_CASE.findall(text)}


def same_platform(allowed, platform):
    """`qemu_cortex_m3` is short for `qemu_cortex_m3/ti_lm3s6965`; `native_sim` is not short
    for `native_sim/native/64`: only the SoC can be left out."""
    return allowed == platform or re.fullmatch(re.escape(allowed) + "/[^/]+", platform) is not None


def words(value):
    """Twister takes lists and blank-separated strings alike."""
    return value.split() if isinstance(value, str) else list(value or [])


def allows(entry, platform):
    """Does a scenario of testcase.yaml allow this platform?"""
    only = words(entry.get("platform_allow"))
    never = words(entry.get("platform_exclude"))
    return (not any(same_platform(name, platform) for name in never)
            and (not only or any(same_platform(name, platform) for name in only)))


class App:
    """A directory with a testcase.yaml or sample.yaml."""

    FILES = ("testcase.yaml", "sample.yaml")

    def __init__(self, directory, root):
        self.path = directory.relative_to(root).as_posix()
        self.cases = set()
        for source in sorted(directory.rglob("*.[ch]")):
            self.cases |= declared_cases(source.read_text(encoding="utf-8"))
        file = next(directory / name for name in App.FILES if (directory / name).is_file())
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        common = content.get("common") or {}
        self.scenarios = {}
        for name, entry in content.get("tests", {}).items():
            entry = entry or {}
            merged = common | entry
            for key in ("platform_allow", "platform_exclude", "tags"):
                # Twister adds a scenario's list to the common one.
                merged[key] = words(common.get(key)) + words(entry.get(key))
            # `make verify` runs those.
            if not merged.get("skip") and "verify" not in merged["tags"]:
                self.scenarios[name] = merged

    @staticmethod
    def all_below(root, folders):
        found = {file.parent for folder in folders for name in App.FILES
                 for file in (root / folder).rglob(name)}
        return [App(directory, root) for directory in sorted(found)]

    def expected(self, platforms):
        """The (scenario, platform) pairs that have to run."""
        return [(name, platform) for name, entry in self.scenarios.items()
                for platform in platforms
                if allows(entry, platform) and not entry.get("build_only")]

    def cases_of_a_run(self):
        """How many cases one run of a scenario has: a sample is one."""
        return max(1, len(self.cases))


# --- Twister -------------------------------------------------------------------

# Not meant for this platform, or only built.
UNCOUNTED = ("filtered", "not run")


def count_twister(report, status):
    """twister.json: every case of every instance that a platform's filter let through."""
    total = Counts()
    for suite in report["testsuites"]:
        if suite.get("status") in UNCOUNTED:
            continue
        counts = Counts()
        for case in suite.get("testcases", []):
            outcome = case.get("status")
            if outcome == "passed":
                counts.passed += 1
            elif outcome == "skipped":
                counts.skipped += 1
            elif outcome not in UNCOUNTED:
                # failed, error, blocked, started, or none at all
                counts.failed += 1
                reason = case.get("reason") or suite.get("reason") or "no reason given"
                counts.faults.append(
                    f"{case['identifier']} on {suite['platform']}: {outcome or 'no result'} ({reason})")
        if suite.get("status") not in ("passed", "skipped") and counts.failed == 0:
            counts.failed += 1
            counts.faults.append(
                f"{suite['name']} on {suite['platform']}: {suite.get('status')} ({suite.get('reason')})")
        total += counts
    return total.fail_by_status("twister", status)


def scenario_of(suite):
    """Twister puts the application's path before the scenario's name."""
    return suite["name"].rsplit("/", 1)[-1]


def missing_runs(report, apps, platforms):
    """What the sources declare and the report does not show as passed."""
    ran, passed = set(), set()
    for suite in report["testsuites"]:
        if suite.get("status") not in ("passed", "failed", "error"):
            continue
        ran.add((scenario_of(suite), suite["platform"]))
        passed |= {(suite["platform"], case["identifier"]) for case in suite.get("testcases", [])
                   if case.get("status") == "passed"}

    faults = []
    for app in apps:
        expected = app.expected(platforms)
        for scenario, platform in expected:
            if not any(name == scenario and same_platform(platform, ran_on) for name, ran_on in ran):
                faults.append(f"{app.path}: {scenario} did not run on {platform}")
        # A case that only some scenarios compile has to pass in one of them.
        for platform in sorted({platform for _, platform in expected}):
            for suite, case in sorted(app.cases):
                names = {f"{scenario}.{suite}.{case}" for scenario in app.scenarios}
                if not any(identifier in names and same_platform(platform, ran_on)
                           for ran_on, identifier in passed):
                    faults.append(f"{app.path}: ZTEST({suite}, {case}) did not pass on {platform}")
    return faults


def count_not_run(apps, platforms):
    """Without a Zephyr workspace nothing ran: everything that should have is skipped."""
    return Counts(skipped=sum(app.cases_of_a_run() * len(app.expected(platforms)) for app in apps))


# --- Command line --------------------------------------------------------------

def read(path):
    """The text of a runner's file; nothing if the runner did not come so far."""
    return Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).is_file() else None


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cargo", nargs=2, action="append", default=[], metavar=("LOG", "STATUS"))
    parser.add_argument("--junit", nargs=2, action="append", default=[], metavar=("XML", "STATUS"))
    parser.add_argument("--check", nargs=2, action="append", default=[], metavar=("NAME", "OUTCOME"),
                        help="a single test: passed, failed or skipped")
    parser.add_argument("--twister", nargs=2, metavar=("JSON", "STATUS"))
    parser.add_argument("--twister-not-run", action="store_true", help="count its tests as skipped")
    parser.add_argument("--platform", action="append", default=[])
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the project's directory")
    parser.add_argument("--folder", action="append", default=[], help="below it: where applications are")
    options = parser.parse_args(arguments)

    rows = []
    for path, status in options.cargo:
        rows.append(("cargo test", count_cargo(read(path) or "", int(status))))
    for path, status in options.junit:
        text = read(path)
        rows.append(("pytest", count_junit(text, int(status)) if text
                     else Counts(failed=1, faults=[f"pytest: no {path}"])))
    for name, outcome in options.check:
        rows.append((name, Counts(**{outcome: 1}, faults=[f"{name}: failed"] if outcome == "failed" else [])))

    apps = App.all_below(options.root, options.folder)
    if options.twister:
        path, status = options.twister
        text = read(path)
        if text is None:
            rows.append(("twister", Counts(failed=1, faults=[f"twister: no {path}"])))
        else:
            report = json.loads(text)
            counts = count_twister(report, int(status))
            missing = missing_runs(report, apps, options.platform)
            counts.faults += missing
            if missing and counts.failed == 0:
                # The line alone has to tell that something is wrong.
                counts.failed = 1
            rows.append(("twister", counts))
    elif options.twister_not_run:
        rows.append(("twister (not run)", count_not_run(apps, options.platform)))

    total = Counts()
    for name, counts in rows:
        print(f"{name:20} {counts}")
        total += counts
    if total.passed + total.failed == 0:
        total.faults.append("no test ran")
    for fault in total.faults:
        print(f"FAULT {fault}")
    print(total)
    return 1 if total.failed or total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
