"""A vendor account's settings, read from environment variables.

`SQUARE_ACCESS_TOKEN` is the setting `access_token` of the connector `square`. A merchant's
further account adds its name: `SQUARE_ACCESS_TOKEN__SECOND`. While a secret is being rotated the
one before it stays in the same variable with `_PREVIOUS` at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from loyalty.connectors.spec import Config, Connector

_ACCOUNT = re.compile(r"([a-z0-9][a-z0-9_]{0,39})?")


class MissingSettings(LookupError):  # noqa: N818 - says what is wrong
    """What a vendor's account needs and nobody gave. Names the variables, never a value."""

    def __init__(self, connector: str, variables: Iterable[str]) -> None:
        self.variables = tuple(variables)
        super().__init__(f"{connector} needs {', '.join(self.variables)}")


def variable(connector: str, setting: str, account: str = "") -> str:
    """Name the environment variable of one setting."""
    name = f"{connector}_{setting}"
    return (f"{name}__{account}" if account else name).upper()


def read_config(
    connector: Connector, account: str, environment: Mapping[str, str], verb: str = ""
) -> Config:
    """Read an account's settings, those that a verb may have; "" stands for all verbs.

    Accounts share nothing but the base URL: a secret of one must never open another. Raises
    MissingSettings, and LookupError for what cannot be an account's name.
    """
    if not _ACCOUNT.fullmatch(account):
        raise LookupError("an account's name is small letters, digits and underscores")
    settings = [each for each in connector.settings if each.serves(verb)]
    names = {each.name: variable(connector.name, each.name, account) for each in settings}
    found = _found(names, environment)
    defaults = {each.name: each.default for each in settings if each.default is not None}
    missing = [names[name] for name in names if name not in found and name not in defaults]
    if missing:
        raise MissingSettings(connector.name, missing)
    return Config(
        connector=connector.name,
        account=account,
        values={**defaults, **found},
        previous=_found({name: f"{names[name]}_PREVIOUS" for name in names}, environment),
        base_url=_base_url(connector, account, environment),
    )


def _found(names: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    # Secrets that come from files often end with a line break, which no header may hold.
    values = {name: environment.get(where, "").strip() for name, where in names.items()}
    return {name: value for name, value in values.items() if value}


def _base_url(connector: Connector, account: str, environment: Mapping[str, str]) -> str:
    names = {"account": variable(connector.name, "base_url", account)}
    names["vendor"] = variable(connector.name, "base_url")
    found = _found(names, environment)
    return (found.get("account") or found.get("vendor") or connector.base_url).rstrip("/")
