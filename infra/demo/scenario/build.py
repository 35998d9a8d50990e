"""Writes the demo scenarios: `python -m infra.demo.scenario.build`. Always the same bytes."""

from __future__ import annotations

from pathlib import Path

from infra.demo.scenario import art_cafe, momo_house, three_harbors
from infra.demo.scenario.day import write

HERE = Path(__file__).parent


def build(folder: Path = HERE) -> list[Path]:
    """Write all scenarios into the folder; the paths written."""
    paths = []
    days = {
        "art_cafe": art_cafe.day(),
        "momo_house": momo_house.day(),
        "three_harbors": three_harbors.week(),
    }
    for name, day in days.items():
        path = folder / f"{name}.json"
        write(day.document(), path)
        paths.append(path)
    return paths


if __name__ == "__main__":
    for written in build():
        print(written)
