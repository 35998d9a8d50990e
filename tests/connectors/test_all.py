"""Every connector there is keeps every promise of the contract. There is no list to edit."""

from __future__ import annotations

import pytest
from tests.connectors import contract, listening

from loyalty.connectors import load, names

every_connector = pytest.mark.parametrize("name", names())
every_operation = pytest.mark.parametrize(("name", "verb"), contract.operations(names()))
every_listener = pytest.mark.parametrize("name", listening.listeners(names()))


@every_connector
def test_it_is_described_in_words_that_we_have(name):
    contract.is_described(name)
    contract.lives_behind_https(name)


@every_connector
def test_it_names_what_it_lacks_and_shows_no_secret(name, vendor, http):
    contract.names_what_is_missing(name, http)
    contract.shows_no_secret(name, vendor, http)


@every_connector
def test_it_finds_a_code_in_anything(name):
    contract.error_codes_never_raise(name)


@every_operation
def test_it_comes_back_after_a_slow_down(name, verb, vendor, http):
    contract.comes_back_after_a_slow_down(name, verb, vendor, http)


@every_operation
def test_it_never_does_twice_what_may_be_done(name, verb, vendor, http):
    contract.never_does_twice_what_may_be_done(name, verb, vendor, http)


@every_operation
def test_it_sorts_every_refusal(name, verb, vendor, http):
    contract.sorts_every_refusal(name, verb, vendor, http)


@every_operation
def test_it_survives_nonsense(name, verb, vendor, http):
    contract.survives_nonsense(name, verb, vendor, http)


@every_listener
def test_it_accepts_its_vendor(name):
    listening.accepts_its_vendor(name)


@every_listener
def test_it_refuses_strangers(name):
    listening.refuses_strangers(name)


@every_listener
def test_it_refuses_what_was_changed(name):
    listening.refuses_what_was_changed(name)


@every_listener
def test_it_withstands_hostile_headers_and_bodies(name):
    listening.withstands_hostile_headers(name)
    listening.withstands_hostile_bodies(name)


def test_customers_of_two_vendors_are_never_taken_for_one():
    prefixes = [load(name).identity for name in names() if load(name).identity]
    assert len(set(prefixes)) == len(prefixes)
