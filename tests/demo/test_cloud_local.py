"""The demo's days in the cloud's shape: the same sums and texts, also when processes are killed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from infra import children
from infra.topology import topology

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 1500
EMULATORS = 2
AT_REST = 2
"""So many strikes at most may come while nothing is on its way."""


@pytest.mark.slow
def test_both_days_come_to_what_was_expected_whatever_is_killed_or_paused():
    paths = {"PYTHONPATH": f"{ROOT / 'shared'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "infra.cloud_local", "--trouble"]
    run = children.run(command, cwd=ROOT, env={**os.environ, **paths}, timeout=PATIENCE)
    if "needs the Google Cloud CLI" in run.stderr:  # in CI it has to be there
        pytest.fail(run.stderr) if os.environ.get("CI") else pytest.skip(run.stderr)
    assert run.returncode == 0, run.stdout + run.stderr
    struck = re.findall(r"struck (\d+) times, (\d+) of them at work", run.stdout)
    strikes = len(topology().functions) + EMULATORS
    assert [int(times) for times, _ in struck] == [strikes, strikes]
    assert all(int(at_work) >= strikes - AT_REST for _, at_work in struck), run.stdout
    assert run.stdout.count("verify: ledger adds up") == 3
    assert run.stdout.count("as expected, to the point and the sentence") == 2
    assert run.stdout.count("as expected, to the point and the word") == 1
