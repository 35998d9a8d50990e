"""The demo's days in the cloud's shape: the same sums and texts, also when processes are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from infra import emulators

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 1500
STRIKES = 9
"""Seven functions killed, two emulators paused."""


@pytest.fixture(autouse=True)
def _emulators():
    """Without the emulators skip, but in CI fail: there they have to be."""
    try:
        emulators.platform()
    except emulators.NotInstalled as why:
        pytest.fail(str(why)) if os.environ.get("CI") else pytest.skip(str(why))


def test_both_days_come_to_what_was_expected_whatever_is_killed_or_paused():
    paths = {"PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}"}
    run = subprocess.run(
        [sys.executable, "-m", "infra.cloud_local", "--trouble"],
        cwd=ROOT, env={**os.environ, **paths}, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(f"struck {STRIKES} times") == 2
    assert run.stdout.count("verify: ledger adds up") == 2
    assert run.stdout.count("as expected, to the point and the word") == 2
