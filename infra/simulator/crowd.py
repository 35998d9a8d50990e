"""A crowd that fills the pages of sweeps and jobs: guests of long ago, promises that were kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from infra.simulator.programs import START
from infra.simulator.store import MemoryStore
from loyalty import timekeeping
from loyalty.domain.account import Account
from loyalty.ports import Key, Unit
from loyalty.records import account_record, accounts

MANY = 120
"""So many have nothing that is due: the sweep would be busy with little else."""
OLD = "m_old"
"""How whoever was erased long ago is named."""


@cache
def crowd(number: int) -> Mapping[Key, bytes]:
    """Make the accounts of guests who were erased, and timers of promises that were kept."""
    store = MemoryStore()

    def work(unit: Unit) -> None:
        for each in range(number):
            name = f"{OLD}{each}"
            accounts.put(unit, name, account_record(Account(id=name), "erased"))
            if number < MANY:
                timekeeping.publish_at(unit, name, (), START)

    store.atomically("ledger", work)
    return store.documents
