"""Fuzzing led by coverage: input that reaches new lines is kept and changed further.

Each reader runs in a process of its own, as the fuzzer takes a process over for good. It installs
on Linux for x86-64 only; elsewhere nothing is led.
"""

from __future__ import annotations

import re
import sys
import tempfile
from importlib.util import find_spec

from hypothesis import HealthCheck, given, settings
from infra import children
from tests.fuzz.playing import Meter, Result, Target

HERE = find_spec("atheris") is not None
_RUNS = re.compile(r"Done (\d+) runs")
_LONGEST = 4096
"""Bytes that the strategies may draw from: what is shorter makes only the simplest inputs."""


def guided(name: str, seconds: int, seed: int = 0) -> Result:
    """Fuzz a reader for so many seconds, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.fuzz.guided", name, str(seconds), folder, str(seed)]
        ended = children.run(command)
    runs = _RUNS.search(ended.stderr)
    broken = "" if runs and not ended.returncode else ended.stderr[-2000:]
    return Result(f"{name}, led by coverage", int(runs[1]) if runs else 0, 0.0, broken)


def fuzz(target: Target, seconds: str, folder: str, seed: str = "0") -> None:
    """Throw what coverage leads to at a target; this process ends with it, 0 if nothing broke."""
    import atheris  # noqa: PLC0415 - only where it is

    meter = Meter(target, lambda: None)
    throw = given(target.inputs)(lambda thrown: meter(thrown))  # noqa: PLW0108 - given wants a function
    every = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))(throw)
    lengths = [f"-max_len={_LONGEST}", "-len_control=0"]
    options = [
        f"-max_total_time={seconds}",
        f"-seed={int(seed) + 1}",
        f"-artifact_prefix={folder}/",
        *lengths,
    ]
    atheris.Setup([sys.argv[0], *options], every.hypothesis.fuzz_one_input)
    atheris.Fuzz()


def _main(name: str, *options: str) -> None:
    import atheris  # noqa: PLC0415 - only where it is

    with atheris.instrument_imports(include=["loyalty"]):
        from tests.fuzz.targets import readers  # noqa: PLC0415 - as above: it imports what is led
    fuzz(next(each for each in readers() if each.name == name), *options)


if __name__ == "__main__":
    _main(*sys.argv[1:])
