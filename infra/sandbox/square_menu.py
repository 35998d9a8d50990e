"""The shop's catalog at Square: what a line's variation id stands for."""

from collections.abc import Iterator
from typing import Any

from infra.sandbox.ids import Ids
from infra.sandbox.shapes import Flag, Many, Problem, Text, Thing, Whole
from infra.sandbox.square_shapes import Json, money

BATCH = Thing(
    {
        "object_ids": Many(Text(1), 1, 1000),
        "include_related_objects": Flag(),
        "catalog_version": Whole(),
        "include_deleted_objects": Flag(),
        "include_category_path_to_root": Flag(),
    },
    frozenset({"object_ids"}),
)


class Menu:
    """Items, their variations with SKUs, and their categories."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self.objects: dict[str, Json] = {}

    def add(self, name: str, amount: int, **about: str) -> str:
        """Put an item on the menu with one variation, and give that variation's id.

        `about` may hold `sku`, `category`, `variation` (its name) and `currency`.
        """
        variation = self._ids.code(24)
        item = self._find("ITEM", name) or self._item(name, about.get("category"))
        said = {
            "item_id": item,
            "name": about.get("variation", "Regular"),
            "pricing_type": "FIXED_PRICING",
            "price_money": money(amount, about.get("currency", "EUR")),
        }
        if "sku" in about:
            said["sku"] = about["sku"]
        self._put("ITEM_VARIATION", variation, said)
        self.objects[item]["item_data"]["variations"].append(self.objects[variation])
        return variation

    def of_line(self, variation: str) -> Json:
        """Give the fields a till copies from the catalog into a line."""
        said = self.objects[variation]["item_variation_data"]
        return {
            "name": self.objects[said["item_id"]]["item_data"]["name"],
            "variation_name": said["name"],
            "base_price_money": said["price_money"],
            "catalog_version": self.objects[variation]["version"],
        }

    def batch(self, body: Json) -> Json:
        """Answer a batch request: unknown ids are left out, related objects come when asked."""
        found = [self.objects[name] for name in body["object_ids"] if name in self.objects]
        answer: Json = {"objects": found} if found else {}
        related = list(dict.fromkeys(name for one in found for name in self._related(one)))
        if body.get("include_related_objects") and related:
            answer["related_objects"] = [self.objects[name] for name in related]
        return answer

    def _item(self, name: str, category: str | None) -> str:
        item = self._ids.code(24)
        data: Json = {"name": name, "product_type": "REGULAR", "variations": []}
        if category:
            known = self._find("CATEGORY", category) or self._put(
                "CATEGORY", self._ids.code(24), {"name": category}
            )
            data["categories"] = [{"id": known, "ordinal": 0}]
            data["reporting_category"] = {"id": known, "ordinal": 0}
        return self._put("ITEM", item, data)

    def _put(self, kind: str, name: str, data: Json) -> str:
        self.objects[name] = {
            "type": kind,
            "id": name,
            "updated_at": "2026-01-05T08:00:00.000Z",
            "version": 1767600000000,
            "is_deleted": False,
            "present_at_all_locations": True,
            f"{kind.lower()}_data": data,
        }
        return name

    def _find(self, kind: str, name: str) -> str | None:
        key = f"{kind.lower()}_data"
        found = (one["id"] for one in self.objects.values() if one.get(key, {}).get("name") == name)
        return next(found, None)

    def _related(self, one: Json) -> Iterator[str]:
        if one["type"] == "ITEM_VARIATION":
            item = one["item_variation_data"]["item_id"]
            yield item
            yield from self._related(self.objects[item])
        for category in one.get("item_data", {}).get("categories", []):
            yield category["id"]


def problems(body: Any) -> list[Problem]:
    """Find what is wrong with the body of a batch request."""
    return list(BATCH.problems(body))
