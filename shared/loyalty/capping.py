"""How many marketing messages a guest was sent lately: kept on their contact, one by one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from loyalty.domain import messages
from loyalty.domain.program import Message, Program
from loyalty.records import Claim, Contact

_replace = msgspec.structs.replace


def counted(contact: Contact, message: Message, program: Program, now: datetime) -> Contact:
    """Write the claim on the contact too, so that a STOP or another claim cannot slip between."""
    since = messages.cap_window(program, now)
    sent = tuple(at for at in contact.sent if at > since)
    if message.purpose == "marketing":
        sent = (*sent, now)
    return _replace(contact, sent=sent)


def uncounted(contact: Contact, claim: Claim) -> Contact:
    """Take one message out of its guest's cap: others may have been claimed at the same instant."""
    if claim.purpose != "marketing" or claim.at not in contact.sent:
        return contact
    at = contact.sent.index(claim.at)
    return _replace(contact, sent=contact.sent[:at] + contact.sent[at + 1 :])
