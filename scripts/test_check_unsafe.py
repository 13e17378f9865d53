# SPDX-License-Identifier: Apache-2.0
"""Tests of check_unsafe.py: what is the keyword, and what only looks like it."""

import pytest

import check_unsafe as cu


@pytest.mark.parametrize("text", [
    "fn f() { unsafe { g() } }",
    "unsafe fn f() {}",
    "unsafe impl Send for T {}",
    "#[unsafe(no_mangle)] fn f() {}",
    "/* a /* b */ c */ unsafe {}",
    "let q = '\"'; unsafe {} // \"",
    "fn f<'a>(x: &'a str) { unsafe {} }",
    'let s = "\\""; unsafe {}',
    'let s = r#"a " b"#; unsafe {}',
])
def test_unsafe(text):
    assert cu.has_unsafe(text)


@pytest.mark.parametrize("text", [
    "#![forbid(unsafe_code)]",
    "#![deny(unsafe_op_in_unsafe_fn)]",
    "// unsafe",
    "/// Why `unsafe` is not needed.",
    "/* a /* b */ unsafe */",
    'let s = "unsafe";',
    'let s = "a \\" unsafe";',
    'let s = r#"a " unsafe"#;',
    'let s = br"\\"; // unsafe',
    "let c = '\\''; // unsafe '",
])
def test_not_unsafe(text):
    assert not cu.has_unsafe(text)


def test_faults():
    listed = cu.parse_list("# title\n\na.rs # the lock\nold.rs # gone\nb.rs\n")
    assert listed == {"a.rs": "the lock", "old.rs": "gone", "b.rs": ""}
    wrong = "\n".join(cu.faults({"a.rs", "b.rs", "new.rs"}, listed))
    assert len(wrong.splitlines()) == 3
    assert "new.rs: contains" in wrong and "old.rs contains no" in wrong and "b.rs has no reason" in wrong
