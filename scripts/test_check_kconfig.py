# SPDX-License-Identifier: Apache-2.0
"""Tests of check_kconfig.py."""

import pytest

import check_kconfig as ck

GOOD = """\
# The task pool.

menuconfig TASKPOOL
	bool "Task pool"
	depends on MULTITHREADING
	help
	  What it is.

	  - a list
	    of two lines

if TASKPOOL

config TASKPOOL_MIN_THREADS
	int "Workers that are started at once"
	range 1 16
	default 2
	help
	  Text.

module = TASKPOOL
source "subsys/logging/Kconfig.template.log_config"

endif # TASKPOOL
"""


def faults(text, **more):
    return [fault for _, fault in ck.check(text, **more)]


def test_good():
    assert faults(GOOD) == []


@pytest.mark.parametrize("old, new, expected", [
    ("	range 1 16\n", "", "TASKPOOL_MIN_THREADS: int without a range"),
    ("	default 2\n", "", "TASKPOOL_MIN_THREADS: int without a default"),
    ('	int "Workers that are started at once"\n', "	int\n", "TASKPOOL_MIN_THREADS: no prompt"),
    ("	help\n	  Text.\n", "", "TASKPOOL_MIN_THREADS: no help"),
    ("	help\n	  Text.\n", "	help\n\n", "TASKPOOL_MIN_THREADS: no help"),
    ("	  Text.", "	 Text.", "help text is indented by one tab and two spaces"),
    ("	  Text.", "		Text.", "help text is indented by one tab and two spaces"),
    ("	  Text.", "	  Text. ", "blanks at the end of the line"),
    ("	  Text.", "	  " + "x" * 91, "more than 100 columns"),
    ("	range 1 16", "    range 1 16", "indented by spaces: use a tab"),
    ("# The", "#The", "a comment begins with `# `"),
])
def test_faults(old, new, expected):
    assert old in GOOD
    assert expected in faults(GOOD.replace(old, new))


def test_no_type():
    assert faults("config TASKPOOL_X\n\tdefault 3\n") == [
        "TASKPOOL_X: no type", "TASKPOOL_X: no prompt", "TASKPOOL_X: no help"]


def test_an_application_may_set_another_default():
    assert faults("config TASKPOOL_X\n\tdefault 3\n", is_application=True) == []


def test_other_options_are_not_ours():
    assert faults("config SAMPLE_X\n\tint\n") == []
