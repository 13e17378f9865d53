#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the pool beside Zephyr's own work queues, in instructions on qemu_cortex_m3.

Prints a table, writes build/bench.json, and compares with the bounds in benches/bounds.json: exit status 1 when one is
passed. doc/performance.md explains the method. Needs ZEPHYR_BASE, a toolchain and west: `make bench` sees to that.
"""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BENCHES = PROJECT / "benches"
BUILD = PROJECT / "build" / "bench"
NANOSECONDS_PER_INSTRUCTION = 64  # -icount shift=6

QEMU = (
    "qemu-system-arm -cpu cortex-m3 -machine lm3s6965evb -nographic -vga none -net none "
    "-icount shift=6,align=off,sleep=off -rtc clock=vm -kernel"
).split()

# The images: their name, and the configuration beside prj.conf.
IMAGES = [("main", "no_timeslice.conf"), ("default", None), ("p4wq", "p4wq.conf")]

# A masked stretch begins where the lock is taken, and ends where it is released.
LOCK = "taskpool_port_lock"
UNLOCKS = ("taskpool_port_unlock", "taskpool_port_unlock_and_switch")
ARM = "taskpool_port_arm"

# What counts as the pool's code: everything of its crates and its C file, but the log's texts and the boot.
CODE = re.compile(r"taskpool_core|taskpool::(port|Pool|Job)|^taskpool_port_|^taskpool_core_|^z_taskpool_expired$|^work$")


def build(name, conf):
    directory = BUILD / name
    command = ["west", "build", "--pristine", "auto", "-b", "qemu_cortex_m3", "-d", str(directory), str(BENCHES)]
    if conf:
        command += ["--", f"-DEXTRA_CONF_FILE={conf}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"benches/ can't be built ({name}):\n{done.stdout}")
    return directory / "zephyr" / "zephyr.elf"


def run(elf, trace=None):
    """Runs an image until it says that it is done; answers its lines. `trace` is given the path of QEMU's log."""
    command = [*QEMU, str(elf)]
    if trace:
        command += ["-singlestep", "-d", "exec,nochain", "-D", str(trace)]
    lines = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, errors="replace") as qemu:
        timer = threading.Timer(300, qemu.kill)
        timer.start()
        for line in qemu.stdout:
            lines.append(line.strip())
            if line.startswith("bench: done"):
                break
        timer.cancel()
        qemu.kill()
    if not lines or not lines[-1].startswith("bench: done"):
        sys.exit("\n".join(["the measurements did not end:", *lines]))
    return lines


class Measures:
    """What one image printed, in instructions."""

    def __init__(self, lines):
        raw = {}
        self.bytes = {}
        for line in lines:
            words = line.split()
            if line.startswith("bench: ") and len(words) == 6:
                raw.setdefault(words[1], {})[words[2]] = [int(word) for word in words[3:]]
            elif line.startswith("bytes: "):
                self.bytes.setdefault(words[1], {})[words[2]] = int(words[3])
        cycles, count, _ = raw.pop("clock")["cycles"]
        read = cycles / count
        cycles, count, reads = raw.pop("nop")["cycles"]
        self.per_cycle = count / (cycles - reads * read)
        self.table = {
            measure: {
                who: round((cycles - reads * read) / count * self.per_cycle, 1)
                for who, (cycles, count, reads) in row.items()
            }
            for measure, row in raw.items()
        }


def symbols(elf):
    """Address, size and name of each function, by address."""
    text = subprocess.run(["arm-none-eabi-nm", "-C", "-n", "-S", str(elf)], stdout=subprocess.PIPE, text=True, check=True)
    found = []
    for line in text.stdout.splitlines():
        parts = line.split(" ", 3)
        if len(parts) == 4 and parts[2] in "tTwW":
            found.append((int(parts[0], 16) & ~1, int(parts[1], 16), parts[3]))
    return found


def longest_locked(elf):
    """The longest stretch between lock and unlock, in instructions: without arming a timer, and with."""
    address = {name: start for start, _, name in symbols(elf)}
    lock, unlocks, arm = address[LOCK], {address[name] for name in UNLOCKS}, address[ARM]
    fifo = BUILD / "trace.fifo"
    fifo.unlink(missing_ok=True)
    subprocess.run(["mkfifo", str(fifo)], check=True)
    longest = {False: 0, True: 0}

    def follow():
        pattern = re.compile(rb"Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+/([0-9a-f]+)/")
        count, armed = None, False
        with open(fifo, "rb") as log:
            for line in log:
                match = pattern.match(line)
                if not match:
                    continue
                at = int(match[1], 16)
                if at == lock:
                    count, armed = 0, False
                elif count is not None:
                    count += 1
                    armed |= at == arm
                    if at in unlocks:
                        longest[armed] = max(longest[armed], count)
                        count = None

    follower = threading.Thread(target=follow)
    follower.start()
    run(elf, fifo)
    follower.join()
    fifo.unlink()
    return longest[False], longest[True]


def show(title, table):
    print(f"\n{title}\n{'measure':24}{'taskpool':>10}{'k_work':>10}{'p4wq':>10}{'floor':>10}{'ratio':>10}")
    for measure, row in table.items():
        cells = "".join(f"{row.get(who, ''):>10}" for who in ("taskpool", "k_work", "p4wq", "floor"))
        ours, theirs = row.get("taskpool"), row.get("k_work")
        ratio = f"{ours / theirs:10.2f}" if ours and theirs else ""
        print(f"{measure:24}{cells}{ratio}")


def check(result):
    """Compares with benches/bounds.json, with room of 2 %: the figures are exact, compilers are not."""
    failed = 0
    for name, bound in json.loads((BENCHES / "bounds.json").read_text()).items():
        measure, _, share = name.partition("/")
        row = result[measure]
        value = row["taskpool"]
        if share == "k_work":
            value = value / row["k_work"]
        elif share == "above_floor":
            value = (value - row["floor"]) / (row["k_work"] - row["floor"])
        elif share != "instructions":
            sys.exit(f"benches/bounds.json: what is {name}?")
        if value > bound * 1.02:
            print(f"!! {name}: {value:.2f} is more than {bound}", file=sys.stderr)
            failed += 1
    return failed


def main():
    BUILD.mkdir(parents=True, exist_ok=True)
    images = {name: build(name, conf) for name, conf in IMAGES}
    measured = {name: Measures(run(elf)) for name, elf in images.items()}
    main_image = measured["main"]
    result = main_image.table
    for measure, row in measured["p4wq"].table.items():
        if "p4wq" in row:
            result[measure]["p4wq"] = row["p4wq"]
            if "floor" in row:
                result[measure]["p4wq_floor"] = row["floor"]
    without, arming = longest_locked(images["main"])
    result["lock_max_256"] = {"taskpool": without}
    result["lock_max_arming"] = {"taskpool": arming}
    code = sum(size for _, size, name in symbols(images["main"]) if CODE.search(name) and "fmt" not in name)
    sizes = {name: row["taskpool"] for name, row in main_image.bytes.items() if "taskpool" in row}
    sizes["code"] = code
    peers = {f"{who} {name}": n for name, row in main_image.bytes.items() for who, n in row.items() if who != "taskpool"}
    result["bytes"] = {**sizes, **peers}
    result["default"] = measured["default"].table

    show("CONFIG_TIMESLICE_SIZE=0, in instructions", {name: row for name, row in result.items()
                                                      if name not in ("bytes", "default")})
    show("Zephyr's default time slice, in instructions", result["default"])
    print("\nbytes: " + ", ".join(f"{name} {n}" for name, n in result["bytes"].items()))
    print(f"one cycle of the clock is {main_image.per_cycle:.3f} instructions")
    (PROJECT / "build" / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(1 if check(result) else 0)


main()
