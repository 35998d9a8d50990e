"""What is known of the world: countries with their currency, and time zones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_COUNTRIES_OF = {
    "AED": "AE", "AFN": "AF", "ALL": "AL", "AMD": "AM", "AOA": "AO", "ARS": "AR",
    "AUD": "AU CC CX HM KI NF NR TV", "AWG": "AW", "AZN": "AZ", "BAM": "BA", "BBD": "BB",
    "BDT": "BD", "BHD": "BH", "BIF": "BI", "BMD": "BM", "BND": "BN", "BOB": "BO", "BRL": "BR",
    "BSD": "BS", "BTN": "BT", "BWP": "BW", "BYN": "BY", "BZD": "BZ", "CAD": "CA", "CDF": "CD",
    "CHF": "CH LI", "CLP": "CL", "CNY": "CN", "COP": "CO", "CRC": "CR", "CUP": "CU",
    "CVE": "CV", "CZK": "CZ", "DJF": "DJ", "DKK": "DK FO GL", "DOP": "DO", "DZD": "DZ",
    "EGP": "EG", "ERN": "ER", "ETB": "ET",
    "EUR": "AD AT AX BE BG BL CY DE EE ES FI FR GF GP GR HR IE IT LT LU LV MC ME MF MQ MT NL PM PT "
           "RE SI SK SM TF VA XK YT",
    "FJD": "FJ", "FKP": "FK", "GBP": "GB GG GS IM JE", "GEL": "GE", "GHS": "GH", "GIP": "GI",
    "GMD": "GM", "GNF": "GN", "GTQ": "GT", "GYD": "GY", "HKD": "HK", "HNL": "HN", "HTG": "HT",
    "HUF": "HU", "IDR": "ID", "ILS": "IL PS", "INR": "IN", "IQD": "IQ", "IRR": "IR",
    "ISK": "IS", "JMD": "JM", "JOD": "JO", "JPY": "JP", "KES": "KE", "KGS": "KG", "KHR": "KH",
    "KMF": "KM", "KPW": "KP", "KRW": "KR", "KWD": "KW", "KYD": "KY", "KZT": "KZ", "LAK": "LA",
    "LBP": "LB", "LKR": "LK", "LRD": "LR", "LSL": "LS", "LYD": "LY", "MAD": "EH MA",
    "MDL": "MD", "MGA": "MG", "MKD": "MK", "MMK": "MM", "MNT": "MN", "MOP": "MO", "MRU": "MR",
    "MUR": "MU", "MVR": "MV", "MWK": "MW", "MXN": "MX", "MYR": "MY", "MZN": "MZ", "NAD": "NA",
    "NGN": "NG", "NIO": "NI", "NOK": "BV NO SJ", "NPR": "NP", "NZD": "CK NU NZ PN TK",
    "OMR": "OM", "PAB": "PA", "PEN": "PE", "PGK": "PG", "PHP": "PH", "PKR": "PK", "PLN": "PL",
    "PYG": "PY", "QAR": "QA", "RON": "RO", "RSD": "RS", "RUB": "RU", "RWF": "RW", "SAR": "SA",
    "SBD": "SB", "SCR": "SC", "SDG": "SD", "SEK": "SE", "SGD": "SG", "SHP": "SH", "SLE": "SL",
    "SOS": "SO", "SRD": "SR", "SSP": "SS", "STN": "ST", "SVC": "", "SYP": "SY", "SZL": "SZ",
    "THB": "TH", "TJS": "TJ", "TMT": "TM", "TND": "TN", "TOP": "TO", "TRY": "TR", "TTD": "TT",
    "TWD": "TW", "TZS": "TZ", "UAH": "UA", "UGX": "UG",
    "USD": "AQ AS BQ EC FM GU IO MH MP PR PW SV TC TL UM US VG VI",
    "UYU": "UY", "UZS": "UZ", "VES": "VE", "VND": "VN", "VUV": "VU", "WST": "WS",
    "XAF": "CF CG CM GA GQ TD", "XCD": "AG AI DM GD KN LC MS VC", "XCG": "CW SX",
    "XOF": "BF BJ CI GW ML NE SN TG", "XPF": "NC PF WF", "YER": "YE", "ZAR": "ZA",
    "ZMW": "ZM", "ZWG": "ZW",
}  # fmt: skip
"""ISO 4217 currencies in use, with the ISO 3166 countries where each is the usual one."""

CURRENCIES = frozenset(_COUNTRIES_OF)
CURRENCY_OF = {
    country: currency for currency, found in _COUNTRIES_OF.items() for country in found.split()
}
# The time zone list begins with the easternmost or an outlying zone there, not the largest.
_LARGEST_ZONE = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
    "XK": "Europe/Belgrade",
}


@cache
def zones() -> frozenset[str]:
    """Return every time zone's name, the same on every machine (from the tzdata package)."""
    return frozenset((files("tzdata") / "zones").read_text("utf-8").split())


@cache
def zone_of(country: str) -> str:
    """Guess a country's time zone; "UTC" for a country without one."""
    guess = _LARGEST_ZONE.get(country)
    return guess or next((zone for of, zone in _zones_by_country() if of == country), "UTC")


def _zones_by_country() -> Iterator[tuple[str, str]]:
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return ((row[0], row[2]) for row in rows)
