"""Square's payments: what follows from their amounts and status, and their shadow in an order."""

from infra.sandbox.square_shapes import Json, money

DEAD = frozenset({"CANCELED", "FAILED"})
CARD_STATUS = {
    "APPROVED": "AUTHORIZED",
    "PENDING": "AUTHORIZED",
    "COMPLETED": "CAPTURED",
    "CANCELED": "VOIDED",
    "FAILED": "FAILED",
}
VISA = {"card_brand": "VISA", "last_4": "1111", "exp_month": 12, "exp_year": 2030}
GIFT_CARD = {"card_brand": "SQUARE_GIFT_CARD", "last_4": "0007"}


def complete(payment: Json, now: str, token: str) -> None:
    """Fill in what follows from a payment's amount, tip, kind and status."""
    amount, tip = payment["amount_money"], payment.get("tip_money", {"amount": 0})
    whole = money(amount["amount"] + tip["amount"], amount["currency"])
    payment |= {"total_money": whole, "approved_money": whole}
    payment |= {"updated_at": now, "version_token": token}
    if payment["source_type"] == "SQUARE_GIFT_CARD":
        payment |= {"source_type": "CARD", "card_details": {"card": GIFT_CARD}}
    if payment["source_type"] == "CARD":
        card = payment.get("card_details", {}).get("card", VISA)
        said = {"status": CARD_STATUS[payment["status"]], "entry_method": "EMV"}
        payment["card_details"] = {**said, "card": card}
    if payment["source_type"] == "CASH":
        payment["cash_details"] = {"buyer_supplied_money": whole}
    payment.pop("receipt_number", None)
    if payment["status"] not in DEAD:
        payment["receipt_number"] = payment["id"][:4]


def tender(payment: Json) -> Json:
    """Give the short form of a payment that stands in its order."""
    card = payment.get("card_details", {})
    gift = card.get("card", {}).get("card_brand") == "SQUARE_GIFT_CARD"
    kind = "SQUARE_GIFT_CARD" if gift else payment["source_type"]
    said: Json = {
        "id": payment["id"],
        "location_id": payment["location_id"],
        "transaction_id": payment["order_id"],
        "created_at": payment["created_at"],
        "amount_money": payment["total_money"],
        "type": "OTHER" if kind == "EXTERNAL" else kind,
        "payment_id": payment["id"],
    }
    optional = {name: payment[name] for name in ("tip_money", "customer_id") if name in payment}
    return said | optional | ({"card_details": card} if kind == "CARD" else {})
