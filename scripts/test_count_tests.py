# SPDX-License-Identifier: Apache-2.0
"""Tests of count_tests.py: what counts as what, and that nothing can hide."""

import json

import pytest

import count_tests as ct

BOARD, NATIVE = "qemu_cortex_m3", "native_sim/native/64"
FULL_BOARD = "qemu_cortex_m3/ti_lm3s6965"

TESTCASE_YAML = """
common:
  platform_allow: [native_sim/native/64, qemu_cortex_m3]
tests:
  taskpool.pool:
    tags: taskpool
"""
MAIN_C = """
ZTEST_SUITE(pool, NULL, NULL, NULL, NULL, NULL);
ZTEST(pool, test_submit) { }
ZTEST_F(pool, cancel)
{ }
// ZTEST(pool, test_line_comment) { }
/*
ZTEST(pool, test_block_comment) { }
*/
static const char *url = "https://x /*"; ZTEST_EXPECT_SKIP(pool, test_submit);
ZTEST_USER(pool, test_after_the_string) { }
"""
CASES = ("submit", "cancel", "after_the_string")


@pytest.fixture
def root(tmp_path):
    app = tmp_path / "tests" / "pool"
    (app / "src").mkdir(parents=True)
    (app / "testcase.yaml").write_text(TESTCASE_YAML)
    (app / "src" / "main.c").write_text(MAIN_C)
    sample = tmp_path / "samples" / "quickstart"
    sample.mkdir(parents=True)
    (sample / "sample.yaml").write_text(
        "tests:\n  sample.taskpool.quickstart:\n    platform_allow: native_sim/native/64\n")
    return tmp_path


def suite(name, platform, cases, status="passed"):
    return {"name": name, "platform": platform, "status": status,
            "testcases": [{"identifier": key, "status": value} for key, value in cases.items()]}


def pool_suite(platform, outcome="passed", **other):
    cases = {f"taskpool.pool.pool.{case}": other.get(case, outcome) for case in CASES}
    return suite("tests/pool/taskpool.pool", platform, cases, other.get("status", "passed"))


def full_report():
    return {"testsuites": [
        pool_suite(NATIVE), pool_suite(FULL_BOARD),
        suite("samples/quickstart/sample.taskpool.quickstart", NATIVE,
              {"sample.taskpool.quickstart": "passed"})]}


def run(root, report, status=0, *more):
    """The exit status of the command, for a report of twister."""
    path = root / "twister.json"
    path.write_text(json.dumps(report))
    return ct.main(["--twister", str(path), str(status), "--platform", NATIVE, "--platform", BOARD,
                    "--root", str(root), "--folder", "tests", "--folder", "samples", *more])


def last_line(capsys):
    return capsys.readouterr().out.splitlines()[-1]


def test_cargo_adds_up_all_result_lines():
    log = ("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n"
           "noise\n"
           "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out\n")
    assert str(ct.count_cargo(log, 101)) == "7 passed, 3 failed, 1 skipped"


def test_cargo_that_does_not_compile_is_a_failure():
    assert str(ct.count_cargo("error: could not compile", 101)) == "0 passed, 1 failed, 0 skipped"


def test_junit():
    xml = ("<testsuites><testsuite><testcase name='a'/><testcase name='b'><failure/></testcase>"
           "<testcase name='c'><skipped/></testcase></testsuite></testsuites>")
    assert str(ct.count_junit(xml, 1)) == "1 passed, 1 failed, 1 skipped"


def test_declared_cases_ignore_comments_and_strings():
    assert ct.declared_cases(MAIN_C) == {("pool", case) for case in CASES}


@pytest.mark.parametrize("allowed, platform, expected", [
    (BOARD, FULL_BOARD, True),
    (FULL_BOARD, FULL_BOARD, True),
    (NATIVE, NATIVE, True),
    ("native_sim", NATIVE, False),
    ("qemu_cortex_m", BOARD, False),
])
def test_same_platform(allowed, platform, expected):
    assert ct.same_platform(allowed, platform) is expected


def test_all_passed(root, capsys):
    assert run(root, full_report()) == 0
    assert last_line(capsys) == "7 passed, 0 failed, 0 skipped"


def test_failed_error_blocked_and_no_result_are_failures(root, capsys):
    report = full_report()
    report["testsuites"][0] = pool_suite(NATIVE, submit="failed", cancel="blocked",
                                         after_the_string=None, status="error")
    assert run(root, report, 1) == 1
    assert last_line(capsys) == "4 passed, 3 failed, 0 skipped"


def test_a_build_error_without_cases_is_a_failure(root, capsys):
    report = full_report()
    report["testsuites"][0] = suite("tests/pool/taskpool.pool", NATIVE, {}, "error")
    assert run(root, report, 1) == 1
    assert last_line(capsys) == "4 passed, 1 failed, 0 skipped"


def test_filtered_counts_neither(root, capsys):
    report = full_report()
    report["testsuites"].append(pool_suite("qemu_x86", "filtered", status="filtered"))
    assert run(root, report) == 0
    assert last_line(capsys) == "7 passed, 0 failed, 0 skipped"


def test_twister_that_fails_without_a_failed_case(root, capsys):
    assert run(root, full_report(), 2) == 1
    assert last_line(capsys) == "7 passed, 1 failed, 0 skipped"


def test_a_declared_case_that_never_ran_is_a_fault(root, capsys):
    report = full_report()
    del report["testsuites"][1]["testcases"][0]
    assert run(root, report) == 1
    out = capsys.readouterr().out
    assert f"ZTEST(pool, submit) did not pass on {BOARD}" in out
    assert out.splitlines()[-1] == "6 passed, 1 failed, 0 skipped"


def test_a_declared_case_that_skips_is_a_fault(root, capsys):
    report = full_report()
    report["testsuites"][1] = pool_suite(FULL_BOARD, submit="skipped")
    assert run(root, report) == 1
    assert last_line(capsys) == "6 passed, 1 failed, 1 skipped"


def test_a_scenario_that_never_ran_is_a_fault(root, capsys):
    report = full_report()
    del report["testsuites"][2]
    assert run(root, report) == 1
    assert f"sample.taskpool.quickstart did not run on {NATIVE}" in capsys.readouterr().out


def test_a_case_of_some_scenarios_only_has_to_pass_in_one(root):
    (root / "tests/pool/testcase.yaml").write_text(TESTCASE_YAML + "  taskpool.pool.small: {}\n")
    report = full_report()
    for platform in (NATIVE, FULL_BOARD):
        report["testsuites"].append(suite("tests/pool/taskpool.pool.small", platform,
                                          {"taskpool.pool.small.pool.submit": "passed"}))
    assert run(root, report) == 0


def test_excluded_and_skipped_scenarios_need_not_run(root):
    (root / "tests/pool/testcase.yaml").write_text(
        TESTCASE_YAML + "    platform_exclude: qemu_cortex_m3\n  taskpool.pool.later: {skip: true}\n")
    report = full_report()
    del report["testsuites"][1]
    assert run(root, report) == 0


def test_without_a_workspace_everything_is_skipped(root, capsys):
    arguments = ["--twister-not-run", "--platform", NATIVE, "--platform", BOARD,
                 "--root", str(root), "--folder", "tests", "--folder", "samples"]
    # Nothing but skipped tests is no success.
    assert ct.main(arguments) == 1
    assert last_line(capsys) == "0 passed, 0 failed, 7 skipped"
    assert ct.main([*arguments, "--check", "off", "passed"]) == 0
    assert last_line(capsys) == "1 passed, 0 failed, 7 skipped"


def test_missing_files_are_failures(tmp_path, capsys):
    arguments = ["--junit", "none.xml", "0", "--twister", "none.json", "0", "--root", str(tmp_path)]
    assert ct.main(arguments) == 1
    assert last_line(capsys) == "0 passed, 2 failed, 0 skipped"
