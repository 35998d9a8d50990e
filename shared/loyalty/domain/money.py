"""Money as whole minor units: how a currency is written, and how a sum is shared out."""

from __future__ import annotations

from collections.abc import Sequence

_NO_MINOR = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
     "VUV", "XAF", "XOF", "XPF"]
)  # fmt: skip
_THREE = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def exponent(currency: str) -> int:
    """How many digits ISO 4217 puts after the point: EUR 2, JPY 0, KWD 3."""
    if currency in _NO_MINOR:
        return 0
    return 3 if currency in _THREE else 2


def parse(text: str, currency: str) -> int:
    """Read `12.50` as 1250 EUR cents. Raises ValueError on more digits than the currency has."""
    whole, point, cents = text.strip().partition(".")
    digits = exponent(currency)
    sign, whole = (-1, whole[1:]) if whole.startswith("-") else (1, whole)
    plain = whole.isascii() and whole.isdigit()
    if not plain or (point and not (cents.isascii() and cents.isdigit())) or len(cents) > digits:
        raise ValueError(f"not an amount in {currency}")
    return sign * int(whole + cents.ljust(digits, "0"))


def show(amount: int, currency: str) -> str:
    """Write 1250 EUR cents as `EUR 12.50`."""
    digits = exponent(currency)
    sign, text = ("-" if amount < 0 else ""), str(abs(amount)).rjust(digits + 1, "0")
    point = f".{text[-digits:]}" if digits else ""
    return f"{currency} {sign}{text[: len(text) - digits]}{point}"


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` (>= 0) over `weights` in proportion; the parts add up to it.

    Largest remainder: each part is floored, then the units left over go to the largest
    fractions, the earlier part first. All weights 0: nothing is shared out.
    """
    whole = sum(weights)
    if whole <= 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    by_fraction = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_fraction[: total - sum(parts)]:
        parts[i] += 1
    return parts
