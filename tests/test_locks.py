"""What is locked stays so on the day a package has a newer release."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent


def locked(name):
    """Read a lock: each package of this machine with the extras that its line names."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    asked = [Requirement(line.rstrip("\\ ")) for line in lines if "==" in line]
    here = [each for each in asked if not each.marker or each.marker.evaluate()]
    return {canonicalize_name(each.name): each.extras for each in here}


def asked_of(packages):
    """List each package that a locked one asks for with an extra, and that extra."""
    for name in packages:
        for each in map(Requirement, importlib.metadata.requires(name) or ()):
            if not each.marker or each.marker.evaluate({"extra": ""}):
                yield from ((canonicalize_name(each.name), extra) for extra in each.extras)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_the_extras_that_are_asked_of_a_package(name):
    """Without, pip 23 takes the newest release for `package[extra]`, and stops at its hash."""
    packages = locked(name)
    found = {(package, extra) for package, extra in asked_of(packages) if package in packages}
    assert found, "this sees what is asked"
    assert [f"{each}[{extra}]" for each, extra in found if extra not in packages[each]] == []
