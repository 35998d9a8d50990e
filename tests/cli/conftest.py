"""A data folder as the server leaves it, and the command line run on it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.rig import NOON, Rig, opened, refund, sale

from loyalty.campaigns import commissioning
from loyalty.cli import main
from loyalty.connectors.spec import Guest
from loyalty.domain.automations import Step
from loyalty.domain.campaigns import Campaign

PROGRAM = Path("tests/programs/plain.yaml").read_text("utf-8").replace(
    "rules:", "limits: {receipt_ceiling: 500.00}\n  rules:"
)  # fmt: skip
PROGRAM += (
    "segments: {friends: {title: {en: Friends}, tags: [friend]}}\nschedules: {segments: off}\n"
)
PHONE = "+4915112345678"
ADVENT = Campaign(
    starts="2026-12-01 10:00", ends="2026-12-24 18:00", steps={"gift": Step(award=10)}
)
LATER = NOON + timedelta(days=1)


class CommandLine:
    """Runs `loyalty` on a data folder (or in `environment`), a day after everything happened."""

    def __init__(
        self, folder: Path, member: str = "", environment: Mapping[str, str | None] | None = None
    ) -> None:
        self.folder = folder
        self.member = member
        self.environment = environment or {}

    def __call__(self, *words: str, typed: str = "", code: int = 0, at: Any = LATER) -> str:
        """Run a command that must exit with this code; return what it says, on one line."""
        return " ".join(self.run(*words, typed=typed, code=code, at=at).output.split())

    def run(self, *words: str, typed: str = "", code: int = 0, at: Any = LATER) -> Result:
        environment = {
            "LOYALTY_DATA": str(self.folder),
            "LOYALTY_CLOCK": f"virtual:{at.isoformat()}",
            "LOYALTY_STORE": None,
            "LOYALTY_PEPPER": None,
            "COLUMNS": "200",
            **self.environment,
        }
        result = CliRunner().invoke(main, words, input=typed, env=environment)
        assert result.exit_code == code, result.output
        return result

    def rig(self) -> Any:
        """Open the folder as the server would."""
        return opened(self.folder, PROGRAM)


def happen(rig: Rig) -> str:
    """A regular's day: a sale and its refund, one to review, a stranger, an unknown till."""
    member = rig.join("Sita Rai", phone=PHONE, email="sita@example.org")
    commissioning.start("advent", ADVENT, "Maya", rig.shop)
    guest = Guest(phone=PHONE)
    for fact, who in (
        (sale("R1", 4700), guest),
        (refund("F1", "R1", 1000), guest),
        (sale("R2", 60_000, at=NOON + timedelta(hours=1)), guest),
        (sale("R3", 1000), Guest(phone="+4915112345679")),
        (sale("R4", 2000, store="garden"), guest),
    ):
        rig.tell(fact, who)
        rig.run()
    return member


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "data"
    folder.mkdir()
    (folder / "pepper").write_text("p1:a pepper for tests only")
    with opened(folder, PROGRAM) as rig:
        return CommandLine(folder, happen(rig))


@pytest.fixture
def loyalty(made):
    """The command line, for commands that only look."""
    return made


@pytest.fixture
def changing(made, tmp_path):
    """The command line on a folder of one's own."""
    return CommandLine(Path(shutil.copytree(made.folder, tmp_path / "data")), made.member)


@pytest.fixture
def empty(tmp_path):
    """The command line where nothing has ever run."""
    return CommandLine(tmp_path / "data")
