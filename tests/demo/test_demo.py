"""The demo says yes when everything is right, and no when something was put in to be found."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from infra.children import PIPE, Child, end

ROOT = Path(__file__).parent.parent.parent
FAULTS = {
    "lose-one": "momo_house",
    "double-one": "art_cafe",
    "forge-one": "momo_house",
    "tell-held": "three_harbors",
    "tell-returned": "three_harbors",
}
"""Each fault, and the day or week that it is put into here."""
DAYS = ("art_cafe", "momo_house", "three_harbors")
PATIENCE = 600
Told = tuple[int, str, str]


def begin(fault: str, *days: str) -> Child[str]:
    paths = {"PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}", "FAULT": fault}
    command = [sys.executable, "-m", "infra.demo", "--quiet", "--days", *(days or DAYS)]
    given = {**os.environ, **paths}
    return Child[str](command, given, cwd=ROOT, text=True, stdout=PIPE, stderr=PIPE)


def told(run: Child[str]) -> Told:
    """Wait for its end; return its exit code and all that it said."""
    with run:
        try:
            out, error = run.communicate(timeout=PATIENCE)
        finally:
            end(run)
    return run.returncode, out, error


def test_the_demo_comes_to_what_was_expected():
    code, out, error = told(begin(""))
    assert (code, error) == (0, ""), out
    assert out.count("verify: ledger adds up") == 3
    assert out.count("as expected, to the point and the word") == 3


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_the_demo_finds_a_fault(fault):
    code, out, error = told(begin(fault, FAULTS[fault]))
    assert (code, error) == (1, ""), out
    assert "DIFFERS" in out
    assert " differences" in out


def test_the_demo_refuses_a_fault_that_it_does_not_know():
    code, out, error = told(begin("lose-two"))
    assert (code, out) == (1, "")
    assert "FAULT is one of lose-one, double-one, forge-one, tell-held, tell-returned" in error
