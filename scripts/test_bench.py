# SPDX-License-Identifier: Apache-2.0
"""Tests of bench.py: what it makes of the lines that an image prints."""

import bench

# A reading takes 4 cycles, and a cycle is 1.25 instructions.
CLOCK = ["bench: clock cycles 260 65 0", "bench: nop cycles 804 1000 1"]
MAIN = ["bench: submit_to_run floor 6400 64 64", "bench: submit_to_run k_work 7680 64 64",
        "bench: drain k_work 20000 199 1", "bytes: job k_work 48", "bytes: pool taskpool 104", "bench: done"]
P4WQ = ["bench: submit_to_run floor 6144 64 64", "bench: submit_to_run k_work 7000 64 64",
        "bench: submit_to_run p4wq 12800 64 64", "bench: drain k_work 1 1 1", "bytes: job k_work 1",
        "bytes: job p4wq 40", "bytes: pool taskpool 1", "bytes: pool p4wq 32", "bench: done"]


def test_instructions():
    measures = bench.Measures(CLOCK + MAIN)
    assert measures.per_cycle == 1.25
    assert measures.table["submit_to_run"] == {"floor": 120.0, "k_work": 145.0}
    assert measures.table["drain"] == {"k_work": 125.6}
    assert measures.bytes == {"job": {"k_work": 48}, "pool": {"taskpool": 104}}


def test_p4wq_with_its_floor_and_its_bytes():
    main_image = bench.Measures(CLOCK + MAIN)
    bench.add_p4wq(main_image, bench.Measures(CLOCK + P4WQ))
    row = {"floor": 120.0, "k_work": 145.0, "p4wq": 245.0, "p4wq_floor": 115.0}
    assert main_image.table == {"submit_to_run": row, "drain": {"k_work": 125.6}}
    assert main_image.bytes == {"job": {"k_work": 48, "p4wq": 40}, "pool": {"taskpool": 104, "p4wq": 32}}


def test_c_is_a_column_and_has_its_bytes():
    main_image = bench.Measures(CLOCK + MAIN)
    bench.add_c(main_image, bench.Measures(CLOCK + ["bench: submit_to_run taskpool_c 6656 64 64", "bytes: job taskpool_c 48"]))
    assert main_image.table["submit_to_run"] == {"floor": 120.0, "k_work": 145.0, "taskpool_c": 125.0}
    assert main_image.bytes["job"] == {"k_work": 48, "taskpool_c": 48}


def test_a_call_from_c_that_takes_too_much_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "bounds.json").write_text('{"submit/in_c": 1.06}')
    monkeypatch.setattr(bench, "BENCHES", tmp_path)
    assert bench.check({"submit": {"taskpool": 100.0, "taskpool_c": 106.0}}) == 0
    assert bench.check({"submit": {"taskpool": 100.0, "taskpool_c": 110.0}}) == 1
    assert "submit/in_c: 1.10 is more than 1.06" in capsys.readouterr().err


def test_table_has_all_columns(capsys):
    bench.show("title", {"submit_to_run": {"taskpool": 3.0, "taskpool_c": 3.5, "k_work": 6.0, "p4wq": 7.0, "floor": 1.0,
                                            "p4wq_floor": 2.0}})
    header, row = (line.split() for line in capsys.readouterr().out.splitlines()[2:])
    assert header == ["measure", "taskpool", "taskpool_c", "k_work", "p4wq", "floor", "p4wq_floor", "ratio"]
    assert row == ["submit_to_run", "3.0", "3.5", "6.0", "7.0", "1.0", "2.0", "0.50"]
