"""A small program that uses every part, and ways to change it."""

from pathlib import Path

from loyalty.program_file import Mistakes, check, read

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    path.stem: path.read_text("utf-8")
    for path in (
        ROOT / "infra/programs/art-cafe.yaml",
        ROOT / "infra/programs/momo-house.yaml",
        ROOT / "tests/programs/ramen-jpy.yaml",
    )
}

CAFE = """\
engine: 1
title: Corner Cafe
currency: EUR
zone: Europe/Berlin
country: DE
languages: [en, de]
stores:
  corner: {title: Corner, tills: ["generic:corner"]}
  market: {title: Market, tills: ["square:LMARKET"]}
earning:
  stacking: best_of
  rules:
    spend: {earn: spend, title: {en: Points}, points: 1, per: 1.00}
    lunch:
      earn: multiply
      title: {en: Lunch}
      factor: 1.5
      when: {stores: [market], tiers: [gold], start: "11:00", end: "14:00"}
tiers:
  metric: spend
  levels:
    silver: {title: {en: Silver}, at: 40.00}
    gold: {title: {en: Gold}, at: 90.00}
rewards:
  coffee: {title: {en: a coffee}}
  five_off: {title: {en: five off}, kind: money_off, value: 5.00}
milestones:
  tenth: {title: {en: Tenth}, metric: visits, every: 10, reward: coffee}
  hundred: {title: {en: Hundred}, metric: spend, at: 100.00, award: 20}
messages:
  earned:
    on: points-earned
    subject: {en: Points, de: Punkte}
    text: {en: "+{points}", de: "+{points} Punkte"}
alerts:
  regular: {on: visit, tiers: [gold], text: "{tier} at {store}"}
sending:
  quiet_hours: {start: "21:00", end: "08:00"}
consent_texts:
  2026-11: {en: Text me., de: Schreibt mir.}
connectors: {sms: [twilio], email: [sendgrid], staff: [slack]}
"""


def changed(*changes: tuple[str, str]) -> str:
    """Return the cafe's file with each first text, which must be there once, put right."""
    text = CAFE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def told(text: str) -> list[str]:
    """Return every mistake as `line path: problem | hint`."""
    try:
        read(text)
    except Mistakes as found:
        return [f"{m.line} {m.path}: {m.problem} | {m.hint}" for m in found.mistakes]
    return []


def warned(text: str) -> list[str]:
    """Return every warning as `path: problem | hint`."""
    return [f"{m.path}: {m.problem} | {m.hint}" for m in check(text) if m.severity == "warning"]
