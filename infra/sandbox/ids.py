"""Ids in each vendor's own form: opaque to a client, the same again for the same seed."""

import hashlib
from base64 import b32encode
from itertools import count
from uuid import UUID


class Ids:
    """Hands out ids that never repeat within one seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = count(1)

    def _next(self) -> bytes:
        return hashlib.sha256(f"{self._seed}:{next(self._count)}".encode()).digest()

    def hex(self, length: int = 32) -> str:
        """Lower-case hexadecimal, as Twilio's sids end."""
        return self._next().hex()[:length]

    def code(self, length: int = 22) -> str:
        """Capitals and digits, as Square's ids and SendGrid's message ids look."""
        return b32encode(self._next()).decode()[:length]

    def uuid(self) -> str:
        """An event id as Square writes it."""
        return str(UUID(bytes=self._next()[:16], version=4))
