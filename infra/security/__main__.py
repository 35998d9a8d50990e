"""Look for weak spots, secrets and personal data where they do not belong."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from rich.progress import track

from infra import evidence
from infra.evidence import Row
from infra.security.leaks import forms, leaks
from infra.security.sinks import DAY, left
from infra.security.tools import TOOLS


def personal_data() -> Row:
    """Play a day, then look for its guests wherever they do not belong."""
    with tempfile.TemporaryDirectory(prefix="regulars-audit-") as folder:
        sinks, values = left(Path(folder))
    found = leaks(sinks, values)
    for each in found:
        print(each, file=sys.stderr)
    size = sum(map(len, sinks.values())) / 1e6
    searched = f"{len(values)} values in {len(forms(''))} forms, {size:.1f} MB"
    return Row(
        f"guests of the {DAY.replace('_', ' ')}",
        "0 found",
        f"{len(found)} found; {searched}",
        not found,
    )


def main() -> int:
    """Run every check; 1 if one found something."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__)
    parser.parse_args()
    rows = [check() for check in track((personal_data, *TOOLS), "Looking")]
    notes = "bill of materials: build/sbom.json (CycloneDX)"
    return 0 if evidence.keep("audit", "make audit", notes, rows) else 1


if __name__ == "__main__":
    sys.exit(main())
