"""Who may import whom, as code; and how big things may grow before somebody looks at them."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT / "shared"
VALUES = {"msgspec"}
LINES_OF_A_FILE, LINES_OF_A_FUNCTION, LINES_OF_A_MAIN = 400, 10, 15
ENGINE = {"answers", "breaker", "call", "engine", "rate", "settings", "spec", "strict"}
"""Modules of `connectors` that belong to no vendor."""
KIT = {"spec", "signing", "card_data"}
"""Those of them that a vendor may use."""
SDKS = {
    "sendgrid": "sendgrid", "twilio": "twilio", "google": "cryptography", "apple": "cryptography",
    "s3": ("boto3", "botocore"),
}  # fmt: skip
WRAPPED = {
    "http": {"requests", "urllib3"},
    "firestore": {"google.cloud.firestore", "google.api_core"},
    "firestore_query": {"google.cloud.firestore", "google.cloud.firestore_v1"},
    "pubsub": {"google.cloud.pubsub_v1", "google.api_core", "google.pubsub_v1"},
    "pubsub_dead": {"google.cloud.pubsub_v1", "google.api_core"},
    "secret_manager": {"google.auth"},
    "cloud_scheduler": {
        "google.cloud.scheduler_v1",
        "google.auth",
        "google.api_core",
        "requests",
    },
    "push_tokens": {"google.auth"},
}
"""The libraries that each adapter is for."""


class Module(NamedTuple):
    """A module by its dotted name, and everything it imports, whole: `loyalty.ports.Store`."""

    name: str
    imports: tuple[str, ...]

    def inside(self, *packages: str) -> bool:
        return any(_within(self.name, package) for package in packages)

    def outside(self, *allowed: str) -> list[str]:
        """List what is imported besides the standard library and what is named."""
        return [
            each
            for each in self.imports
            if each.partition(".")[0] not in sys.stdlib_module_names
            and not any(_within(each, one) for one in allowed)
        ]

    def of(self, *forbidden: str) -> list[str]:
        """List what is imported of these."""
        return [each for each in self.imports if any(_within(each, one) for one in forbidden)]


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def read(name: str, source: str) -> Module:
    """Read a module's imports, also those inside functions."""
    return Module(name, tuple(_imports(name, ast.parse(source))))


def _imports(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(name.split(".")[: -node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def modules() -> list[Module]:
    found = []
    for path in sorted(SHARED.rglob("*.py")):
        parts = path.relative_to(SHARED).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(read(name, path.read_text("utf-8")))
    return found


MODULES = modules()


class Rule(NamedTuple):
    """What a module does wrong by a rule (nothing: an empty list), and one that breaks it."""

    wrong: Callable[[Module], list[str]]
    broken: tuple[str, str]


def domain(module: Module) -> list[str]:
    if not module.inside("loyalty.domain"):
        return []
    return module.outside(*VALUES, "loyalty.domain", "loyalty.errors")


def vocabulary(module: Module) -> list[str]:
    if module.name not in ("loyalty.events", "loyalty.errors", "loyalty.ports"):
        return []
    return module.outside(*VALUES, "loyalty.domain", "loyalty.errors")


def connector(module: Module) -> list[str]:
    package, _, name = module.name.rpartition(".")
    if package != "loyalty.connectors" or name in ENGINE | KIT:
        return []
    vendor = name.partition("_")[0]
    ours = [f"loyalty.connectors.{each}" for each in KIT | {name}]
    http = ["loyalty.ports.HttpRequest", "loyalty.ports.HttpResponse"]
    sdk = SDKS.get(vendor, ())
    own = (sdk,) if isinstance(sdk, str) else sdk
    strange = module.outside(*VALUES, *ours, *http, "loyalty.domain", "loyalty.errors", *own)
    network = module.of("http", "socket", "urllib.request", "asyncio")
    siblings = f"loyalty.connectors.{vendor}_"
    return [each for each in strange if not each.startswith(siblings)] + network


def steps(module: Module) -> list[str]:
    if not module.inside("loyalty.steps"):
        return []
    return module.of(
        "loyalty.adapters", "loyalty.web", "loyalty.app", "google", "flask", "functions_framework",
        "requests",
    )  # fmt: skip


def web(module: Module) -> list[str]:
    return module.of("loyalty.adapters", "loyalty.app") if module.inside("loyalty.web") else []


def adapters(module: Module) -> list[str]:
    if not module.inside("loyalty.adapters"):
        return []
    ports = ["loyalty.ports", "loyalty.errors", "loyalty.collections", "loyalty.adapters"]
    return module.outside(*VALUES, *ports, *WRAPPED.get(module.name.rpartition(".")[2], ()))


def only_the_root_knows_adapters(module: Module) -> list[str]:
    free = module.inside("loyalty.adapters", "loyalty.app", "loyalty.cli")
    return [] if free else module.of("loyalty.adapters")


def self_contained(module: Module) -> list[str]:
    return module.of("infra", "functions", "tests")


RULES = {
    "domain is pure": Rule(
        domain, ("loyalty.domain.tiers", "from loyalty.records import accounts")
    ),
    "the vocabulary rests on the domain": Rule(
        vocabulary, ("loyalty.events", "from loyalty.records import Timer")
    ),
    "a connector does no HTTP": Rule(connector, ("loyalty.connectors.acme", "import requests")),
    "a connector opens no socket": Rule(
        connector, ("loyalty.connectors.acme", "def ask():\n    from http import client")
    ),
    "a connector knows no other vendor": Rule(
        connector,
        ("loyalty.connectors.acme", "from loyalty.connectors.square_json import Money"),
    ),
    "a connector sees no port but the values of HTTP": Rule(
        connector, ("loyalty.connectors.acme", "from loyalty.ports import HttpRequest, Http")
    ),
    "a connector has only its own SDK": Rule(
        connector, ("loyalty.connectors.acme_mail", "from twilio import rest")
    ),
    "steps know no adapter": Rule(
        steps, ("loyalty.steps.birthdays", "from loyalty.adapters.sqlite import SqliteStore")
    ),
    "steps know no Google library": Rule(
        steps, ("loyalty.steps.birthdays", "from google.cloud import pubsub")
    ),
    "steps know no Flask": Rule(steps, ("loyalty.steps.birthdays", "import flask")),
    "the web knows no adapter": Rule(web, ("loyalty.web.card", "import loyalty.adapters.http")),
    "an adapter wraps one library": Rule(adapters, ("loyalty.adapters.sqlite", "import requests")),
    "an adapter knows no step": Rule(
        adapters, ("loyalty.adapters.http", "from loyalty.steps import points_calculation")
    ),
    "only the composition root knows adapters": Rule(
        only_the_root_knows_adapters, ("loyalty.programs", "from .adapters import memory")
    ),
    "the package knows nothing around it": Rule(
        self_contained, ("loyalty.app", "from infra.local import Local")
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_the_package_keeps_the_rule(name):
    wrong = {module.name: found for module in MODULES if (found := RULES[name].wrong(module))}
    assert wrong == {}


@pytest.mark.parametrize("name", RULES)
def test_the_rule_finds_who_breaks_it(name):
    rule = RULES[name]
    assert rule.wrong(read(*rule.broken))


def test_every_rule_is_about_somebody():
    names = {module.name for module in MODULES}
    packages = {name.split(".")[1] for name in names if "." in name}
    assert {"domain", "events", "errors", "ports", "connectors", "steps", "web", "adapters"} <= (
        packages
    )
    assert all(f"loyalty.connectors.{name}" in names for name in ENGINE | KIT)


def test_imports_are_read_in_every_form():
    source = "import a.b, c\nfrom d import e as f\nfrom .g import h\nfrom . import i\n"
    assert read("loyalty.x.y", source).imports == (
        "a.b", "c", "d.e", "loyalty.x.g.h", "loyalty.x.i",
    )  # fmt: skip


# -- size, as a smell -------------------------------------------------------------------------


def too_long(files: dict[str, str], most: int) -> list[str]:
    return [name for name, text in files.items() if len(text.splitlines()) > most]


def function_lengths(files: dict[str, str]) -> list[int]:
    """Count the lines of every function's body, its docstring included."""
    return [
        (node.end_lineno or 0) - node.body[0].lineno + 1
        for text in files.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _texts(folder: Path, pattern: str) -> dict[str, str]:
    found = sorted(folder.glob(pattern))
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in found}


def test_no_file_of_the_package_is_too_long():
    assert too_long(_texts(SHARED, "**/*.py"), LINES_OF_A_FILE) == []


def test_functions_are_short():
    assert statistics.median(function_lengths(_texts(SHARED, "**/*.py"))) <= LINES_OF_A_FUNCTION


def test_a_main_is_only_a_main():
    mains = _texts(ROOT / "functions", "*/main.py")
    assert mains
    assert too_long(mains, LINES_OF_A_MAIN) == []


def test_sizes_are_really_measured():
    long = "def f():\n" + "    a = 1\n" * 11
    assert too_long({"long.py": long, "short.py": "a = 1\n"}, 11) == ["long.py"]
    assert function_lengths({"long.py": long}) == [11]
