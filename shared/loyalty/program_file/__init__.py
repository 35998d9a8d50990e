"""The program file: from its text to the program, with every mistake at once.

`read` is what everything uses; `check` also tells warnings; `reread` takes a text that was
published before, `follow` compares with such texts. `schema`, `documents`, `starting` and
`difference` follow from the same types.
"""

from __future__ import annotations

from loyalty.program_file.difference import difference
from loyalty.program_file.mistakes import Mistake, Mistakes
from loyalty.program_file.program_text import check, follow, read, reread
from loyalty.program_file.schema import schema

__all__ = ["Mistake", "Mistakes", "check", "difference", "follow", "read", "reread", "schema"]
