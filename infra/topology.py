"""The wiring of infra/topology.yaml as values, for whatever runs or deploys the functions."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import yaml

from loyalty.connectors.spec import Verb, WebhookVerb

TOP = Path(__file__).parent.parent


class Subscription(NamedTuple):
    """Who hears a topic, under which name, and where that goes which never succeeds."""

    topic: str
    function: str

    @property
    def name(self) -> str:
        """Name it for both, so that a list of subscriptions reads like the wiring."""
        return f"{self.topic}.{dashed(self.function)}"

    @property
    def dead(self) -> str:
        """Name its dead-letter topic, and the subscription that keeps what comes there."""
        return f"{self.name}.dead"


Access = Literal["", "read", "write"]


class Topology(msgspec.Struct, forbid_unknown_fields=True):
    """What infra/topology.yaml says: every function, its trigger, its rights and its size."""

    class Function(msgspec.Struct, forbid_unknown_fields=True):
        """One function, with the defaults filled in."""

        trigger: str
        also_hears: list[str]
        about: str
        publishes: list[str]
        vendors: list[Verb | WebhookVerb]
        pepper: bool
        memory: str
        cpu: str
        timeout: int
        concurrency: int
        max_instances: int
        ledger: Access = ""
        people: Access = ""

        @property
        def hears(self) -> list[str]:
            """List its topics; whoever answers calls hears none."""
            return [] if self.trigger == "http" else [self.trigger, *self.also_hears]

    functions: dict[str, Function]

    def subscriptions(self) -> list[Subscription]:
        """List who hears what."""
        return [
            Subscription(topic, name) for name, f in self.functions.items() for topic in f.hears
        ]

    def topics(self) -> dict[str, list[str]]:
        """List every topic with the functions that hear it."""
        found: dict[str, list[str]] = {t: [] for f in self.functions.values() for t in f.publishes}
        for each in self.subscriptions():
            found.setdefault(each.topic, []).append(each.function)
        return found

    def hearing(self) -> list[str]:
        """List the functions that hear a topic."""
        return [name for name, function in self.functions.items() if function.hears]

    def served(self) -> list[str]:
        """List the functions that the outside may call."""
        return [name for name, function in self.functions.items() if function.trigger == "http"]


def topology() -> Topology:
    """Read the wiring."""
    found = yaml.safe_load((TOP / "infra/topology.yaml").read_text("utf-8"))
    whole = {name: found["defaults"] | each for name, each in found["functions"].items()}
    return msgspec.convert({"functions": whole}, Topology)


def dashed(function: str) -> str:
    """Write a function's name as addresses and the cloud want it."""
    return function.replace("_", "-")
