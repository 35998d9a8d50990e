"""What every Store promises. A new adapter joins by one line in STORES."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from loyalty.adapters.firestore import FirestoreStore
from loyalty.adapters.sqlite import SqliteStore
from loyalty.errors import AlreadyExists
from loyalty.ports import Key, Query, Where
from loyalty.stored import pages

STORES = {
    "sqlite": lambda request: SqliteStore(
        request.getfixturevalue("tmp_path") / "new" / "regulars.db"
    ),
    "firestore": lambda request: FirestoreStore(
        request.getfixturevalue("firestore_project")(), patience=60.0
    ),
}
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def store(request):
    store = request.param(request)
    yield store
    store.close()


def put(store, key, document, database="ledger"):
    store.atomically(database, lambda unit: unit.put(key, document))


def put_all(store, collection, documents):
    def work(unit):
        for name, document in documents.items():
            unit.put(Key(collection, name), document)

    store.atomically("ledger", work)


def names(store, *args, **kwargs):
    return [name for name, _ in store.query(Query(*args, **kwargs))]


# -- units ------------------------------------------------------------------------------------


def test_what_was_put_is_read_back(store):
    document = {"balance": 12, "tier": None, "lots": [{"points": 3, "open": True}], "name": "Zoë"}
    put(store, Key("accounts", "a"), document)
    assert store.get(Key("accounts", "a")) == [document]


def test_documents_come_in_the_order_asked_with_none_for_the_missing(store):
    put(store, Key("accounts", "a"), {"n": 1})
    put(store, Key("contacts", "b"), {"n": 2}, "people")
    keys = Key("contacts", "b"), Key("accounts", "none"), Key("accounts", "a")
    assert store.get(*keys) == [{"n": 2}, None, {"n": 1}]


def test_a_unit_reads_what_was_committed_before_it(store):
    put(store, Key("accounts", "a"), {"n": 1})
    assert store.atomically("ledger", lambda unit: unit.get(Key("accounts", "a"))) == [{"n": 1}]


def test_a_unit_returns_what_its_work_returns(store):
    assert store.atomically("ledger", lambda _: "done") == "done"


def test_put_replaces_the_whole_document(store):
    put(store, Key("accounts", "a"), {"old": 1})
    put(store, Key("accounts", "a"), {"new": 2})
    assert store.get(Key("accounts", "a")) == [{"new": 2}]


def test_a_document_that_is_read_belongs_to_its_reader(store):
    put(store, Key("accounts", "a"), {"lots": [1]})
    (mine,) = store.get(Key("accounts", "a"))
    mine["lots"].append(2)
    assert store.get(Key("accounts", "a")) == [{"lots": [1]}]


def test_a_document_is_stored_as_it_was_when_it_was_put(store):
    def work(unit):
        document = {"lots": [1]}
        unit.put(Key("accounts", "a"), document)
        document["lots"].append(2)

    store.atomically("ledger", work)
    assert store.get(Key("accounts", "a")) == [{"lots": [1]}]


def test_an_instant_converts_back_to_itself(store):
    put(store, Key("timers", "t"), {"due_at": NOON + timedelta(microseconds=5)})
    (found,) = store.get(Key("timers", "t"))
    assert msgspec.convert(found["due_at"], datetime) == NOON + timedelta(microseconds=5)


def test_creating_what_is_there_says_so_and_changes_nothing(store):
    put(store, Key("accounts", "a"), {"n": 1})

    def work(unit):
        unit.put(Key("accounts", "b"), {"n": 2})
        unit.create(Key("accounts", "a"), {"n": 3})

    with pytest.raises(AlreadyExists):
        store.atomically("ledger", work)
    assert store.get(Key("accounts", "a"), Key("accounts", "b")) == [{"n": 1}, None]


def test_a_collision_names_the_document(store):
    put(store, Key("accounts", "a"), {})
    with pytest.raises(AlreadyExists) as caught:
        store.atomically("ledger", lambda unit: unit.create(Key("accounts", "a"), {}))
    assert caught.value.args == (Key("accounts", "a"),)


def test_whatever_the_work_raises_undoes_the_unit(store):
    def work(unit):
        unit.put(Key("accounts", "a"), {"n": 1})
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        store.atomically("ledger", work)
    assert store.get(Key("accounts", "a")) == [None]


def test_a_deleted_document_is_gone_and_can_be_created_again(store):
    put(store, Key("accounts", "a"), {"n": 1})
    store.atomically("ledger", lambda unit: unit.delete(Key("accounts", "a")))
    assert store.get(Key("accounts", "a")) == [None]
    store.atomically("ledger", lambda unit: unit.create(Key("accounts", "a"), {"n": 2}))
    assert store.get(Key("accounts", "a")) == [{"n": 2}]


def test_deleting_what_is_not_there_is_no_error(store):
    store.atomically("ledger", lambda unit: unit.delete(Key("accounts", "none")))


@pytest.mark.parametrize("first", ["create", "put", "delete"])
@pytest.mark.parametrize("second", ["create", "put", "delete"])
def test_a_second_write_of_a_document_is_refused(store, first, second):
    key = Key("accounts", "a")

    def work(unit):
        for act in (first, second):
            getattr(unit, act)(*([key] if act == "delete" else [key, {}]))

    with pytest.raises(RuntimeError, match="once"):
        store.atomically("ledger", work)
    assert store.get(key) == [None]


def test_a_read_after_a_write_is_refused(store):
    def work(unit):
        unit.put(Key("accounts", "a"), {})
        unit.get(Key("accounts", "b"))

    with pytest.raises(RuntimeError):
        store.atomically("ledger", work)


@pytest.mark.parametrize("act", ["get", "create", "put", "delete"])
def test_a_unit_of_one_database_cannot_touch_the_other(store, act):
    document = [{}] if act in ("create", "put") else []
    with pytest.raises(ValueError, match="'people'"):
        store.atomically("ledger", lambda u: getattr(u, act)(Key("contacts", "a"), *document))


def test_an_unknown_collection_is_refused(store):
    with pytest.raises(ValueError, match="acounts"):
        put(store, Key("acounts", "a"), {})
    with pytest.raises(ValueError, match="acounts"):
        store.get(Key("acounts", "a"))


# -- queries ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "expected"),
    [("==", ["b"]), ("<", ["a"]), ("<=", ["a", "b"]), (">", ["c"]), (">=", ["b", "c"])],
)
@pytest.mark.parametrize(
    "values",
    [("ann", "bob", "bobby"), (-5, 3, 20), (NOON - timedelta(days=1), NOON, NOON.replace(hour=13))],
    ids=["words", "numbers", "instants"],
)
def test_a_filter_compares_values(store, op, expected, values):
    put_all(store, "timers", {n: {"due_at": v} for n, v in zip("abc", values, strict=True)})
    assert names(store, "timers", (Where("due_at", op, values[1]),), "due_at") == expected


def test_equality_finds_none_and_booleans(store):
    put_all(store, "reviews", {"a": {"state": None}, "b": {"state": True}, "c": {"state": False}})
    assert names(store, "reviews", (Where("state", "==", None),)) == ["a"]
    assert names(store, "reviews", (Where("state", "==", True),)) == ["b"]


def test_a_number_is_neither_before_nor_after_a_word(store):
    put_all(store, "reviews", {"a": {"state": 5}, "b": {"state": "open"}})
    assert names(store, "reviews", (Where("state", "<", "z"),), "state") == ["b"]
    assert names(store, "reviews", (Where("state", ">", 1),), "state") == ["a"]


def test_instants_are_compared_whatever_their_zone_or_precision(store):
    later = NOON + timedelta(microseconds=1)
    put_all(store, "timers", {"b": {"due_at": later}, "a": {"due_at": NOON}})
    elsewhere = datetime.fromisoformat("2025-03-01T17:45:00+05:45")
    assert names(store, "timers", (Where("due_at", "==", elsewhere),)) == ["a"]
    assert names(store, "timers", order="due_at") == ["a", "b"]


def test_contains_finds_every_list_that_holds_the_value(store):
    put_all(store, "entries", {"a": {"members": ["m", "n"]}, "b": {"members": ["n"]}})
    assert names(store, "entries", (Where("members", "contains", "n"),)) == ["a", "b"]
    assert names(store, "entries", (Where("members", "contains", "m"),)) == ["a"]


def test_a_query_asks_at_most_one_list(store):
    where = Where("members", "contains", "m"), Where("members", "contains", "n")
    with pytest.raises(ValueError, match="one list"):
        store.query(Query("entries", where))


def test_a_range_comes_in_the_order_of_its_field(store):
    with pytest.raises(ValueError, match="order of its field"):
        store.query(Query("entries", (Where("at", ">", NOON),)))


def test_two_filters_on_a_field_make_a_range(store):
    put_all(store, "timers", {str(n): {"due_at": n} for n in range(6)})
    where = Where("due_at", ">", 1), Where("due_at", "<=", 4)
    assert names(store, "timers", where, "due_at", descending=True) == ["4", "3", "2"]


def test_several_filters_all_hold(store):
    early = NOON - timedelta(days=9)
    put_all(
        store,
        "entries",
        {
            "a": {"members": ["m"], "at": NOON},
            "b": {"members": ["n"], "at": NOON},
            "c": {"members": ["m"], "at": early},
        },
    )
    where = Where("members", "contains", "m"), Where("at", ">=", NOON)
    assert names(store, "entries", where, "at", descending=True) == ["a"]


def test_without_an_order_documents_come_by_id(store):
    put_all(store, "entries", {"c": {}, "a": {}, "b": {}})
    assert names(store, "entries") == ["a", "b", "c"]
    with pytest.raises(ValueError, match="one direction"):
        store.query(Query("entries", descending=True))


def test_an_order_is_by_the_field_and_then_by_id(store):
    put_all(store, "entries", {"c": {"kind": 1}, "b": {"kind": 2}, "a": {"kind": 2}})
    assert names(store, "entries", order="kind") == ["c", "a", "b"]
    assert names(store, "entries", order="kind", descending=True) == ["b", "a", "c"]


@pytest.mark.parametrize(("order", "descending"), [("at", False), ("at", True), (None, False)])
def test_pages_follow_each_other_without_gap_or_overlap(store, order, descending):
    documents = {f"{n:02}": {"at": NOON + timedelta(hours=n // 3)} for n in range(10)}
    put_all(store, "entries", documents)
    seen, after = [], None
    while page := store.query(Query("entries", (), order, descending, limit=4, after=after)):
        seen += [name for name, _ in page]
        name, last = page[-1]
        after = (last["at"] if order else None, name)
    assert seen == sorted(documents, reverse=descending)


def test_a_document_without_the_field_is_not_found_by_it(store):
    put_all(store, "timers", {"a": {"due_at": NOON}, "b": {}})
    assert names(store, "timers", order="due_at") == ["a"]
    assert names(store, "timers", (Where("due_at", "==", None),)) == []


def test_a_changed_document_is_found_by_its_new_values_only(store):
    put_all(store, "entries", {"a": {"members": ["m"], "at": NOON, "state": "open"}})
    put_all(store, "entries", {"a": {"members": ["n"], "at": NOON, "state": "closed"}})
    assert names(store, "entries", (Where("members", "contains", "m"),)) == []
    assert names(store, "entries", (Where("state", "==", "closed"),)) == ["a"]


def test_a_document_put_back_as_it_was_read_is_still_found(store):
    put_all(store, "timers", {"a": {"due_at": NOON}})
    put(store, Key("timers", "a"), store.get(Key("timers", "a"))[0])
    assert names(store, "timers", (Where("due_at", "==", NOON),)) == ["a"]


def test_a_deleted_document_is_not_found(store):
    put_all(store, "timers", {"a": {"due_at": NOON}})
    store.atomically("ledger", lambda unit: unit.delete(Key("timers", "a")))
    assert names(store, "timers", order="due_at") == []


def test_a_query_returns_the_documents(store):
    put_all(store, "reviews", {"a": {"state": "open", "n": 1}})
    assert store.query(Query("reviews")) == [("a", {"state": "open", "n": 1})]


def test_a_query_sees_one_collection(store):
    put_all(store, "reviews", {"a": {"at": 1}})
    put_all(store, "quarantine", {"b": {"at": 1}})
    assert names(store, "reviews", order="at") == ["a"]


def test_count_ignores_order_limit_and_cursor(store):
    put_all(store, "reviews", {n: {"state": "open", "at": 1} for n in "abc"} | {"d": {"state": ""}})
    query = Query("reviews", (Where("state", "==", "open"),), "at", limit=1, after=(1, "b"))
    assert store.count(query) == 3


@pytest.mark.parametrize(
    "query",
    [Query("accounts", (Where("tier", "==", 1),)), Query("reviews", order="points")],
    ids=["filter", "order"],
)
def test_a_field_without_an_index_is_refused(store, query):
    with pytest.raises(ValueError, match="not indexed"):
        store.query(query)
    with pytest.raises(ValueError, match="not indexed"):
        store.count(query)


@pytest.mark.parametrize(
    "query",
    [
        Query("entries", (Where("members", "contains", "m"),), "at"),
        Query("reviews", (Where("state", "==", "open"),), "at", descending=True),
    ],
    ids=["contains", "equals"],
)
def test_an_order_that_no_index_keeps_for_the_filter_is_refused(store, query):
    with pytest.raises(ValueError, match="no composite index"):
        store.query(query)


@pytest.mark.parametrize("value", [1.5, {"a": 1}], ids=["float", "map"])
def test_a_value_that_has_no_order_cannot_be_indexed(store, value):
    with pytest.raises(TypeError):
        put_all(store, "reviews", {"a": {"state": value}})


def test_a_naive_datetime_cannot_be_indexed(store):
    with pytest.raises(ValueError, match="time zone"):
        put_all(store, "timers", {"a": {"due_at": NOON.replace(tzinfo=None)}})


# -- everything, page by page -----------------------------------------------------------------


def test_pages_go_through_everything_in_order_whatever_their_size(store):
    put_all(
        store, "quarantine", {f"q{n}": {"at": NOON + timedelta(hours=n // 2)} for n in range(5)}
    )
    query = Query("quarantine", order="at", limit=2)
    assert [name for name, _ in pages(store, query)] == ["q0", "q1", "q2", "q3", "q4"]
    assert [name for name, _ in pages(store, query._replace(order=None, limit=1))] == [
        "q0", "q1", "q2", "q3", "q4",
    ]  # fmt: skip
