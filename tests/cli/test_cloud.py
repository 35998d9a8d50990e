"""`loyalty` on the ledger of a Google Cloud project, on the emulators."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import pubsub_v1
from tests.cli.conftest import LATER, PHONE, PROGRAM, CommandLine, happen
from tests.rig import NOON, Rig

from loyalty.adapters.firestore import FirestoreStore
from loyalty.adapters.pubsub_dead import AT_ONCE
from loyalty.events import SweepRequested, encode
from loyalty.records import timers

SWEEP = encode(SweepRequested(id="sweep:1", at=NOON, subject="sweep"))


@pytest.fixture(scope="module")
def ledger(firestore_project, tmp_path_factory):
    """A project in which a regular's day happened; the command line works there."""
    project = firestore_project()
    folder = tmp_path_factory.mktemp("no-data")
    store = FirestoreStore(project, patience=60.0)
    member = happen(Rig(folder, PROGRAM, store=store))
    environment = {
        "LOYALTY_STORE": f"firestore:{project}",
        "LOYALTY_BUS": f"pubsub:{project}",
        "LOYALTY_PEPPER": "p1:a pepper for tests only",
    }
    yield CommandLine(folder, member, environment)
    store.close()


@pytest.fixture(scope="module")
def topics(ledger, pubsub_host):  # noqa: ARG001 - the emulator has to run
    """The topic of sweeps and the dead letters of who hears it."""
    return Topics(ledger.environment["LOYALTY_BUS"].partition(":")[2])


class Topics:
    """A topic with its subscription, and what failed there."""

    def __init__(self, project: str) -> None:
        self.publisher, self.subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
        heard = "sweep-requested.lifecycle-sweep"
        self._made(project, "sweep-requested", heard)
        self.dead = self._made(project, f"{heard}.dead", f"{heard}.dead")
        self.heard = self.subscriber.subscription_path(project, heard)

    def _made(self, project: str, topic: str, subscription: str) -> str:
        place = self.publisher.topic_path(project, topic)
        self.publisher.create_topic(name=place)
        heard = self.subscriber.subscription_path(project, subscription)
        self.subscriber.create_subscription(name=heard, topic=place)
        return place

    def bury(self, event: bytes) -> str:
        return self.publisher.publish(
            self.dead, event, CloudPubSubDeadLetterSourceDeliveryCount="8"
        ).result(30)

    def pulled(self) -> list[bytes]:
        answer = self.subscriber.pull(subscription=self.heard, max_messages=9, timeout=20)
        ids = [each.ack_id for each in answer.received_messages]
        self.subscriber.acknowledge(subscription=self.heard, ack_ids=ids)
        return [each.message.data for each in answer.received_messages]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("verify",), "ledger adds up: 3 entries, 1 accounts, 3 points"),
        (("explain", "R1"), "It is worth 3 points, net of everything given back."),
        (("member", "show", PHONE), "points 3 pending 0"),
        (("reviews", "list"), "generic:R2 EUR 600.00"),
        (("program", "list"), "yes"),
        (("store", "list"), "Main Street"),
        (("segments", "list"), "friends Friends 0"),
        (("segments", "show", "friends"), "tags [friend] guests 0"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_a_command_that_looks_tells_the_same_of_a_cloud(ledger, words, told):
    assert told in ledger(*words)


def test_what_a_command_changes_goes_out_with_the_next_sweep(ledger):
    said = ledger("reviews", "approve", "R2", "--by", "Maya")
    assert said.endswith("Its guest is told within a minute or two.")
    store = FirestoreStore(ledger.environment["LOYALTY_STORE"].partition(":")[2])
    due = timers.find(store, ("due_at", "<=", LATER), order="due_at")
    store.close()
    assert [each.outcome[0].topic for each in due if each.outcome] == ["points-posted"]
    assert "adds up" in ledger("verify")


def test_a_program_is_published_to_a_cloud(ledger):
    said = ledger("program", "publish", "tests/programs/ramen-jpy.yaml", "--yes")
    assert "Published as" in said


def test_keys_of_a_cloud_are_given_out_and_revoked(ledger):
    ledger("keys", "add", "till-3")
    assert "till-3 members:read, members:write, rewards:write all 600" in ledger("keys", "list")
    ledger("keys", "revoke", "till-3")
    assert "till-3" not in ledger("keys", "list")


def test_dead_letters_of_a_cloud_are_listed_and_stay(ledger, topics):
    number = topics.bury(SWEEP)
    for _ in range(2):
        said = ledger("deadletters", "list")
        assert f"{number} lifecycle_sweep sweep see the log of the function 8" in said
    assert "generic:R4 no store of the program has this till" in said
    ledger("deadletters", "replay", number)
    topics.pulled()


def test_a_dead_letter_of_a_cloud_is_published_again_and_then_gone(ledger, topics):
    first, second = topics.bury(SWEEP), topics.bury(b"another")
    assert f"Replayed dead letter {first}." in ledger("deadletters", "replay", first)
    assert topics.pulled() == [SWEEP]
    said = ledger("deadletters", "list")
    assert first not in said.split()
    assert second in said.split()
    assert "Replayed 1 dead letter." in ledger("deadletters", "replay", "--all")
    assert topics.pulled() == [b"another"]


@pytest.mark.slow
def test_more_dead_letters_than_fit_into_a_page_are_all_replayed(ledger, topics):
    letters = [b"letter %03d" % number for number in range(AT_ONCE + 2)]
    for letter in letters:
        topics.bury(letter)
    told = ledger("deadletters", "replay", "--all")
    assert f"Replayed {len(letters)} dead letters." in told
    heard: list[bytes] = []
    while len(heard) < len(letters):
        heard += topics.pulled()
    assert sorted(heard) == letters


def test_without_a_bus_it_says_where_dead_letters_are(ledger):
    words: Any = ("deadletters", "list")
    alone = CommandLine(ledger.folder, "", {**ledger.environment, "LOYALTY_BUS": None})
    assert "Set LOYALTY_BUS=pubsub:PROJECT" in alone(*words, code=1)


def test_without_the_pepper_it_says_what_is_missing_in_a_cloud(ledger):
    alone = CommandLine(ledger.folder, "", {**ledger.environment, "LOYALTY_PEPPER": None})
    assert "Set LOYALTY_PEPPER" in alone("member", "show", PHONE, code=1)


def test_without_credentials_it_says_how_to_get_them(ledger):
    nobody = {"FIRESTORE_EMULATOR_HOST": None, "NO_GCE_CHECK": "true", "HOME": str(ledger.folder)}
    alone = CommandLine(ledger.folder, "", {**ledger.environment, **nobody})
    assert "Run `gcloud auth application-default login`." in alone("verify", code=1)
