# SPDX-License-Identifier: Apache-2.0
"""Tests of check_features.py."""

from pathlib import Path

import pytest

import check_features as cf

GOOD = """\
| written as | stands in |
|---|---|
| `tasks.rs: ...` | somewhere |

| | feature | Rust | C | shown by, or why not |
|---|---|---|---|---|
| 1 | one (T) | `One` | `one` | `tasks.rs: begins`, `loom/two.rs: races` |

| | feature | Rust | C | shown by, or why not |
|---|---|---|---|---|
| 2 | two | no: why | `two` | `c/events.c: test_two`, `host.rs: begins` |
| 3 | three | no | no | it would be too much |
| 4 | four | `Four` | the same | `pool/boot.rs: early`, `last_words/testcase.yaml: a.b` |

| how? | here | shown by |
|---|---|---|
| so | otherwise | `tasks.rs: ends` |
"""
ROWS = 4

FILES = {
    "rust/testkit/tests/tasks.rs": "#[test]\nfn begins() {}\n#[test]\n#[cfg(A)]\nfn ends() {}\nfn helps() {}\n",
    "rust/testkit/tests/loom/two.rs": "mod a {\n    #[test]\n    // Why.\n    fn races() {}\n}\n",
    "rust/taskpool/tests/host.rs": "#[test]\nfn begins() {}\n",
    "tests/c/src/events.c": "ZTEST(c, test_two)\n{\n\thelps();\n}\n",
    "tests/pool/src/boot.rs": 'extern "C" fn early() {}\nextern "C" fn left_out() {}\n',
    "tests/pool/src/main.c": "\tearly();\n",
    "tests/last_words/testcase.yaml": "tests:\n  a.b:\n    tags: x\n",
}


@pytest.fixture(name="root")
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def faults(text, root):
    return [fault for _, fault in cf.check(text, root, ROWS)]


def test_good(root):
    assert faults(GOOD, root) == []


@pytest.mark.parametrize("old, new, expected", [
    ("tasks.rs: begins", "tasks.rs: begin", "there is no test tasks.rs: begin"),
    ("tasks.rs: begins", "tasks.rs: helps", "there is no test tasks.rs: helps"),
    ("tasks.rs: ends", "task.rs: ends", "there is no test task.rs: ends"),
    ("loom/two.rs", "two.rs", "there is no test two.rs: races"),
    ("test_two", "helps", "there is no test c/events.c: helps"),
    ("c/events.c", "d/events.c", "there is no test d/events.c: test_two"),
    ("boot.rs: early", "boot.rs: left_out", "there is no test pool/boot.rs: left_out"),
    ("yaml: a.b", "yaml: a", "there is no test last_words/testcase.yaml: a"),
    ("yaml: a.b", "yaml: axb", "there is no test last_words/testcase.yaml: axb"),
    ("| 3 | three", "| 4 | three", "row 4 stands where row 3 belongs"),
    ("| 3 | three", "| 2 | three", "row 2 stands where row 3 belongs"),
    ("| 4 | four | `Four` | the same | `pool/boot.rs: early`, `last_words/testcase.yaml: a.b` |\n", "",
     "the last row is 3, not 4"),
    ("| no | no |", "| no |", "row 3 has 4 columns, not 5"),
    ("too much |", "too much | or not |", "row 3 has 6 columns, not 5"),
    ("| no | no |", "| no | now |", "row 3 is there, and names no test that shows it"),
    ("| no | no |", "| `Three` | no |", "row 3 is there, and names no test that shows it"),
])
def test_faults(root, old, new, expected):
    assert old in GOOD
    assert expected in faults(GOOD.replace(old, new), root)


def test_a_fault_has_its_line(root):
    assert list(cf.check(GOOD.replace("loom/two.rs: races", "loom/two.rs: wins"), root, ROWS)) == [
        (7, "there is no test loom/two.rs: wins")]


def test_one_slip_is_one_fault(root):
    without = "".join(line for line in GOOD.splitlines(True) if not line.startswith("| 2 "))
    assert faults(without, root) == ["row 3 stands where row 2 belongs"]


def test_the_table_of_the_module(monkeypatch, capsys):
    monkeypatch.chdir(Path(__file__).parent.parent)
    assert cf.main() == 0, capsys.readouterr().out


def test_a_wrong_name_is_an_error(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(Path(__file__).parent.parent)
    text = Path(cf.FILE).read_text(encoding="utf-8")
    wrong = tmp_path / "features.md"
    wrong.write_text(text.replace("c/jobs.c: test_queued", "c/jobs.c: test_queue"), encoding="utf-8")
    assert cf.main(wrong) == 1
    assert "there is no test c/jobs.c: test_queue\n" in capsys.readouterr().out
