#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what the pool costs in flash and RAM, in the smallest applications for qemu_cortex_m3.

Builds those in benches/size: nothing in C, nothing in Rust, one job in a pool, in Rust and in C, the same as a task in C,
that task waiting for an event, and the same job in a `k_work_delayable` with its own queue. Prints what each takes, the difference of the latter two by symbol, and the text
of the pool alone. Writes build/size.json, and compares with benches/size/budget.json: exit status 1 when a figure
passes its budget, or when the image in C has code that formats text. Needs ZEPHYR_BASE, a toolchain and west: `make size` sees to that.
"""

import bisect
import collections
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

PROJECT = Path(__file__).resolve().parent.parent
APPLICATIONS = PROJECT / "benches" / "size"
BUDGET = APPLICATIONS / "budget.json"
BUILD = PROJECT / "build" / "size"

# The images, and the empty ones that they are compared with. Above `base_rust` is what a job costs an application that
# is in Rust anyway; above `base`, all of it.
IMAGES = {"base": [], "base_rust": ["base"], "k_work": ["base"], "taskpool": ["base", "base_rust"], "taskpool_c": ["base"],
          "task_c": ["taskpool_c"], "event_c": ["task_c"]}
OURS, OURS_IN_C, TASK, EVENT, PEER = "taskpool", "taskpool_c", "task_c", "event_c", "k_work"
MEMORIES = ("flash", "RAM")

# Whose a symbol is, in the order of the table. Rust's constants, mostly texts of panics, don't say whose they are. What
# the compiler inlined belongs to the caller: that is what the pool adds to each place that submits.
POOL, RUST, CONSTANTS = "the pool", "Rust's core and zephyr-lang-rust", "Rust's constants, of all crates"
APPLICATION, ZEPHYR, NOBODY = "the application", "Zephyr", "without a symbol"
OWNERS = (POOL, RUST, CONSTANTS, APPLICATION, ZEPHYR, NOBODY)

Symbol = collections.namedtuple("Symbol", "name size is_text memories owner")


def environment():
    """Panics carry the paths of their source files: how long those are on this machine must not count."""
    workspace = Path(os.environ["ZEPHYR_BASE"]).resolve().parent
    remap = [f"--remap-path-prefix={top}=." for top in (workspace, PROJECT)]
    return {**os.environ, "RUSTFLAGS": " ".join([os.environ.get("RUSTFLAGS", ""), *remap]).strip()}


def build(name):
    directory = BUILD / name
    command = ["west", "build", "--pristine", "auto", "-b", "qemu_cortex_m3", "-d", str(directory),
               str(APPLICATIONS / name)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    if done.returncode != 0:
        sys.exit(f"benches/size/{name} can't be built:\n{done.stdout}")
    return directory / "zephyr"


def demangled(names):
    """Rust's names as they are written, without the hashes."""
    done = subprocess.run(["c++filt"], input="\n".join(names), stdout=subprocess.PIPE, text=True, check=True)
    return [re.sub(r"::h[0-9a-f]{16}$|\[[0-9a-f]{8,}\]", "", name) for name in done.stdout.split("\n")]


class Origins:
    """Which object file of which archive the linker took an address from: its map says so, also of local functions."""

    # The name of a section has a line of its own when it is long.
    SECTION = re.compile(r"^ (\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$", re.MULTILINE)

    def __init__(self, path):
        # What comes before was discarded. Addresses of debug information are no addresses.
        _, _, placed = path.read_text().partition("\nLinker script and memory map\n")
        found = [(int(address, 16), int(size, 16), section, origin)
                 for section, address, size, origin in self.SECTION.findall(placed)
                 if not section.startswith((".debug", ".comment", ".ARM.attributes"))]
        self.sections = sorted(row for row in found if row[1])
        self.starts = [row[0] for row in self.sections]

    def of(self, address):
        start, size, _, origin = self.sections[bisect.bisect(self.starts, address) - 1]
        return origin if address < start + size else ""

    def size(self, kind, member, named):
        """Adds up the sections of a kind, from an object, that no symbol names."""
        return sum(size for start, size, section, origin in self.sections
                   if section.startswith(kind) and member in origin and start not in named)


def owner(origin, name):
    if "libtaskpool.a(" in origin:
        return POOL
    if "libtaskpool_c.a(" in origin:
        return RUST if re.match(r"<?core::", name) or "(taskpool_c-" not in origin else POOL
    if "libapp.a(" in origin:
        return APPLICATION
    if "librustapp.a(" not in origin:
        return ZEPHYR
    if "(rustapp-" not in origin:
        return RUST
    # Link-time optimisation makes one object of all crates, so the name has to tell: by its first path, which is that
    # of the type in `<type as trait>`. What C calls has no path.
    path = re.search(r"(\w+)::", name)
    crate = path[1] if path else "taskpool" if name.startswith("taskpool_") else "rustapp"
    if crate in ("taskpool", "taskpool_core"):
        return POOL
    return APPLICATION if crate == "rustapp" else RUST


class Image:
    """The symbols of an image, and its sizes as the linker counts them."""

    def __init__(self, directory):
        origins = Origins(directory / "zephyr.map")
        with open(directory / "zephyr.elf", "rb") as file:
            elf = ELFFile(file)
            table = list(elf.get_section_by_name(".symtab").iter_symbols())
            initialised = {n for n, section in enumerate(elf.iter_sections()) if section["sh_type"] != "SHT_NOBITS"}
        value = {symbol.name: symbol["st_value"] for symbol in table}
        self.total = {"flash": value["_flash_used"], "RAM": value["_image_ram_size"]}

        # Two names of one thing count once, under the shorter one.
        sized = [symbol for symbol in table if symbol["st_size"] and isinstance(symbol["st_shndx"], int)]
        sized.sort(key=lambda symbol: (len(symbol.name), symbol.name), reverse=True)
        things = {}
        for symbol in sized:
            is_text = symbol["st_info"]["type"] == "STT_FUNC"
            # The lowest bit of a function's address is the instruction set.
            things[symbol["st_value"] & (~1 if is_text else ~0)] = (symbol, is_text)
        self.symbols = []
        names = demangled(symbol.name for symbol, _ in things.values())
        for (address, (symbol, is_text)), name in zip(things.items(), names):
            # Initialised data is in both.
            memories = [memory for memory, holds in (
                ("flash", symbol["st_shndx"] in initialised),
                ("RAM", value["_image_ram_start"] <= address < value["_image_ram_end"])) if holds]
            self.symbols.append(Symbol(name, symbol["st_size"], is_text, memories, owner(origins.of(address), name)))
        constants = sum(origins.size(".rodata.", member, things) for member in ("(rustapp-", "(taskpool_c-"))
        self.symbols.append(Symbol(CONSTANTS, constants, False, ["flash"], CONSTANTS))

    def by(self, field, memory):
        """Adds up a memory by a field of its symbols. The sum is the total: with strings, tables and holes."""
        sums = collections.Counter()
        for symbol in self.symbols:
            if memory in symbol.memories:
                sums[getattr(symbol, field)] += symbol.size
        sums[NOBODY] = self.total[memory] - sum(sums.values())
        return sums


def difference(memory, ours, peer):
    """What is in one image and not in the other, or of another size; most first."""
    ours, peer = ours.by("name", memory), peer.by("name", memory)
    rows = [(ours[name] - peer[name], ours[name], peer[name], name) for name in ours.keys() | peer.keys()]
    return sorted((row for row in rows if row[0]), key=lambda row: (-abs(row[0]), row[3]))


def show_images(images):
    columns = "".join(f"{f'above {base}: flash, RAM':>34}" for base in IMAGES[OURS])
    print(f"\n{'image':12}{'flash':>8}{'RAM':>8}{columns}")
    for name, bases in IMAGES.items():
        total = images[name].total
        above = "".join("{:>26}{:>8}".format(*(total[memory] - images[base].total[memory] for memory in MEMORIES))
                        for base in bases)
        print(f"{name:12}{total['flash']:>8}{total['RAM']:>8}{above}")


def show_owners(images):
    for memory in MEMORIES:
        print(f"\n{f'{memory} by owner':36}" + "".join(f"{name:>12}" for name in IMAGES))
        sums = {name: images[name].by("owner", memory) for name in IMAGES}
        for who in OWNERS:
            print(f"{who:36}" + "".join(f"{sums[name][who]:>12}" for name in IMAGES))


def show_difference(memory, rows):
    print(f"\n{memory}, {OURS} against {PEER}, by symbol\n{'difference':>10}{OURS:>10}{PEER:>10}")
    for change, ours, peer, name in rows:
        print(f"{change:>+10}{ours:>10}{peer:>10}  {name}")
    print(f"{sum(row[0] for row in rows):>+10}{'':20}  in all")


def show_text(functions):
    print("\ntext of the pool alone")
    for function in functions:
        print(f"{function.size:>10}  {function.name}")
    print(f"{sum(function.size for function in functions):>10}  in all")


def check(figures):
    """Prints the figures beside their budgets; answers how many are over theirs."""
    budgets = json.loads(BUDGET.read_text())
    if budgets.keys() != figures.keys():
        sys.exit(f"{BUDGET.relative_to(PROJECT)} must have exactly these figures: {', '.join(figures)}")
    print(f"\n{'figures of ' + OURS:40}{'bytes':>8}{'budget':>8}")
    for name, value in figures.items():
        print(f"{name:40}{value:>8}{budgets[name]:>8}")
    over = [name for name, value in figures.items() if value > budgets[name]]
    sys.stdout.flush()  # so that what follows comes last in a log, too
    for name in over:
        print(f"!! {name}: {figures[name]} bytes are more than the budget of {budgets[name]}. Look in the tables above "
              f"for what grew, and make it smaller; or raise the budget in {BUDGET.relative_to(PROJECT)}, and say what "
              "for.", file=sys.stderr)
    return len(over)


def main():
    images = {name: Image(build(name)) for name in IMAGES}
    ours = images[OURS]
    differences = {memory: difference(memory, ours, images[PEER]) for memory in MEMORIES}
    functions = sorted((symbol for symbol in ours.symbols if symbol.is_text and symbol.owner == POOL),
                       key=lambda symbol: (-symbol.size, symbol.name))
    figures = {f"{memory} above {base}": ours.total[memory] - images[base].total[memory]
               for base in IMAGES[OURS] for memory in MEMORIES}
    figures["text of the pool alone"] = sum(function.size for function in functions)
    in_c = images[OURS_IN_C]
    for memory in MEMORIES:
        figures[f"in C: {memory} above base"] = in_c.total[memory] - images["base"].total[memory]
    figures["in C: text of the pool alone"] = sum(
        symbol.size for symbol in in_c.symbols if symbol.is_text and symbol.owner == POOL)
    for memory in MEMORIES:
        figures[f"a task in C: {memory} above the job"] = images[TASK].total[memory] - in_c.total[memory]
    for memory in MEMORIES:
        figures[f"an event in C: {memory} above the task"] = images[EVENT].total[memory] - images[TASK].total[memory]
    formatting = [symbol.name for symbol in in_c.symbols if "core::fmt" in symbol.name]

    show_images(images)
    show_owners(images)
    for memory, rows in differences.items():
        show_difference(memory, rows)
    show_text(functions)
    result = {
        "images": {name: image.total for name, image in images.items()},
        "owners": {name: {memory: dict(image.by("owner", memory)) for memory in MEMORIES}
                   for name, image in images.items()},
        "differences": {memory: {name: change for change, _, _, name in rows} for memory, rows in differences.items()},
        "text": {function.name: function.size for function in functions},
        "figures": figures,
    }
    (PROJECT / "build" / "size.json").write_text(json.dumps(result, indent=2) + "\n")
    over = check(figures)
    if formatting:
        print(f"!! the image in C formats text: {', '.join(formatting)}. Look who panics, or prints.", file=sys.stderr)
    sys.exit(1 if over or formatting else 0)


main()
