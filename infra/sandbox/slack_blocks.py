"""The limits of Block Kit, and the words a reader sees in a message made of blocks."""

import html
from collections.abc import Iterator, Mapping
from typing import Any

from infra.sandbox.shapes import Flag, Many, Mapped, Shape, Text, Thing

BLOCK_ID = Text(1, 255)


def _words(most: int, *, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")) -> Thing:
    fields: dict[str, Shape] = {
        "type": Text(among=kinds),
        "text": Text(1, most),
        "emoji": Flag(),
        "verbatim": Flag(),
    }
    return Thing(fields, frozenset({"type", "text"}))


PLAIN = ("plain_text",)
CONFIRM = Mapped()
BUTTON: dict[str, Shape] = {
    "type": Text(),
    "text": _words(75, kinds=PLAIN),
    "action_id": Text(1, 255),
    "url": Text(1, 3000),
    "value": Text(0, 2000),
    "style": Text(among=("primary", "danger")),
    "confirm": CONFIRM,
    "accessibility_label": Text(1, 75),
}
IMAGE: dict[str, Shape] = {
    "type": Text(),
    "image_url": Text(1, 3000),
    "alt_text": Text(1, 2000),
}
ELEMENTS: dict[str, Thing] = {
    "button": Thing(BUTTON, frozenset({"type", "text"})),
    "image": Thing(IMAGE, frozenset({"type", "image_url", "alt_text"})),
}
BLOCKS: dict[str, Thing] = {
    "section": Thing(
        {
            "type": Text(),
            "block_id": BLOCK_ID,
            "text": _words(3000),
            "fields": Many(_words(2000), 1, 10),
            "accessory": Mapped(),
            "expand": Flag(),
        }
    ),
    "header": Thing(
        {"type": Text(), "block_id": BLOCK_ID, "text": _words(150, kinds=PLAIN)},
        frozenset({"text"}),
    ),
    "context": Thing(
        {"type": Text(), "block_id": BLOCK_ID, "elements": Many(Mapped(), 1, 10)},
        frozenset({"elements"}),
    ),
    "actions": Thing(
        {"type": Text(), "block_id": BLOCK_ID, "elements": Many(Mapped(), 1, 25)},
        frozenset({"elements"}),
    ),
    "image": Thing(
        {**IMAGE, "block_id": BLOCK_ID, "title": _words(2000, kinds=PLAIN)},
        frozenset({"image_url", "alt_text"}),
    ),
    "markdown": Thing(
        {"type": Text(), "block_id": BLOCK_ID, "text": Text(1, 12_000)}, frozenset({"text"})
    ),
    "divider": Thing({"type": Text(), "block_id": BLOCK_ID}),
}
MOST_BLOCKS = 50


def good_blocks(blocks: object) -> bool:
    """Say whether Slack would take these blocks."""
    if not isinstance(blocks, list) or len(blocks) > MOST_BLOCKS:
        return False
    if not all(isinstance(block, Mapping) and _good_block(block) for block in blocks):
        return False
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    return len(ids) == len(set(ids))


def _good_block(block: Mapping[str, Any]) -> bool:
    shape = BLOCKS.get(str(block.get("type")))
    if shape is None or any(shape.problems(block)):
        return False
    if block["type"] == "section" and not ("text" in block or "fields" in block):
        return False
    parts = [*block.get("elements", []), *([block["accessory"]] if "accessory" in block else [])]
    return all(_good_element(part, in_context=block["type"] == "context") for part in parts)


def _good_element(element: Mapping[str, Any], *, in_context: bool) -> bool:
    if in_context and element.get("type") in ("plain_text", "mrkdwn"):
        return not any(_words(3000).problems(element))
    shape = ELEMENTS.get(str(element.get("type")))
    return shape is not None and not any(shape.problems(element))


def reading(blocks: list[dict[str, Any]]) -> str:
    """Give the words of a message made of blocks, a line for each part, as a person reads them."""
    return "\n".join(html.unescape(part) for part in _parts(blocks))


def _parts(inside: object) -> Iterator[str]:
    if isinstance(inside, list):
        for part in inside:
            yield from _parts(part)
    elif isinstance(inside, Mapping):
        if isinstance(inside.get("text"), str):
            yield inside["text"]
        for name in ("text", "fields", "accessory", "elements", "title"):
            yield from _parts(inside.get(name))
        if inside.get("type") == "image":
            yield f"[{inside['alt_text']}]"
