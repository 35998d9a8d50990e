"""Cloud Scheduler takes what its published types say, keeps it, and refuses the rest."""

from __future__ import annotations

import re
from inspect import cleandoc, getdoc

import pytest
import requests
from google.cloud import scheduler_v1
from infra.sandbox import scheduler_shapes

PARENT = "projects/cafe-prod/locations/europe-west1"
NAME = f"{PARENT}/jobs/loyalty-waiting"
TARGET = {"topicName": "projects/cafe-prod/topics/sweep-requested", "data": "eyJhIjogMX0="}
JOB = {
    "name": NAME,
    "description": "Counts.",
    "schedule": "30 3 * * *",
    "timeZone": "Europe/Berlin",
    "pubsubTarget": TARGET,
}
OTHER_TARGETS = {"appEngineHttpTarget", "httpTarget"}
NEVER_TOLD = {"status"}
"""Output of runs that failed, which the sandbox has none of."""


def published(kind: type) -> set[str]:
    """List the fields of a message as JSON names them, from the installed library."""
    return {each.json_name for each in kind.pb().DESCRIPTOR.fields}


def required(kind: type) -> set[str]:
    """List the fields that the library's own words call required."""
    words = cleandoc(getdoc(kind) or "")
    fields = re.findall(r"^ {4}(\w+) \(.*?\):\n {8}Required", words, re.MULTILINE)
    named = {each.name: each.json_name for each in kind.pb().DESCRIPTOR.fields}
    return {named[field] for field in fields}


@pytest.fixture
def google(sandbox):
    def ask(method: str, path: str, body: object = None, **query: str) -> requests.Response:
        url = f"{sandbox.url}/cloud_scheduler/v1/{path}"
        return requests.request(method, url, json=body, params=query, timeout=5)

    return ask


def test_the_sandbox_knows_exactly_the_published_fields():
    known = set(scheduler_shapes.JOB.fields)
    assert known == published(scheduler_v1.Job) - OTHER_TARGETS - NEVER_TOLD
    assert set(scheduler_shapes.PUBSUB_TARGET.fields) == published(scheduler_v1.PubsubTarget)
    assert set(scheduler_shapes.RETRY_CONFIG.fields) == published(scheduler_v1.RetryConfig)


def test_what_the_library_calls_required_is_required_here():
    assert required(scheduler_v1.Job) == {"schedule"}
    assert required(scheduler_v1.PubsubTarget) == {"topicName"}
    oneof = scheduler_v1.Job.pb().DESCRIPTOR.oneofs_by_name["target"]
    assert {each.json_name for each in oneof.fields} == OTHER_TARGETS | {"pubsubTarget"}
    assert scheduler_shapes.JOB.required == {"schedule", "pubsubTarget"}
    assert scheduler_shapes.PUBSUB_TARGET.required == {"topicName"}


@pytest.mark.parametrize("missing", sorted(scheduler_shapes.JOB.required))
def test_a_job_without_a_required_field_is_refused(google, missing):
    left = {key: value for key, value in JOB.items() if key != missing}
    refused = google("POST", f"{PARENT}/jobs", left)
    assert (refused.status_code, missing in refused.json()["error"]["message"]) == (400, True)


@pytest.mark.parametrize(
    "change",
    [
        {"pubsubTarget": {"data": "eA=="}},
        {"pubsubTarget": {"topicName": TARGET["topicName"]}},
        {"pubsubTarget": {**TARGET, "data": "not base64"}},
        {"pubsubTarget": {**TARGET, "topicName": "sweep-requested"}},
        {"schedule": "30 25 * * *"},
        {"schedule": "whenever"},
        {"schedule": ""},
        {"timeZone": "Mars/Olympus"},
        {"description": "x" * 501},
        {"colour": "red"},
        {"name": "loyalty-waiting"},
        {"name": f"{PARENT}/jobs/with space"},
        {"name": "projects/other-prod/locations/europe-west1/jobs/x"},
        {"retryConfig": {"retryCount": 6}},
        {"attemptDeadline": 30},
    ],
    ids=str,
)
def test_a_job_that_is_not_as_published_is_refused(google, change):
    refused = google("POST", f"{PARENT}/jobs", {**JOB, **change})
    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert google("GET", f"{PARENT}/jobs").json()["jobs"] == []


def test_a_job_runs_from_the_start_and_tells_when_next(google):
    made = google("POST", f"{PARENT}/jobs", JOB).json()
    assert (made["state"], made["scheduleTime"]) == ("ENABLED", "2026-11-21T02:30:00Z")
    assert google("GET", NAME).json() == made
    assert google("POST", f"{PARENT}/jobs", JOB).json()["error"]["status"] == "ALREADY_EXISTS"


def test_a_job_without_a_name_gets_one_and_without_a_zone_goes_by_utc(google):
    left = {key: JOB[key] for key in ("schedule", "pubsubTarget")}
    made = google("POST", f"{PARENT}/jobs", left).json()
    assert made["name"].startswith(f"{PARENT}/jobs/")
    assert made["timeZone"] == "UTC"


def test_a_change_is_only_what_its_mask_names(google):
    google("POST", f"{PARENT}/jobs", JOB)
    change = {"name": NAME, "schedule": "0 8 * * 1", "description": "Other."}
    after = google("PATCH", NAME, change, updateMask="schedule").json()
    assert (after["schedule"], after["description"]) == ("0 8 * * 1", "Counts.")


@pytest.mark.parametrize("mask", ["", "colour", "schedule,colour"])
def test_a_change_without_a_good_mask_is_refused(google, mask):
    google("POST", f"{PARENT}/jobs", JOB)
    assert google("PATCH", NAME, {"schedule": "0 8 * * 1"}, updateMask=mask).status_code == 400


def test_a_change_cannot_take_away_what_is_required(google):
    google("POST", f"{PARENT}/jobs", JOB)
    assert google("PATCH", NAME, {"description": ""}, updateMask="schedule").status_code == 400


def test_only_what_runs_can_be_paused_and_only_what_is_paused_resumed(google):
    google("POST", f"{PARENT}/jobs", JOB)
    verbs = ("resume", "pause", "pause", "resume")
    answers = [google("POST", f"{NAME}:{verb}", {}).json() for verb in verbs]
    assert [each.get("state", each.get("error", {}).get("status")) for each in answers] == [
        "FAILED_PRECONDITION", "PAUSED", "FAILED_PRECONDITION", "ENABLED",
    ]  # fmt: skip


def test_a_run_is_kept(google, sandbox):
    google("POST", f"{PARENT}/jobs", JOB)
    assert google("POST", f"{NAME}:run", {}).status_code == 200
    assert [(run.name, run.target) for run in sandbox.cloud_scheduler.ran] == [(NAME, TARGET)]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_not_there_is_not_found(google, method):
    body = {"schedule": "0 8 * * 1"} if method == "PATCH" else None
    assert google(method, NAME, body, updateMask="schedule").status_code == 404
    assert google("GET", "projects/cafe-prod/locations/nowhere1/jobs").status_code == 404


def test_lists_come_in_pages(google):
    for number in range(3):
        google("POST", f"{PARENT}/jobs", {**JOB, "name": f"{PARENT}/jobs/j{number}"})
    first = google("GET", f"{PARENT}/jobs", pageSize="2").json()
    rest = google("GET", f"{PARENT}/jobs", pageSize="2", pageToken=first["nextPageToken"]).json()
    assert [len(first["jobs"]), len(rest["jobs"]), "nextPageToken" in rest] == [2, 1, False]
