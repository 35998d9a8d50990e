"""The ledger of a Google Cloud project: read and changed beside the functions, which run on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click

from loyalty.ports import Store
from loyalty.settings import Settings

if TYPE_CHECKING:
    from loyalty.adapters.firestore import FirestoreStore
    from loyalty.adapters.pubsub_dead import PubSubDeadLetters


class Cloud:
    """Where a Google Cloud project keeps its ledger. Google's libraries take a second to import."""

    soon = "within a minute or two"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def reading(self) -> Iterator[FirestoreStore]:
        """Look at the ledger as it is at this moment; it can be looked at for an hour."""
        with self.writing() as store:
            store.freeze()
            yield store

    @contextmanager
    def writing(self, *, fresh: bool = False, call: str = "") -> Iterator[FirestoreStore]:  # noqa: ARG002 - one is there, for all
        """Change the ledger; units see to it that nobody's change is lost."""
        from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

        from loyalty.adapters.firestore import FirestoreStore  # noqa: PLC0415

        try:
            with closing(FirestoreStore(self._settings.project)) as store:
                yield store
        except GoogleAuthError:
            told = "No credentials for Google Cloud. Run `gcloud auth application-default login`."
            raise click.ClickException(told) from None
        except GoogleAPICallError as error:
            raise click.ClickException(f"Google Cloud says {type(error).__name__}.") from None

    def letters(self, _store: Store) -> PubSubDeadLetters:
        """Return what keeps the dead letters."""
        kind, _, project = self._settings["LOYALTY_BUS"].partition(":")
        if kind != "pubsub":
            told = "Set LOYALTY_BUS=pubsub:PROJECT: dead letters are kept there."
            raise click.ClickException(told)
        from loyalty.adapters.pubsub_dead import PubSubDeadLetters  # noqa: PLC0415

        return PubSubDeadLetters(project)

    def pepper(self) -> str:
        """Return the secret that keys hashes."""
        given = self._settings["LOYALTY_PEPPER"]
        if not given:
            raise click.ClickException("Set LOYALTY_PEPPER to the secret that the functions have.")
        return given
