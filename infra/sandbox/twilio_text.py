"""What Twilio makes of words: segments, opt-out keywords, and replies written as TwiML."""

import html
import re
from typing import Literal

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_PAIRS = frozenset("^{}\\[]~|€\f")
GSM_7_ALONE, GSM_7_PART = 160, 153
UCS_2_ALONE, UCS_2_PART = 70, 67

OptOutType = Literal["STOP", "START", "HELP"]
KEYWORDS: dict[str, OptOutType] = {
    **dict.fromkeys(
        ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "STOP"
    ),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}
AUTOMATIC_REPLIES: dict[OptOutType, str] = {
    "STOP": (
        "You have successfully been unsubscribed. You will not receive any more messages from "
        "this number. Reply START to resubscribe."
    ),
    "START": (
        "You have successfully been re-subscribed to messages from this number. Reply HELP for "
        "help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
    ),
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def segments(text: str) -> int:
    """Count the parts a phone network charges for this text."""
    if all(letter in GSM_7 or letter in GSM_7_PAIRS for letter in text):
        units = len(text) + sum(letter in GSM_7_PAIRS for letter in text)
        return _parts(units, GSM_7_ALONE, GSM_7_PART)
    return _parts(len(text.encode("utf-16-le")) // 2, UCS_2_ALONE, UCS_2_PART)


def _parts(units: int, alone: int, part: int) -> int:
    return 1 if units <= alone else -(-units // part)


def keyword(text: str) -> OptOutType | None:
    """Tell whether a guest's whole text is a word Twilio itself acts on."""
    return KEYWORDS.get(text.strip().upper())


def replies(content_type: str, text: str) -> list[str]:
    """Give what the answer to an incoming text makes Twilio send back to the guest.

    Plain text is sent as it is; anything else must be TwiML, of which each Message is sent.
    """
    if content_type.startswith("text/plain"):
        return [text] if text.strip() else []
    found = re.findall(r"<Message\b[^>]*>(.*?)</Message>", text, re.DOTALL)
    inner = (re.sub(r"<[^>]+>", "", part) for part in found)
    return [html.unescape(part).strip() for part in inner if part.strip()]
