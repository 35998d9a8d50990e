"""Firestore is told to keep exactly the composite indexes that the code's queries need."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loyalty import records
from loyalty.collections import COLLECTIONS, Composite, needed
from loyalty.ports import Query, Where

SHARED = Path(__file__).parent.parent / "shared"
SOURCES = [path for path in SHARED.rglob("*.py") if path.name not in ("records.py", "stored.py")]
BY_NAME = {
    name: found.collection
    for name, found in vars(records).items()
    if isinstance(found, records.Records)
}


def imported(tree: ast.Module) -> dict[str, str]:
    """Map the names of a module to the collections that they are imported as."""
    return {
        alias.asname or alias.name: BY_NAME[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == records.__name__
        for alias in node.names
        if alias.name in BY_NAME
    }


def asked(source: str) -> Iterator[Query]:
    """Read the queries of a module: `entries.find(store, ("state", "==", x), order="at")`."""
    tree = ast.parse(source)
    collections = imported(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(ast.Name(name), "find")) if name in collections:
                yield query(collections[name], node)


def query(collection: str, call: ast.Call) -> Query:
    where = tuple(Where(*filtered(each), None) for each in call.args[1:])
    given: dict[str, Any] = {
        each.arg: ast.literal_eval(each.value)
        for each in call.keywords
        if each.arg in ("order", "descending")
    }
    return Query(collection, where, **given)


def filtered(node: ast.expr) -> tuple[str, Any]:
    """Read field and comparison of a filter; both must be written out, so that this can know."""
    assert isinstance(node, ast.Tuple)
    field, op = (ast.literal_eval(each) for each in node.elts[:2])
    return field, op


def used() -> set[tuple[str, Composite]]:
    queries = [each for path in SOURCES for each in asked(path.read_text("utf-8"))]
    return {(each.collection, needed(each)) for each in queries if needed(each)}


def test_the_composite_indexes_are_exactly_those_that_queries_need():
    declared = {(name, each) for name, kind in COLLECTIONS.items() for each in kind.composites}
    assert declared == used()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_query_with_filters_or_an_order_is_asked_by_find(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name("Query"), args=[_], keywords=keywords):
                assert {each.arg for each in keywords} <= {"limit"}
            case ast.Call(func=ast.Name("Query")):
                pytest.fail("this query hides from the test above")


def test_a_query_is_found_whatever_the_collection_is_called_there():
    source = """
from loyalty.records import reviews as kept
def listed(store):
    return kept.find(store, ("state", "==", "open"), order="at", descending=True)
"""
    [found] = asked(source)
    assert needed(found) == ("state ASCENDING", "at DESCENDING")


@pytest.mark.parametrize(
    "query",
    [
        Query("timers", (Where("due_at", "<=", 1),), "due_at"),
        Query("entries", (Where("members", "contains", "m"), Where("kind", "==", "sale"))),
        Query("entries", order="at"),
    ],
    ids=["a range in its order", "filters alone", "an order alone"],
)
def test_what_indexes_of_single_fields_answer_needs_no_composite(query):
    assert needed(query) == ()
