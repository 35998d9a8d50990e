"""Every setting of Regulars itself: its variable, its default and its meaning."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple


class Variable(NamedTuple):
    """One environment variable. Vendors' settings are declared by their connectors."""

    name: str
    default: str
    about: str
    secret: bool = False


VARIABLES = (
    Variable(
        "LOYALTY_STORE",
        "sqlite:data/loyalty.db",
        "Where documents live: `sqlite:PATH` or `firestore:PROJECT`.",
    ),
    Variable(
        "LOYALTY_PUSH_ACCOUNT",
        "",
        "E-mail of the service account whose subscriptions push events; others get a 401.",
    ),
    Variable("LOYALTY_PUSH_AUDIENCE", "", "The audience that their tokens are made for."),
    Variable("LOYALTY_BUS", "local", "How events travel: `local` or `pubsub:PROJECT`."),
    Variable(
        "LOYALTY_PROGRAM",
        "infra/programs/art-cafe.yaml",
        "The program file that the first start publishes.",
    ),
    Variable(
        "LOYALTY_CLOCK",
        "system",
        "`system`, or `virtual:INSTANT` or `virtual:FILE` for demos and tests; refused in a cloud.",
    ),
    Variable(
        "LOYALTY_PEPPER",
        "",
        "Secret that keys the hashes of phones and e-mails, as `ID:SECRET`. One machine makes its"
        " own on the first start.",
        secret=True,
    ),
    Variable("LOYALTY_API_KEY", "", "A key with all scopes, seeded on one machine.", secret=True),
    Variable(
        "LOYALTY_TEST_NUMBERS",
        "",
        "Phones and e-mails, with commas: only these get messages, all others are dropped.",
    ),
    Variable("LOYALTY_DATA", "data", "Folder for everything one machine keeps."),
    Variable("LOYALTY_LOG", "info", "`debug`, `info`, `warning` or `error`."),
    Variable(
        "LOYALTY_SECRETS_URL",
        "https://secretmanager.googleapis.com/v1",
        "Where `loyalty secrets set` puts secrets: another region's address, or one on loopback.",
    ),
    Variable(
        "LOYALTY_REGION",
        "europe-west1",
        "The region where `loyalty schedules` keeps jobs: that of the deployment.",
    ),
    Variable(
        "LOYALTY_SCHEDULER_URL",
        "https://cloudscheduler.googleapis.com",
        "Where `loyalty schedules` finds Cloud Scheduler: Google's address, or one on loopback.",
    ),
    Variable("PORT", "8080", "Where one machine serves."),
    Variable("HOST", "127.0.0.1", "The address one machine binds to."),
)


class Settings:
    """The environment, read once. Unknown names are a programming error."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.environment = dict(os.environ if environment is None else environment)
        self._defaults = {variable.name: variable.default for variable in VARIABLES}

    def __getitem__(self, name: str) -> str:
        """Return a setting, or its default if it is unset or empty."""
        return self.environment.get(name) or self._defaults[name]

    @property
    def project(self) -> str:
        """The cloud project where documents live, or else events travel; "" on one machine."""
        places = (self[name].partition(":") for name in ("LOYALTY_STORE", "LOYALTY_BUS"))
        return next((where for kind, _, where in places if kind in ("firestore", "pubsub")), "")

    @property
    def in_cloud(self) -> bool:
        """Whether this runs on the platform (Cloud Run sets K_SERVICE)."""
        return "K_SERVICE" in self.environment
