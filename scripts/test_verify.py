# SPDX-License-Identifier: Apache-2.0
"""Tests of verify.py: nothing that did not run counts as passed, and faults are made where they should be."""

import json

import pytest

import verify as v


@pytest.fixture(autouse=True)
def apart(tmp_path, monkeypatch):
    """What the runner writes goes elsewhere."""
    monkeypatch.setattr(v, "BUILD", tmp_path)
    monkeypatch.setattr(v, "OUT", tmp_path / "verify")


def stages(monkeypatch, **results):
    """Stages that answer what they are told, in place of the real ones."""
    def stage(result):
        def body(long):
            if isinstance(result, Exception):
                raise result
            return result
        body.__doc__ = "a stage"
        return body
    monkeypatch.setattr(v, "HOST", {name: stage(result) for name, result in results.items()})
    monkeypatch.setattr(v, "STAGES", list(results))


def rows(tmp_path):
    return json.loads((tmp_path / "verify.json").read_text())["stages"]


def test_all_passed(monkeypatch, tmp_path, capsys):
    stages(monkeypatch, one=v.Result(v.PASSED, "7 tests"), two=v.Result(v.PASSED))
    assert v.main([]) == 0
    assert [row["result"] for row in rows(tmp_path)] == ["passed", "passed"]
    assert "one         passed" in capsys.readouterr().out


def test_a_failed_stage_fails_all_and_the_others_run(monkeypatch, tmp_path):
    stages(monkeypatch, one=v.Result(v.FAILED), two=v.Result(v.PASSED))
    assert v.main([]) == 1
    assert len(rows(tmp_path)) == 2


def test_a_skipped_stage_is_loud_and_has_not_passed(monkeypatch, tmp_path, capsys):
    stages(monkeypatch, one=v.Skip("no tool: get it"), two=v.Result(v.PASSED))
    assert v.main([]) == 0
    first = rows(tmp_path)[0]
    assert (first["result"], first["note"]) == ("skipped", "no tool: get it")
    assert "**  one: no tool: get it" in capsys.readouterr().out


def test_nothing_but_skipped_stages_is_a_failure(monkeypatch):
    stages(monkeypatch, one=v.Skip("no tool"))
    assert v.main([]) == 1


def test_only_the_stages_that_are_asked_for(monkeypatch, tmp_path):
    stages(monkeypatch, one=v.Result(v.FAILED), two=v.Result(v.PASSED))
    assert v.main(["--stages", "two"]) == 0
    assert [row["stage"] for row in rows(tmp_path)] == ["two"]


def test_an_unknown_stage_is_an_error(monkeypatch):
    stages(monkeypatch, one=v.Result(v.PASSED))
    with pytest.raises(SystemExit):
        v.main(["--stages", "three"])


def test_a_stage_that_tried_nothing_has_not_passed():
    assert v.judge(0, "0 tests", enough=False).result == v.FAILED
    assert v.judge(1, "5 tests").result == v.FAILED
    assert v.judge(0, "5 tests").result == v.PASSED


def test_passed_tests_are_counted_over_all_result_lines():
    assert v.tests_passed("test result: ok. 5 passed; 0 failed; 1 ignored\n"
                          "test result: FAILED. 2 passed; 1 failed;\n") == 7


# --- Commands ---------------------------------------------------------------------

@pytest.mark.parametrize("timeout", [None, 60])
def test_a_command_is_logged_and_answers_its_status(tmp_path, timeout):
    log = tmp_path / "log"
    assert v.call(["sh", "-c", "echo said; exit 3"], log, v.environment(), tmp_path, False, timeout) == (3, "said\n")
    assert log.read_text() == "said\n"


def test_a_command_that_never_ends_is_stopped(tmp_path):
    status, _ = v.call(["sh", "-c", "sleep 60 & sleep 60"], tmp_path / "log", v.environment(), tmp_path, False, 0.2)
    assert status is None


# --- Faults -----------------------------------------------------------------------

def fault(old):
    return v.Fault({"name": "n", "file": "f", "old": old, "new": "new"})


def test_a_fault_replaces_its_text():
    assert fault("b\n").make("a\nb\nc\n") == "a\nnewc\n"


@pytest.mark.parametrize("text", ["a\n", "b\nb\n"])
def test_a_fault_whose_text_is_not_there_once_is_an_error(text):
    with pytest.raises(ValueError):
        fault("b\n").make(text)


def test_the_table_fits_the_sources_and_is_large_enough():
    table = v.read_faults((v.PROJECT / "scripts" / "faults.toml").read_text())
    assert len({fault.name for fault in table}) == len(table) >= 20
    assert sum(fault.short for fault in table) >= 10
    for entry in table:
        entry.make((v.RUST / entry.file).read_text())
        assert set(entry.tests) <= set(v.FAULT_TESTS)


def test_faults_are_looked_for_by_all_tests():
    assert set(v.FAULT_TESTS) == {path.stem for path in (v.RUST / "testkit" / "tests").glob("*.rs")}


# --- Twister ----------------------------------------------------------------------

def suite(status, *cases):
    return {"name": "tests/soak/taskpool.soak.short", "status": status, "reason": "why",
            "testcases": [{"identifier": f"case{n}", "status": case} for n, case in enumerate(cases)]}


@pytest.mark.parametrize("suites, passed, faults", [
    ([suite("passed", "passed", "passed")], 2, 0),
    ([suite("failed", "passed", "failed")], 1, 1),
    ([suite("passed", "passed", "skipped")], 1, 1),
    ([suite("error")], 0, 1),
    ([suite("failed", "blocked", None)], 0, 2),
    ([suite("filtered", "filtered")], 0, 0),
    ([suite("not run", "not run")], 0, 1),
])
def test_cases_of_twister(suites, passed, faults):
    found = v.count_cases({"testsuites": suites})
    assert (found[0], len(found[1])) == (passed, faults)


def test_without_a_workspace_its_stages_are_skipped(monkeypatch, capsys):
    monkeypatch.delenv("ZEPHYR_BASE", raising=False)
    assert v.run("soak", False)["result"] == v.SKIPPED


def test_a_scenario_that_is_not_declared_is_skipped(monkeypatch, tmp_path):
    monkeypatch.setenv("ZEPHYR_BASE", "/somewhere")
    monkeypatch.setattr(v, "PROJECT", tmp_path)
    assert v.run("soak", False)["result"] == v.SKIPPED


@pytest.mark.parametrize("suite", v.SUITES.values(), ids=v.SUITES)
def test_the_scenarios_of_the_stages_are_declared(suite):
    declared = "".join((v.PROJECT / folder / "testcase.yaml").read_text() for folder in suite.folders)
    for scenario in (*suite.short, *suite.long):
        assert f"  {scenario}:\n" in declared


@pytest.mark.parametrize("long, name", [(False, "taskpool.soak.short"), (True, "taskpool.soak.long")])
def test_a_suite_runs_the_scenarios_of_its_form(monkeypatch, tmp_path, long, name):
    monkeypatch.setenv("ZEPHYR_BASE", "/somewhere")
    monkeypatch.setattr(v, "PROJECT", tmp_path)
    (tmp_path / "tests/soak").mkdir(parents=True)
    (tmp_path / "tests/soak/testcase.yaml").write_text("tests:\n  taskpool.soak.short:\n  taskpool.soak.long:\n")

    def call(command, *_, **__):
        assert f"--scenario={name}" in command
        out = v.OUT / "twister-soak"
        out.mkdir(parents=True)
        (out / "twister.json").write_text(json.dumps({"testsuites": [suite("passed", "passed")]}))
        return 0, ""
    monkeypatch.setattr(v, "call", call)
    assert v.twister("soak", long) == v.Result(v.PASSED, "1 cases")
