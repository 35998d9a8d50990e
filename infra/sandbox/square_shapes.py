"""Square's small forms: money, times, lines of an order, and how it words an error."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

Json = dict[str, Any]


def money(amount: int, currency: str = "EUR") -> Json:
    """Give an amount in the smallest unit of its currency."""
    return {"amount": amount, "currency": currency}


def line(
    name: str, amount: int, quantity: str = "1", *, currency: str = "EUR", **fields: Any
) -> Json:
    """Give an order line: the price of one in the smallest unit, quantity as Square's decimal text.

    Any field of Square's OrderLineItem may be added or replaced.
    """
    price = money(amount, currency)
    return {"name": name, "quantity": quantity, "base_price_money": price, **fields}


def stamp(moment: datetime) -> str:
    """Write an instant as Square's objects do: RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def event_stamp(moment: datetime) -> str:
    """Write an instant as Square's events do: nine digits after the point."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def even(value: Decimal) -> int:
    """Round to the nearest whole unit, halves to the even one, as Square says it does."""
    return int(value.quantize(Decimal(1), ROUND_HALF_EVEN))


def shared_out(total: int, weights: list[int]) -> list[int]:
    """Split an amount over weights so that the parts add up to it exactly."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    rests = sorted(range(len(weights)), key=lambda n: -(total * weights[n] % whole))
    for n in rests[: total - sum(parts)]:
        parts[n] += 1
    return parts


class SquareRefusalError(Exception):
    """Square's answer to a request it will not carry out: a status and one error."""

    def __init__(self, status: int, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.field = field

    def as_json(self) -> Json:
        """Give the body of the answer."""
        category = {401: "AUTHENTICATION_ERROR", 429: "RATE_LIMIT_ERROR", 500: "API_ERROR"}.get(
            self.status, "INVALID_REQUEST_ERROR"
        )
        error = {"category": category, "code": self.code, "detail": str(self)}
        return {"errors": [error | ({"field": self.field} if self.field else {})]}


def is_day(text: str) -> bool:
    """Say whether this is a day written YYYY-MM-DD, as an API version is."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
