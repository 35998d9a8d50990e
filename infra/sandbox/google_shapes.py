"""What Google Wallet takes: fields of its discovery document, and those that must be there."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.sandbox.shapes import Many, Problem, Text, Thing, Whole

ID = Text(1, pattern=r"[0-9]+\.[A-Za-z0-9._-]+")
IMAGE = Thing(
    {"sourceUri": Thing({"uri": Text(pattern=r"https://[^\s]+")}, frozenset({"uri"}))},
    frozenset({"sourceUri"}),
)
TEXTS = Many(
    Thing({"id": Text(1), "header": Text(), "body": Text()}, frozenset({"header", "body"})),
    most=10,
)
BALANCE = Thing({"int": Whole(), "string": Text(), "double": Whole()})
POINTS = Thing({"label": Text(), "balance": BALANCE}, frozenset({"balance"}))
BARCODE = Thing(
    {
        "type": Text(among=("QR_CODE", "AZTEC", "CODE_128", "PDF_417", "TEXT_ONLY")),
        "value": Text(1),
        "alternateText": Text(),
    },
    frozenset({"type", "value"}),
)
NOTIFY = Text(among=("NOTIFICATION_SETTINGS_FOR_UPDATES_UNSPECIFIED", "NOTIFY_ON_UPDATE"))
CLASS = Thing(
    {
        "id": ID,
        "issuerName": Text(1),
        "programName": Text(1),
        "programLogo": IMAGE,
        "heroImage": IMAGE,
        "reviewStatus": Text(among=("UNDER_REVIEW", "DRAFT")),
        "hexBackgroundColor": Text(pattern=r"#[0-9A-Fa-f]{6}"),
        "accountNameLabel": Text(),
        "accountIdLabel": Text(),
        "rewardsTierLabel": Text(),
        "rewardsTier": Text(),
        "countryCode": Text(2, 2),
        "textModulesData": TEXTS,
        "notifyPreference": NOTIFY,
    },
    frozenset({"id", "issuerName", "programName", "programLogo", "reviewStatus"}),
)
OBJECT = Thing(
    {
        "id": ID,
        "classId": ID,
        "state": Text(among=("ACTIVE", "INACTIVE", "COMPLETED", "EXPIRED")),
        "accountId": Text(),
        "accountName": Text(),
        "barcode": BARCODE,
        "loyaltyPoints": POINTS,
        "secondaryLoyaltyPoints": POINTS,
        "textModulesData": TEXTS,
        "notifyPreference": NOTIFY,
    },
    frozenset({"id", "classId", "state"}),
)
_AT_ONCE = {"loyaltyClass": frozenset({"reviewStatus"})}
"""What even a change must say: a changed class is reviewed again."""


def problems(kind: str, resource: object, *, whole: bool) -> Iterator[Problem]:
    """Yield what is wrong with a resource; a change may leave out what it does not change."""
    shape = CLASS if kind == "loyaltyClass" else OBJECT
    required = shape.required if whole else _AT_ONCE.get(kind, frozenset())
    yield from Thing(shape.fields, required).problems(resource)
    if isinstance(resource, Mapping):
        yield from _balances(resource)


def _balances(resource: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that each balance is told in exactly one way."""
    for name in ("loyaltyPoints", "secondaryLoyaltyPoints"):
        points = resource.get(name)
        balance = points.get("balance") if isinstance(points, Mapping) else None
        if isinstance(balance, Mapping) and len(balance) != 1:
            yield Problem(f"{name}.balance", "value", "Exactly one form of a balance may be set.")
