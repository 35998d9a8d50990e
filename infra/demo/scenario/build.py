"""Writes the two demo scenarios: `python -m infra.demo.scenario.build`. Always the same bytes."""

from __future__ import annotations

from pathlib import Path

from infra.demo.scenario import art_cafe, momo_house
from infra.demo.scenario.day import write

HERE = Path(__file__).parent


def build(folder: Path = HERE) -> list[Path]:
    """Write both scenarios into the folder; the paths written."""
    paths = []
    for name, day in (("art_cafe", art_cafe.day()), ("momo_house", momo_house.day())):
        path = folder / f"{name}.json"
        write(day.document(), path)
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in build():
        print(written)
