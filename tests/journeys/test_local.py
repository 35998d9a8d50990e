"""What one machine refuses, and keeps to itself."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from infra.local import Local, NotHere

from loyalty.logs import QUIET


@pytest.mark.parametrize(
    ("name", "value"), [("LOYALTY_STORE", "firestore:mine"), ("LOYALTY_BUS", "pubsub:mine")]
)
def test_what_is_for_the_cloud_is_refused_and_nothing_is_made_of_it(
    tmp_path: Path, name: str, value: str
) -> None:
    folder = tmp_path / "data"
    with pytest.raises(NotHere, match=f"{name}={value}"):
        Local({"LOYALTY_DATA": str(folder), name: value}, log=QUIET)
    assert not list(folder.glob("*.db"))


def test_what_it_keeps_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    local = Local({"LOYALTY_DATA": str(folder)}, log=QUIET)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    local.stop()
    assert modes.pop("data") == 0o700
    assert {modes[name] for name in modes if not name.endswith(".lock")} == {0o600}
