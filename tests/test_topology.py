"""The wiring file, the folders, the steps and the events agree with each other."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from infra.topology import topology

from loyalty import events, records

ROOT = Path(__file__).parent.parent
SHARED = ROOT / "shared"
FUNCTIONS: dict[str, Any] = yaml.safe_load((ROOT / "infra/topology.yaml").read_text("utf-8"))[
    "functions"
]
HEARING = {name: each for name, each in FUNCTIONS.items() if each["trigger"] != "http"}
HEARD = {name: {each["trigger"], *each.get("also_hears", ())} for name, each in HEARING.items()}
PUBLISHED = {topic for each in FUNCTIONS.values() for topic in each["publishes"]}
SWEEP = "lifecycle_sweep"
VIEWS = {
    "transaction_ingest": "sales", "message_feedback": "feedback", "member_api": "member_api",
    "member_page": "member_page",
    "console": "console",
}  # fmt: skip
ENTRANCES = {
    "transaction_ingest": "loyalty.steps.transaction_ingest",
    "message_feedback": "loyalty.steps.message_feedback",
    "member_api": "loyalty.web.member_api",
    "member_page": "loyalty.web.member_page",
    "console": "loyalty.web.console",
}
"""Where a function that answers HTTP begins to decide."""
ASKING = {"member_page": "loyalty.guests.adding", "file_import": "loyalty.files.shelf"}
"""Where a function asks vendors, if not where it begins to decide."""


# -- folders, steps, events -------------------------------------------------------------------


def test_every_function_has_its_folder_and_every_folder_its_function():
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert folders == FUNCTIONS.keys()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_main_has_a_real_target(name):
    tree = ast.parse((ROOT / f"functions/{name}/main.py").read_text("utf-8"))
    [target] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    decorators = [ast.unparse(decorator) for decorator in target.decorator_list]
    assert (target.name, decorators) == ("main", ["functions_framework.http"])


@pytest.mark.parametrize("name", HEARING)
def test_every_main_runs_its_own_step(name):
    text = (ROOT / f"functions/{name}/main.py").read_text("utf-8")
    assert f'app().push("{name}", {name}, request)' in text


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in HEARING])
def test_every_main_that_is_called_answers_in_its_own_name(name):
    text = (ROOT / f"functions/{name}/main.py").read_text("utf-8")
    assert f'app().call("{name}", {VIEWS[name]}.answer, request)' in text


@pytest.mark.parametrize("name", HEARING)
def test_every_step_hears_the_topics_that_trigger_it(name):
    hears = import_module(f"loyalty.steps.{name}").HEARS
    kinds = hears if isinstance(hears, tuple) else (hears,)
    assert {events.topic_of(kind) for kind in kinds} == HEARD[name]


def test_every_step_that_hears_is_wired():
    names = {path.stem for path in (SHARED / "loyalty/steps").glob("[!_]*.py")}
    hearing = {name for name in names if hasattr(import_module(f"loyalty.steps.{name}"), "HEARS")}
    assert hearing == HEARING.keys()


def test_every_topic_is_an_event():
    assert PUBLISHED.union(*HEARD.values()) <= events.TOPICS.keys()


def test_every_trigger_is_published_by_somebody():
    assert set().union(*HEARD.values()) <= PUBLISHED | {"sweep-requested"}


def test_every_event_has_a_topic_that_somebody_publishes():
    kinds = {
        kind
        for _, kind in inspect.getmembers(events, inspect.isclass)
        if issubclass(kind, events.Event) and kind is not events.Event
    }
    assert set(events.TOPICS.values()) == kinds
    assert events.TOPICS.keys() == PUBLISHED


def test_every_function_says_what_it_is_about():
    assert all(each["about"].endswith(".") for each in FUNCTIONS.values())


def test_the_local_runner_reads_the_same_file():
    wiring = topology()
    heard = {name for names in wiring.topics().values() for name in names}
    assert heard == HEARING.keys()
    assert wiring.served() == [name for name in FUNCTIONS if name not in HEARING]


# -- what the code publishes ------------------------------------------------------------------

Place = tuple[str, str]
"""A module and one of its functions; a class counts with all its methods."""


class Calls:
    """Which functions a function names, so also all it can reach; and which events it makes."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._named: dict[Place, set[Place]] = {}
        self._made: dict[Place, set[str]] = {}
        for module, source in sources.items():
            tree = ast.parse(source)
            aliases = dict(_aliases(module, tree))
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign):
                    for name in _names_of(node):
                        self._add((module, name), node, aliases)

    def _add(self, place: Place, node: ast.AST, aliases: Mapping[str, Place]) -> None:
        named, made = set(), set()
        for each in ast.walk(node):
            found = _resolved(each, place[0], aliases)
            named |= {found} if found else set()
            if isinstance(each, ast.Call) and (kind := _resolved(each.func, place[0], aliases)):
                made |= {kind[1]} if kind[0] == events.__name__ else set()
        self._named[place], self._made[place] = named, made

    def reach(self, *starts: Place) -> set[Place]:
        """List every function that these can come to."""
        seen: set[Place] = set()
        todo = list(starts)
        while todo:
            place = todo.pop()
            if place not in seen and place in self._named:
                seen.add(place)
                todo += self._named[place]
        return seen

    def of(self, module: str) -> list[Place]:
        return [place for place in self._named if place[0] == module]

    def named(self, *starts: Place) -> set[Place]:
        """List everything that these can come to by name: also `entries.put` of a collection."""
        return {found for place in self.reach(*starts) for found in self._named[place]}

    def topics(self, module: str) -> set[str]:
        """List the topics of all events that a module makes, itself or by what it calls."""
        made = {kind for place in self.reach(*self.of(module)) for kind in self._made[place]}
        return {topic for topic, kind in events.TOPICS.items() if kind.__name__ in made}


def _names_of(node: ast.FunctionDef | ast.ClassDef | ast.Assign) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.name]


def _aliases(module: str, tree: ast.Module) -> Iterator[tuple[str, Place]]:
    """Tell what each name of a module stands for; a module itself has no function's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (node.module or "", alias.name)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Assign):
            yield from ((name, (module, name)) for name in _names_of(node))


def _resolved(node: ast.AST, module: str, aliases: Mapping[str, Place]) -> Place | None:
    if isinstance(node, ast.Name):
        return aliases.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        inside = aliases.get(node.value.id)
        return (".".join(inside), node.attr) if inside and inside[0] != module else None
    return None


def _sources() -> dict[str, str]:
    found = {}
    for path in SHARED.rglob("*.py"):
        name = ".".join(path.relative_to(SHARED).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path.read_text("utf-8")
    return found


SOURCES = _sources()


@cache
def calls() -> Calls:
    """Read the sources once, and only where a test asks."""
    return Calls(SOURCES)


PROMISING = ("loyalty.timekeeping", "publish_at")


def entrance(name: str) -> str:
    return ENTRANCES.get(name, f"loyalty.steps.{name}")


def promised() -> set[str]:
    """List what functions leave to the sweep to publish: what they make, or what they heard."""
    found: set[str] = set()
    for name in FUNCTIONS.keys() - {SWEEP}:
        module = entrance(name)
        if PROMISING in calls().reach(*calls().of(module)):
            found |= calls().topics(module) or HEARD[name]
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_function_publishes_is_declared(name):
    assert calls().topics(entrance(name)) <= set(FUNCTIONS[name]["publishes"])


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != SWEEP])
def test_what_is_declared_is_published(name):
    assert calls().topics(entrance(name)) == set(FUNCTIONS[name]["publishes"])


def test_the_sweep_publishes_its_own_events_and_what_was_promised():
    own = calls().topics(entrance(SWEEP))
    assert own | promised() == set(FUNCTIONS[SWEEP]["publishes"])


# -- what the code reads and writes, and whose settings it needs ------------------------------

WRITES = ("create", "put", "delete")
ALWAYS: list[Place] = [("loyalty.programs", "Programs")]
PUSHED: list[Place] = [("loyalty.delivery", "deliver")]
ASKED = {"member_api": [("loyalty.web.auth", "Doorkeeper")]}
"""What a function runs besides the module in which it begins to decide."""


def everything(name: str) -> set[Place]:
    """List all that a function can come to by name."""
    also = ALWAYS + (PUSHED if name in HEARING else []) + ASKED.get(name, [])
    return calls().named(*calls().of(entrance(name)), *also)


def access(name: str, database: str) -> str:
    """Tell whether a function reads or writes a database."""
    kinds = {n for n, r in vars(records).items() if isinstance(r, records.Records)}
    found = {
        method
        for place, method in everything(name)
        if (kind := place.removeprefix("loyalty.records.")) in kinds
        and getattr(records, kind).database == database
    }
    return "write" if found & set(WRITES) else "read" if found else ""


@pytest.mark.parametrize("database", ["ledger", "people"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_in_a_database_what_it_does_and_no_more(name, database):
    assert getattr(topology().functions[name], database) == access(name, database)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_pepper_only_if_it_hashes(name):
    text = {module for module, _ in calls().reach(*calls().of(entrance(name)))}
    hashes = any("shop.pepper." in SOURCES[module] for module in text)
    hands_on = "shop.pepper)" in SOURCES[entrance(name)]
    assert topology().functions[name].pepper == (hashes or hands_on)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_vendors_settings_only_if_it_asks_vendors(name):
    asks = "shop.vendors." in SOURCES[ASKING.get(name, entrance(name))]
    assert bool(topology().functions[name].vendors) == asks


def test_an_event_is_found_however_deep_it_is_made():
    found = Calls(
        {
            "loyalty.steps.a": "from loyalty import b\n\ndef handle():\n    return b.work()\n",
            "loyalty.b": "from loyalty.events import PointsPosted as Told\n\n"
            "def work():\n    return [_one()]\n\ndef _one():\n    return Told(id='1')\n",
            "loyalty.steps.c": "from loyalty import b\n\ndef handle():\n    return b.other()\n",
        }
    )
    assert found.topics("loyalty.steps.a") == {"points-posted"}
    assert found.topics("loyalty.steps.c") == set()
