from __future__ import annotations

import pytest
from tests.files.desk import SITA, desk


@pytest.fixture
def cafe(tmp_path):
    """A shop that reads a folder, and Sita who is a guest of it."""
    with desk(tmp_path) as rig:
        rig.sita = rig.join(phone=SITA)
        yield rig
