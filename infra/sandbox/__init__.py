"""One loopback server that plays every vendor strictly and shows what guests got."""

from infra.sandbox.credentials import SandboxSecrets
from infra.sandbox.faults import FaultKind
from infra.sandbox.outbox import Message
from infra.sandbox.server import Sandbox
from infra.sandbox.square_shapes import line, money

__all__ = ["FaultKind", "Message", "Sandbox", "SandboxSecrets", "line", "money"]
