#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the pool beside Zephyr's own work queues, in instructions on qemu_cortex_m3.

Prints a table, writes build/bench.json, and compares with the bounds in benches/bounds.json: exit status 1 when one is
passed. doc/performance.md explains the method. Needs ZEPHYR_BASE, a toolchain and west: `make bench` sees to that.
With --code, prints what is counted as the pool's code, too. With --options, measures what each option of Kconfig adds
instead, and compares with nothing.
"""

import argparse
import collections
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
IMAGES = [("main", "no_timeslice.conf"), ("default", None), ("p4wq", "p4wq.conf"), ("spawn", "spawn.conf"),
          ("urgent", "urgent.conf"), ("task", "task.conf"), ("groups", "groups.conf"), ("search", "search.conf")]

# What Kconfig offers beyond the images above, by what turns it on: all that it depends on, too.
OPTIONS = {
    "nothing": (),
    "WAIT": ("WAIT=y",),
    "CONTROL": ("WAIT=y", "CONTROL=y"),
    "URGENT": ("URGENT=y",),
    "the default": ("WAIT=y", "CONTROL=y", "URGENT=y"),
    "RESERVE_THREADS=1": ("RESERVE_THREADS=1",),
    "PRIORITY_LEVELS=4": ("PRIORITY_LEVELS=4",),
    "LEVEL_PRIORITIES": ("PRIORITY_LEVELS=4", "LEVEL_PRIORITIES=y"),
    "ABORT": ("ABORT=y",),
    "PAUSE": ("WAIT=y", "CONTROL=y", "PAUSE=y"),
    "GROUPS": ("WAIT=y", "CONTROL=y", "GROUPS=y"),
    "STATS": ("STATS=y",),
    "TASKS": ("TASKS=y",),
    "EVENTS": ("TASKS=y", "EVENTS=y"),
    "RUNTIME_POOLS": ("WAIT=y", "CONTROL=y", "RESERVE_THREADS=1", "RUNTIME_POOLS=y"),
}
OPTION_MEASURES = ("submit_to_run", "round_trip", "isr_submit_to_run", "submit_queued", "drain", "defer_cancel_16")
OPTION_BYTES = ("pool", "worker", "job")

# A masked stretch begins where the lock is taken, and ends where it is released.
LOCK = "taskpool_port_lock"
UNLOCKS = ("taskpool_port_unlock", "taskpool_port_unlock_and_switch")
ARM = "taskpool_port_arm"

# Kinds of cases of the search (benches/src/search.rs) that take a job out and put one in, in one lock section.
DOUBLE = ("move", "defer_due", "move_due")

# The pool's code is every function of its crates and of src/port.c: what submit, defer, cancel and the workers take. But
# what runs at boot only is counted apart, `run_job` is part of each type of job, and the log's texts are not in all images.
CRATES = re.compile(r"<?taskpool(_core)?::|taskpool_core_")
BOOT = re.compile(r"(boot|start|create\w*|taskpool_core_(start|add_worker|add_reserve))(\.|$)")
NOT_COUNTED = re.compile(r"taskpool_core::job::run_job$|taskpool_port_report(\.|$)")


def build(name, conf, options=(), application=BENCHES):
    directory = BUILD / name
    command = ["west", "build", "--pristine", "auto", "-b", "qemu_cortex_m3", "-d", str(directory), str(application), "--"]
    if conf:
        command += [f"-DEXTRA_CONF_FILE={conf}"]
    command += [f"-DCONFIG_TASKPOOL_{option}" for option in options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"benches/ can't be built ({name}):\n{done.stdout}")
    return directory / "zephyr" / "zephyr.elf"


def run(elf, trace=None, cases=()):
    """Runs an image until it says that it is done; answers its lines.

    QEMU writes its log to `trace`. The image of the search repeats the `cases`, if any.
    """
    command = [*QEMU, str(elf)]
    if cases:
        start = next(address for address, _, name in symbols(elf, "bB") if name == "bench_cases")
        for n, case in enumerate(cases):
            command += ["-device", f"loader,addr={start + 4 * n:#x},data={case},data-len=4"]
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


def add_p4wq(main_image, image):
    """Takes over k_p4wq's figures from its own image, and the floor there, which is another."""
    for measure, row in image.table.items():
        if "p4wq" in row:
            main_image.table[measure]["p4wq"] = row["p4wq"]
            if "floor" in row:
                main_image.table[measure]["p4wq_floor"] = row["floor"]
    for what, row in image.bytes.items():
        if "p4wq" in row:
            main_image.bytes[what]["p4wq"] = row["p4wq"]


def add_c(main_image, image):
    """Takes over what the same calls take from C, from an image of C."""
    for table, other in ((main_image.table, image.table), (main_image.bytes, image.bytes)):
        for what, row in other.items():
            if "taskpool_c" in row:
                table[what]["taskpool_c"] = row["taskpool_c"]


def symbols(elf, kinds="tTwW"):
    """Address, size and name of each function, by address; or of each symbol of other kinds."""
    text = subprocess.run(["arm-none-eabi-nm", "-C", "-n", "-S", str(elf)], stdout=subprocess.PIPE, text=True, check=True)
    found = []
    for line in text.stdout.splitlines():
        parts = line.split(" ", 3)
        if len(parts) == 4 and parts[0] and parts[2] in kinds:
            found.append((int(parts[0], 16) & ~1, int(parts[1], 16), parts[3]))
    return found


def code(elf):
    """The functions that count as the pool's code, and those of them that run at boot only, with their sizes."""
    archive = next(elf.parent.parent.glob("modules/**/libtaskpool.a"))
    port = {(size, name) for _, size, name in symbols(archive)}
    # Functions that are alike may be one.
    functions = {address: (name, size) for address, size, name in symbols(elf)
                 if ((size, name) in port or CRATES.match(name)) and not NOT_COUNTED.match(name)}
    parts = [], []
    for name, size in functions.values():
        parts[bool(BOOT.match(name))].append((name, size))
    return parts


def longest_locked(elf, cases=()):
    """The longest stretch between lock and unlock, in instructions: without arming a timer, and with."""
    address = {name: b"%08x" % start for start, _, name in symbols(elf)}
    lock, unlocks, arm = address[LOCK], {address[name] for name in UNLOCKS}, address[ARM]
    fifo = BUILD / "trace.fifo"
    fifo.unlink(missing_ok=True)
    subprocess.run(["mkfifo", str(fifo)], check=True)
    longest = {False: 0, True: 0}

    def follow():
        count, armed = None, False
        with open(fifo, "rb") as log:
            for line in log:
                # Trace 0: 0x7f30c8000100 [00000000/000004ac/00000110/ff200001] name
                if not line.startswith(b"Trace"):
                    continue
                at = line.split(b"/", 2)[1]
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
    run(elf, fifo, cases)
    follower.join()
    fifo.unlink()
    return longest[False], longest[True]


def search(elf):
    """Searches for the longest stretches; answers those of each kind, without arming, and what was searched."""
    cases = collections.defaultdict(list)
    for line in run(elf):
        kind, *words = line.split() or [""]
        if kind == "found:":
            cases[words[0]].append(int(words[2]))
        elif kind == "searched:":
            trees, operations = words
    longest = {kind: longest_locked(elf, found)[0] for kind, found in cases.items()}
    return longest, f"{operations} operations on {trees} trees"


def show(title, table):
    columns = ("taskpool", "taskpool_c", "k_work", "p4wq", "floor", "p4wq_floor")
    print(f"\n{title}\n{'measure':24}" + "".join(f"{name:>12}" for name in (*columns, "ratio")))
    for measure, row in table.items():
        cells = "".join(f"{row.get(who, ''):>12}" for who in columns)
        ours, theirs = row.get("taskpool"), row.get("k_work")
        ratio = f"{ours / theirs:12.2f}" if ours and theirs else ""
        print(f"{measure:24}{cells}{ratio}")


def look_up(result, path):
    for name in path.split("."):
        result = result[name]
    return result


def check(result):
    """Compares with benches/bounds.json. Ratios have room of 2 %: the figures are exact, compilers are not."""
    failed = 0
    for name, bound in json.loads((BENCHES / "bounds.json").read_text()).items():
        measure, _, share = name.partition("/")
        row = look_up(result, measure)
        room = 1.02
        if share == "bytes":
            value, room = row, 1
        elif share == "instructions":
            value, room = row["taskpool"], 1
        elif share == "in_c":
            # How much more the call takes from C.
            value = row["taskpool_c"] / row["taskpool"]
        elif share == "k_work":
            value = row["taskpool"] / row["k_work"]
        elif share == "above_floor":
            value = (row["taskpool"] - row["floor"]) / (row["k_work"] - row["floor"])
        else:
            # How much more than another measure.
            value = row["taskpool"] / look_up(result, share)["taskpool"]
        if value > bound * room:
            print(f"!! {name}: {value:.2f} is more than {bound}", file=sys.stderr)
            failed += 1
    return failed


def show_options():
    """One row for each option: instructions, and bytes of code that any image has."""
    print(f"{'':18}" + "".join(f"{name:>18}" for name in (*OPTION_MEASURES, "code", *OPTION_BYTES)))
    for name, options in OPTIONS.items():
        # CMake would remember the options of the one before.
        elf = build("-".join(("option", *options)), "no_timeslice.conf", options)
        measured = Measures(run(elf))
        figures = [measured.table[measure]["taskpool"] for measure in OPTION_MEASURES]
        figures += [sum(size for _, size in code(elf)[0])]
        figures += [measured.bytes[what]["taskpool"] for what in OPTION_BYTES]
        print(f"{name:18}" + "".join(f"{figure:>18}" for figure in figures), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", action="store_true", help="print the functions that count as the pool's code")
    parser.add_argument("--options", action="store_true", help="measure what each option of Kconfig adds")
    arguments = parser.parse_args()

    BUILD.mkdir(parents=True, exist_ok=True)
    if arguments.options:
        return show_options()
    images = {name: build(name, conf) for name, conf in IMAGES}
    names = ("main", "default", "p4wq", "spawn", "urgent", "task", "groups")
    measured = {name: Measures(run(images[name])) for name in names}
    main_image = measured["main"]
    add_p4wq(main_image, measured["p4wq"])
    for name in "main", "spawn", "urgent", "task":
        conf = None if name == "main" else BENCHES / f"{name}.conf"
        add_c(measured[name], Measures(run(build(f"c-{name}", conf, application=BENCHES / "c"))))
    result = {**main_image.table, **measured["spawn"].table, **measured["urgent"].table, **measured["task"].table,
              **measured["groups"].table}
    without, arming = longest_locked(images["main"])
    result["lock_max_256"] = {"taskpool": without}
    result["lock_max_arming"] = {"taskpool": arming}
    worst, searched = search(images["search"])
    result["lock_worst_256"] = {"taskpool": max(n for kind, n in worst.items() if kind not in DOUBLE)}
    result["lock_worst_double"] = {"taskpool": max(worst[kind] for kind in DOUBLE)}
    always, at_boot = code(images["main"])
    sizes = {name: row["taskpool"] for name, row in main_image.bytes.items() if "taskpool" in row}
    sizes["code"] = sum(size for _, size in always)
    sizes["code_with_boot"] = sizes["code"] + sum(size for _, size in at_boot)
    peers = {f"{who} {name}": n for name, row in main_image.bytes.items() for who, n in row.items() if who != "taskpool"}
    result["bytes"] = {**sizes, **peers}
    result["default"] = measured["default"].table

    show("CONFIG_TIMESLICE_SIZE=0, in instructions", {name: row for name, row in result.items()
                                                      if name not in ("bytes", "default")})
    show("Zephyr's default time slice, in instructions", result["default"])
    print(f"\nlongest masked stretch of {searched}: " + ", ".join(f"{kind} {n}" for kind, n in worst.items()))
    print("bytes: " + ", ".join(f"{name} {n}" for name, n in result["bytes"].items()))
    print(f"one cycle of the clock is {main_image.per_cycle:.3f} instructions")
    if arguments.code:
        for title, functions in ("code", always), ("boot", at_boot):
            print(f"\n{title}: {sum(size for _, size in functions)} bytes")
            for name, size in sorted(functions, key=lambda function: -function[1]):
                print(f"{size:6} {name}")
    (PROJECT / "build" / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    sys.exit(1 if check(result) else 0)


if __name__ == "__main__":
    main()
