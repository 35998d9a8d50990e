"""What the deployment reads from the code, as files in terraform/, and who may do what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, NamedTuple

from infra.topology import Topology, topology
from loyalty import connectors, events
from loyalty.collections import COLLECTIONS, Collection
from loyalty.connectors.settings import variable
from loyalty.connectors.spec import Connector, Setting

WEBHOOKS = {"read_sale": "transaction_ingest", "read_feedback": "message_feedback"}
"""Which function answers the webhooks of each kind."""
ADDRESSES = {"webhook_url": "read_sale", "feedback_url": "read_feedback"}
"""Settings that hold the public address of one of our own webhooks."""
PEPPER = "LOYALTY_PEPPER"
PUSH, EVERYBODY = "the push account", "everybody"


def files() -> dict[str, str]:
    """Return the path of each generated file, seen from the top folder, and its text."""
    return {
        "terraform/collections.json": _json({n: _collection(c) for n, c in COLLECTIONS.items()}),
        "terraform/connectors.json": _json({n: _connector(c) for n, c in _loaded().items()}),
        "terraform/tick.json": events.tick().decode() + "\n",
        "docs/security-iam.md": "\n".join(_page()) + "\n",
    }


def _json(content: Any) -> str:
    return json.dumps(content, indent=2) + "\n"


def _loaded() -> dict[str, Connector]:
    return {name: connectors.load(name) for name in connectors.names()}


def _collection(kind: Collection) -> dict[str, Any]:
    """Tell of a collection what Firestore must know: clean-up, and indexes over several fields."""
    composites = [
        [dict(zip(("field", "kept"), field.split(), strict=True)) for field in composite]
        for composite in sorted(kind.composites)
    ]
    expires = kind.keep_days is not None
    return {"database": kind.database, "expires": expires, "composites": composites}


def _connector(connector: Connector) -> dict[str, Any]:
    """Tell of a connector its operations, its webhooks, and every setting by its name."""
    settings = {each.name: _setting(connector, each) for each in connector.settings}
    if connector.base_url:
        settings["base_url"] = {"secret": False, "required": False, "only": [], "address_of": ""}
    return {
        "operations": sorted([*connector.operations, *connector.webhooks]),
        "webhooks": {verb: WEBHOOKS[verb] for verb in connector.webhooks},
        "settings": settings,
    }


def _setting(connector: Connector, setting: Setting) -> dict[str, Any]:
    verb = ADDRESSES.get(setting.name, "")
    ours = verb in connector.webhooks and not setting.secret
    return {
        "secret": setting.secret,
        "required": setting.default is None,
        "only": list(setting.only),
        "address_of": WEBHOOKS[verb] if ours else "",
    }


# -- who may do what --------------------------------------------------------------------------


class Rights(NamedTuple):
    """All that a function may do, and who may call it. `secrets` are of every connector."""

    publishes: frozenset[str]
    ledger: str
    people: str
    secrets: frozenset[str]
    caller: str


def rights() -> dict[str, Rights]:
    """List the rights of every function."""
    return {name: _rights(each) for name, each in topology().functions.items()}


def _rights(function: Topology.Function) -> Rights:
    secrets = {
        variable(connector.name, each.name)
        for connector in _loaded().values()
        for verb in {*connector.operations, *connector.webhooks} & set(function.vendors)
        for each in connector.settings
        if each.secret and each.serves(verb)
    }
    return Rights(
        frozenset(function.publishes), function.ledger, function.people,
        frozenset(secrets | ({PEPPER} if function.pepper else set())),
        EVERYBODY if function.trigger == "http" else PUSH,
    )  # fmt: skip


def _page() -> Iterator[str]:
    yield cleandoc("""
        # Who may do what

        Written by `make docs` from `infra/topology.yaml` and the connectors; change those, not this
        page. A test holds it against what Terraform would grant, and another holds the databases
        against what the code reads and writes.

        Each function runs as a service account of its own with these rights and no other. IAM
        knows databases, not collections: that is why people live in a database apart. A secret is
        readable only if its connector is enabled. Everybody may call what checks a signature or a
        key itself. No function may change schedules, functions, rights or secrets.
    """)
    yield "\n| function | publishes | `ledger` | `people` | called by |\n|---|---|---|---|---|"
    for name, each in rights().items():
        cells = _code(each.publishes), each.ledger or "no", each.people or "no", each.caller
        yield f"| `{name}` | {' | '.join(cells)} |"
    yield "\n| function | secrets |\n|---|---|"
    for name, each in rights().items():
        yield f"| `{name}` | {_code(each.secrets)} |"
    yield "\n" + cleandoc("""
        Besides them:

        | account | may |
        |---|---|
        | `event-push` | call the functions that hear events; Pub/Sub makes its tokens |
        | `image-build` | read the sources, write the images, write build logs |
        | Google's agent of Pub/Sub | publish dead letters, take messages from subscriptions |
        | Google's agent of Cloud Scheduler | publish to `sweep-requested` |
    """)


def _code(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
