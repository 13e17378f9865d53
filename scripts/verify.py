#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the proof stages, prints a table of them, and writes it to build/verify.json.

Exit status 1 when a stage failed, or none ran. A stage whose tool is missing is skipped, which never counts as passed.
doc/testing.md says what each stage shows. `make verify` sees to what is needed.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
OUT = BUILD / "verify"
RUST = PROJECT / "rust"
FUZZ = RUST / "fuzz"
HOST_TARGET = "x86_64-unknown-linux-gnu"
NIGHTLY = os.environ.get("TASKPOOL_NIGHTLY", "nightly")

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclasses.dataclass
class Result:
    """What a stage came to: `cases` is how much it tried, in words."""

    result: str
    cases: str = ""
    note: str = ""


class Skip(Exception):
    """A stage can't run here: the reason, and what to do."""


# --- Commands ------------------------------------------------------------------

def environment(stage=None, **more):
    """The environment of a command, with the tools of scripts/setup, and a target directory for each stage.

    Flags of one stage must not make cargo build the others' crates anew.
    """
    env = dict(os.environ, PATH=f"{BUILD / 'tools' / 'bin'}:{os.environ['PATH']}")
    # Here for Zephyr's builds; these ones are incremental.
    env.pop("RUSTC_WRAPPER", None)
    if stage:
        env["CARGO_TARGET_DIR"] = str(OUT / stage)
    return env | {key: str(value) for key, value in more.items()}


def call(command, log, env, cwd=RUST, show=True, timeout=None):
    """Runs a command; answers its exit status (None: its time was up) and what it said, which goes to `log` too."""
    if show:
        print("+", " ".join(command), flush=True)
    said = []
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8") as file, subprocess.Popen(
            command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True) as process:
        if timeout:
            # What it starts would keep the pipe open.
            try:
                text, _ = process.communicate(timeout=timeout)
                status = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                text, _ = process.communicate()
                status = None
            said.append(text)
            file.write(text)
        else:
            for line in process.stdout:
                said.append(line)
                file.write(line)
                if show:
                    print("  " + line, end="", flush=True)
            status = process.wait()
    return status, "".join(said)


def works(*command):
    try:
        return subprocess.run(command, cwd=RUST, env=environment(), stdin=subprocess.DEVNULL,
                              capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def need_nightly(*components):
    """Demands the nightly compiler, and components of it."""
    mend = f"rustup toolchain install {NIGHTLY} --component {','.join(components or ('rust-src',))}"
    if not works("cargo", f"+{NIGHTLY}", "--version"):
        raise Skip(f"no nightly Rust: {mend}")
    if "miri" in components and not works("cargo", f"+{NIGHTLY}", "miri", "--version"):
        raise Skip(f"no Miri: {mend}")
    if "rust-src" in components:
        root = subprocess.run(["rustc", f"+{NIGHTLY}", "--print", "sysroot"], capture_output=True, text=True)
        if not (Path(root.stdout.strip()) / "lib/rustlib/src/rust/library/Cargo.lock").is_file():
            raise Skip(f"no sources of the standard library: {mend}")


TESTS = re.compile(r"^test result: \S+ (\d+) passed; (\d+) failed;", re.MULTILINE)


def tests_passed(said):
    """How many tests passed, by cargo's result lines."""
    return sum(int(passed) for passed, _ in TESTS.findall(said))


def judge(status, cases, note="", enough=True):
    """A stage that tried nothing has not passed, whatever the exit status."""
    return Result(PASSED if status == 0 and enough else FAILED, cases, note)


# --- Stages on the host --------------------------------------------------------

def model(long):
    """random operations on the virtual port, against the naive model"""
    operations = 20_000_000 if long else 1_000_000
    # Each part is a process of its own, since what a case makes stays for ever, and has a seed of its own.
    parts = max(1, operations // 2_000_000)
    done, seeds = 0, []
    for part in range(parts):
        seed = os.environ.get("PROPTEST_RNG_SEED") or str(random.SystemRandom().randrange(1 << 63))
        seeds.append(seed)
        print(f"   seed: PROPTEST_RNG_SEED={seed} TASKPOOL_OPERATIONS={operations // parts}", flush=True)
        status, said = call(
            ["cargo", "test", "--locked", "--profile", "verify", "-p", "taskpool-testkit", "--test", "model", "--test",
             "timers", "--", "--nocapture"],
            OUT / f"model-{part}.log",
            environment("host", PROPTEST_RNG_SEED=seed, TASKPOOL_OPERATIONS=operations // parts))
        done += sum(int(n) for n in re.findall(r"^(\d+) operations$", said, re.MULTILINE))
        if status != 0:
            return Result(FAILED, f"{done:,} operations", f"seed {seed}")
    return judge(0, f"{done:,} operations", "seed " + " ".join(seeds), done >= operations)


def loom(long):
    """all interleavings of two threads, and of three with bounded preemptions"""
    env = environment("loom", RUSTFLAGS="--cfg loom")
    if long:
        env["TASKPOOL_PREEMPTIONS"] = "6"
    status, said = call(["cargo", "test", "--locked", "--profile", "verify", "-p", "taskpool-testkit", "--test", "loom",
                         "--", "--nocapture"], OUT / "loom.log", env)
    executions = sum(int(n) for n in re.findall(r"(\d+) executions", said))
    bound = f", {env['TASKPOOL_PREEMPTIONS']} preemptions" if long else ""
    return judge(status, f"{tests_passed(said)} tests, {executions:,} executions{bound}", enough=executions > 0)


# Without `windows`, `timers` and `model`, which take hours in Miri; of `corpus`, one input.
MIRI_TESTS = ("completions", "workers", "waiting", "scope", "spawn", "urgency", "stats", "corpus")
MIRI_TESTS_LONG = (*MIRI_TESTS, "submit", "deferral", "control", "pause", "outcomes", "runtime_pools", "events")


def miri(long):
    """undefined behaviour and leaks, under both models of borrowing"""
    need_nightly("miri", "rust-src")
    tests = [word for name in (MIRI_TESTS_LONG if long else MIRI_TESTS) for word in ("--test", name)]

    def run_tests(flag, name):
        # Isolation would keep the corpus from being read. Leaks are looked for by default.
        env = environment("miri", MIRIFLAGS=f"-Zmiri-disable-isolation {flag}".strip())
        return call(["cargo", f"+{NIGHTLY}", "miri", "test", "--locked", "-p", "taskpool-testkit", *tests],
                    OUT / f"miri-{name}.log", env, show=False)

    # Side by side: Miri takes one processor.
    with concurrent.futures.ThreadPoolExecutor() as both:
        models = {name: both.submit(run_tests, flag, name) for name, flag in
                  (("stacked", ""), ("tree", "-Zmiri-tree-borrows"))}
    passed, wrong = 0, []
    for name, (status, said) in ((name, run.result()) for name, run in models.items()):
        print(f"   {name} borrows: {tests_passed(said)} tests passed, exit status {status}: build/verify/miri-{name}.log")
        passed += tests_passed(said)
        if status != 0:
            wrong.append(f"with {name} borrows")
    return judge(len(wrong), f"{passed} tests", ", ".join(wrong), passed > 0)


def fuzz(long):
    """operations found by coverage, against the naive model"""
    need_nightly()
    if not works("cargo", "fuzz", "--version"):
        raise Skip("no cargo-fuzz: scripts/setup verify")
    corpus = OUT / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    artifacts = OUT / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    target = ["--fuzz-dir", str(FUZZ), "--target-dir", str(OUT / "fuzz")]
    fuzzer = ["cargo", f"+{NIGHTLY}", "fuzz"]
    # cargo-fuzz can't be told `--locked`.
    for command in (["cargo", f"+{NIGHTLY}", "fetch", "--locked", "--manifest-path", str(FUZZ / "Cargo.toml")],
                    [*fuzzer, "build", "operations", *target]):
        status, _ = call(command, OUT / "fuzz-build.log", environment())
        if status != 0:
            return Result(FAILED, "", "does not build")
    runs = 0
    # One process after the other, since what a run makes stays for ever.
    for minute in range(20 if long else 1):
        status, said = call(
            [*fuzzer, "run", "operations", *target, str(corpus), str(FUZZ / "corpus" / "operations"), "--",
             "-max_total_time=60", "-max_len=2048", "-len_control=0", "-rss_limit_mb=6000", "-print_final_stats=1",
             "-verbosity=0", f"-artifact_prefix={artifacts}/"],
            OUT / f"fuzz-{minute}.log", environment())
        runs += sum(int(n) for n in re.findall(r"number_of_executed_units: +(\d+)", said))
        if status != 0:
            found = re.search(rf"({re.escape(str(artifacts))}/\S+)", said)
            return Result(FAILED, f"{runs:,} runs", found[1] if found else "see the log")
    return judge(0, f"{runs:,} runs", enough=runs > 0)


def tsan(long):
    """data races between real threads, on the host's port"""
    need_nightly("rust-src")
    tests = [word for path in sorted((RUST / "taskpool/tests").glob("host*.rs")) for word in ("--test", path.stem)]
    env = environment("tsan", RUSTFLAGS="-Zsanitizer=thread", CARGO_INCREMENTAL=0, TSAN_OPTIONS="halt_on_error=1")
    passed = 0
    for _ in range(50 if long else 3):
        status, said = call(["cargo", f"+{NIGHTLY}", "test", "--locked", "-Zbuild-std", "--target", HOST_TARGET, "-p",
                             "taskpool", *tests], OUT / "tsan.log", env)
        passed += tests_passed(said)
        if status != 0:
            return Result(FAILED, f"{passed} tests", "a race" if "ThreadSanitizer" in said else "see the log")
    return judge(0, f"{passed} tests", enough=passed > 0)


# --- Faults --------------------------------------------------------------------

# The quick ones first: the others don't run when one of them fails.
FAULT_TESTS = ("submit", "deferral", "completions", "workers", "waiting", "control", "pause", "outcomes", "runtime_pools",
               "urgency", "stats", "timers", "groups", "here", "sites", "scope", "spawn", "schedule", "tasks", "events", "budgets",
               "windows", "corpus", "model")


class Fault:
    """A small change that the tests must find."""

    def __init__(self, entry):
        self.name, self.file, self.old, self.new = (entry[key] for key in ("name", "file", "old", "new"))
        self.short = entry.get("short", False)
        # Only the loom port has the interleavings that show it.
        self.loom = entry.get("loom", False)
        # The file of a test that finds it, and a part of the tests' names: the others need not be built, nor run.
        self.tests = (entry["by"],) if "by" in entry else FAULT_TESTS
        self.among = entry.get("among", "")

    def make(self, text):
        """The file's text with the fault in it."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: its text stands in {self.file} {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)


def read_faults(text):
    return [Fault(entry) for entry in tomllib.loads(text)["fault"]]


def faults(long):
    """faults made on purpose: the tests must find each"""
    table = read_faults((PROJECT / "scripts" / "faults.toml").read_text(encoding="utf-8"))
    try:
        # Of all of them: a table that is out of date should not wait for the long form.
        texts = [fault.make((RUST / fault.file).read_text(encoding="utf-8")) for fault in table]
    except ValueError as error:
        return Result(FAILED, "", f"scripts/faults.toml is out of date: {error}")
    copy = OUT / "faults-rust"
    shutil.rmtree(copy, ignore_errors=True)
    # As new files: cargo would take what it built of the last fault for up to date.
    shutil.copytree(RUST, copy, copy_function=shutil.copy, ignore=shutil.ignore_patterns("target", "*.seeds"))
    # A seed of its own, so that a fault is found today and tomorrow.
    quick = {"TASKPOOL_OPERATIONS": 3000, "PROPTEST_RNG_SEED": 1, "RUST_BACKTRACE": 0, "CARGO_PROFILE_DEV_DEBUG": 0,
             "CARGO_PROFILE_DEV_OPT_LEVEL": 1}
    environments = {False: environment("faults", **quick),
                    True: environment("faults-loom", RUSTFLAGS="--cfg loom", **quick)}

    def test(on_loom, names, *more, **options):
        tests = [word for name in (("loom",) if on_loom else names) for word in ("--test", name)]
        return call(["cargo", "test", "--locked", "-p", "taskpool-testkit", *tests, *more], OUT / "faults.log",
                    environments[on_loom], copy, show=False, **options)[0]

    def builds(on_loom, names):
        return test(on_loom, names, "--no-run") == 0

    def fails(on_loom, names, among=""):
        # A machine that never comes to rest is found, too.
        return test(on_loom, names, *([among] if among else []), timeout=600 if on_loom else 120) != 0

    survived, stale, chosen = [], [], [pair for pair in zip(table, texts) if long or pair[0].short]
    for on_loom in {fault.loom for fault, _ in chosen}:
        used = {name for fault, _ in chosen if fault.loom == on_loom for name in fault.tests}
        names = [name for name in FAULT_TESTS if name in used]
        if not builds(on_loom, names) or fails(on_loom, names):
            return Result(FAILED, "", "the tests fail without a fault: build/verify/faults.log")
    for fault, text in chosen:
        path = copy / fault.file
        before, start = path.read_text(encoding="utf-8"), time.monotonic()
        path.write_text(text, encoding="utf-8")
        if not builds(fault.loom, fault.tests):
            # The others are worth their time.
            stale.append(fault.name)
            path.write_text(before, encoding="utf-8")
            print(f"   DOES NOT COMPILE  {fault.name}", flush=True)
            continue
        found = fails(fault.loom, fault.tests, fault.among)
        path.write_text(before, encoding="utf-8")
        print(f"   {'found' if found else 'SURVIVED':9} {time.monotonic() - start:4.0f} s  {fault.name}", flush=True)
        if not found:
            survived.append(fault.name)
    kinds = ("survived", survived), ("does not compile", stale)
    wrong = [f"{kind}: {'; '.join(names)}" for kind, names in kinds if names]
    return judge(len(survived) + len(stale), f"{len(chosen) - len(survived) - len(stale)} of {len(chosen)} faults found",
                 ". ".join(wrong), bool(chosen))


# --- Stages on Zephyr ----------------------------------------------------------

NATIVE = "native_sim/native/64"


@dataclasses.dataclass
class Suite:
    """What twister runs for a stage: scenarios of applications, on platforms, and what else to tell it."""

    about: str
    folders: tuple
    platforms: tuple
    short: tuple
    long: tuple = ()
    # What it needs beside the usual toolchain: more of the environment, and arguments for twister.
    toolchain: callable = lambda: ({}, ())
    # A command that starts twister.
    under: tuple = ()

    def scenarios(self, long):
        return (long and self.long) or self.short


def riscv():
    """A distribution's RISC-V compiler: Zephyr looks for its libgcc in a place of its own."""
    prefix = "riscv64-unknown-elf-"
    compiler = shutil.which(prefix + "gcc")
    if not compiler or not shutil.which("qemu-system-riscv64"):
        raise Skip("no RISC-V compiler or emulator: scripts/setup verify")
    libgcc = subprocess.run([compiler, "-march=rv64imac", "-mabi=lp64", "-print-libgcc-file-name"],
                            capture_output=True, text=True, check=True).stdout.strip()
    env = {"ZEPHYR_TOOLCHAIN_VARIANT": "cross-compile", "CROSS_COMPILE": compiler.removesuffix("gcc")}
    return env, (f"-x=EXTRA_LDFLAGS=-L{Path(libgcc).parent}", "--force-toolchain")


SANITIZED = ("pool", "spawn", "outcomes", "runtime", "levels", "c", "iot")
SUITES = {
    "sanitizers": Suite("the suites on the kernel with the address and undefined behaviour sanitizers",
                        tuple(f"tests/{name}" for name in SANITIZED), (NATIVE,),
                        tuple(f"taskpool.{name}.sanitizers" for name in SANITIZED)),
    # On one processor a thread hand-over of native_sim takes a sixth of the time.
    "soak": Suite("simulated days of load", ("tests/soak",), (NATIVE,), ("taskpool.soak.short",),
                  ("taskpool.soak.long",), under=("taskset", "-c", "0")),
    "stress": Suite("a random load from interrupts, threads and jobs", ("tests/stress",), ("qemu_cortex_m3",),
                    ("taskpool.stress",), ("taskpool.stress.long",)),
    "smp": Suite("the same load on two processors", ("tests/smp",), ("qemu_riscv64/qemu_virt_riscv64/smp",),
                 ("taskpool.smp", "taskpool.smp.levels"), ("taskpool.smp.long", "taskpool.smp.levels.long"), riscv),
}


def count_cases(report):
    """twister.json: cases that passed, and a sentence for each that did not. What a filter left out counts neither."""
    passed, faults = 0, []
    for suite in report["testsuites"]:
        if suite.get("status") == "filtered":
            continue
        for case in suite.get("testcases", []):
            if case.get("status") == "passed":
                passed += 1
            elif case.get("status") != "filtered":
                faults.append(f"{case['identifier']}: {case.get('status') or 'no result'}")
        if suite.get("status") != "passed" and not faults:
            faults.append(f"{suite['name']}: {suite.get('status')} ({suite.get('reason')})")
    return passed, faults


def twister(name, long):
    """Runs a suite on Zephyr."""
    suite = SUITES[name]
    if not os.environ.get("ZEPHYR_BASE"):
        raise Skip("no Zephyr workspace: set ZEPHYR_BASE, or give scripts/setup access to GitHub")
    files = [PROJECT / folder / "testcase.yaml" for folder in suite.folders]
    declared = "".join(file.read_text(encoding="utf-8") for file in files if file.is_file())
    if missing := [name for name in suite.scenarios(long) if f"{name}:" not in declared]:
        raise Skip(f"testcase.yaml of {', '.join(suite.folders)} has no {', '.join(missing)}")
    more_environment, more = suite.toolchain()
    out = OUT / f"twister-{name}"
    # An old report must not count, however early twister ends.
    shutil.rmtree(out, ignore_errors=True)
    status, _ = call(
        [*suite.under, "west", "twister", *(f"--testsuite-root={folder}" for folder in suite.folders),
         *(f"-p={platform}" for platform in suite.platforms),
         *(f"--scenario={scenario}" for scenario in suite.scenarios(long)),
         f"-x=EXTRA_ZEPHYR_MODULES={PROJECT}", "-W", "--outdir", str(out), "-j", "2", "--inline-logs", *more],
        OUT / f"{name}.log", dict(os.environ, **more_environment), PROJECT)
    report = out / "twister.json"
    if not report.is_file():
        return Result(FAILED, "", "twister wrote no report")
    passed, faults = count_cases(json.loads(report.read_text(encoding="utf-8")))
    return judge(status or len(faults), f"{passed} cases", "; ".join(faults[:3]), passed > 0)


# --- The table -----------------------------------------------------------------

HOST = {stage.__name__: stage for stage in (model, loom, miri, fuzz, tsan, faults)}
STAGES = [*HOST, *SUITES]


def run(name, long):
    """One stage: its row of the table."""
    print(f"\n== {name}: {HOST[name].__doc__ if name in HOST else SUITES[name].about}", flush=True)
    start = time.monotonic()
    try:
        result = HOST[name](long) if name in HOST else twister(name, long)
    except Skip as reason:
        result = Result(SKIPPED, "", str(reason))
    row = {"stage": name, "cases": result.cases, "seconds": round(time.monotonic() - start), "result": result.result,
           "note": result.note}
    print(f"== {name}: {row['result']} {row['cases']} in {row['seconds']} s {row['note']}", flush=True)
    return row


def table(rows):
    """The rows as text."""
    width = max(len(row["cases"]) for row in rows)
    lines = [f"{'stage':11} {'result':8} {'time':>7}  {'cases':{width}}"]
    for row in rows:
        line = f"{row['stage']:11} {row['result']:8} {row['seconds']:5} s  {row['cases']:{width}}  {row['note']}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def verdict(rows):
    """The exit status: 0 when something passed and nothing failed."""
    results = [row["result"] for row in rows]
    return 1 if FAILED in results or PASSED not in results else 0


def banner(lines):
    """A notice that must not be overlooked in a long log."""
    print("\n" + "*" * 80)
    for line in lines:
        print(f"**  {line}")
    print("*" * 80)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="the long forms")
    parser.add_argument("--stages", default="", help=f"some of: {' '.join(STAGES)}")
    options = parser.parse_args(arguments)
    wanted = options.stages.split() or STAGES
    if unknown := [name for name in wanted if name not in STAGES]:
        parser.error(f"no such stage: {' '.join(unknown)}; there are: {' '.join(STAGES)}")

    OUT.mkdir(parents=True, exist_ok=True)
    rows = [run(name, options.long) for name in wanted]
    (BUILD / "verify.json").write_text(
        json.dumps({"form": "long" if options.long else "short", "stages": rows}, indent=2) + "\n", encoding="utf-8")
    if skipped := [row for row in rows if row["result"] == SKIPPED]:
        banner(["NOT EVERYTHING WAS VERIFIED. Skipped:", *(f"{row['stage']}: {row['note']}" for row in skipped)])
    print(f"\n{table(rows)}")
    return verdict(rows)


if __name__ == "__main__":
    sys.exit(main())
