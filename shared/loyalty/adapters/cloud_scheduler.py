"""Schedules in the cloud: the jobs of one project and region, by Cloud Scheduler's own library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import google.auth
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import scheduler_v1
from requests import RequestException

from loyalty.errors import Problem

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
PATIENCE = 30.0
"""Seconds for one answer. Nothing is tried again by itself: a command can be given again."""
CHANGES = ("description", "schedule", "time_zone", "pubsub_target")
LOST = "No answer from Cloud Scheduler: give the command again, which does only what is left."
UNKNOWN = "Google Cloud knows no such credentials. Run `gcloud auth application-default login`."
_WORDS = {
    401: UNKNOWN,
    403: "Whoever gives this command takes roles/cloudscheduler.admin in {project}, and the service"
    " has to be on: `gcloud services enable cloudscheduler.googleapis.com`. Google says: {said}",
    404: "That is not there (any more). Is LOYALTY_REGION={region} the region of {project}? If so,"
    " give the command again. Google says: {said}",
    409: "Somebody else made a job of this name meanwhile: `loyalty schedules list` shows it, and"
    " this command goes on once it is gone.",
    429: "Cloud Scheduler takes no more now: its usual limits are 500 changes a minute and 1000"
    " jobs in a region. Wait a minute and give the command again, or have Google raise the limit."
    " Google says: {said}",
}
_REFUSED = "Cloud Scheduler refuses this ({code}): {said}"


class Job(NamedTuple):
    """A job as it is kept. `state` is Google's word; a job that publishes nothing has no topic."""

    id: str
    description: str
    cron: str
    zone: str
    topic: str = ""
    body: bytes = b""
    state: str = ""
    next_run: datetime | None = None


class CloudScheduler:
    """The jobs of a project in a region. Every call raises Problem, in words of what to do."""

    def __init__(self, url: str, project: str, region: str) -> None:
        self._where = {"project": project, "region": region}
        self._parent = f"projects/{project}/locations/{region}"
        with self._told():
            self._client = scheduler_v1.CloudSchedulerClient(
                credentials=_credentials(url, project),
                transport="rest",
                client_options={"api_endpoint": url.rstrip("/")},
            )

    def close(self) -> None:
        """Let go of the line."""
        self._client.transport.close()  # type: ignore[no-untyped-call]  # it has no types

    def jobs(self) -> list[Job]:
        """List every job there is, ours or not."""
        with self._told():
            found = self._client.list_jobs(parent=self._parent, retry=None, timeout=PATIENCE)
            return [_read(each) for each in found]

    def create(self, job: Job) -> None:
        """Make a job; it runs from now on."""
        with self._told():
            self._client.create_job(
                parent=self._parent, job=self._written(job), retry=None, timeout=PATIENCE
            )

    def update(self, job: Job) -> None:
        """Give a job another time, words or event; one that is paused stays so."""
        asked = {"job": self._written(job), "update_mask": {"paths": CHANGES}}
        with self._told():
            self._client.update_job(request=asked, retry=None, timeout=PATIENCE)

    def delete(self, name: str) -> None:
        """Take a job away."""
        with self._told():
            self._client.delete_job(name=self._named(name), retry=None, timeout=PATIENCE)

    def pause(self, name: str) -> None:
        """Have a job not run until it is resumed."""
        with self._told():
            self._client.pause_job(name=self._named(name), retry=None, timeout=PATIENCE)

    def resume(self, name: str) -> None:
        """Have a paused job run again."""
        with self._told():
            self._client.resume_job(name=self._named(name), retry=None, timeout=PATIENCE)

    def run(self, name: str) -> None:
        """Have a job run now, beside its times."""
        with self._told():
            self._client.run_job(name=self._named(name), retry=None, timeout=PATIENCE)

    def _named(self, name: str) -> str:
        return f"{self._parent}/jobs/{name}"

    def _written(self, job: Job) -> scheduler_v1.Job:
        target = scheduler_v1.PubsubTarget(topic_name=job.topic, data=job.body)
        return scheduler_v1.Job(
            name=self._named(job.id), description=job.description, schedule=job.cron,
            time_zone=job.zone, pubsub_target=target,
        )  # fmt: skip

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Put what goes wrong into words. Raises Problem."""
        try:
            yield
        except GoogleAuthError:
            raise Problem(401, "scheduler_refused", UNKNOWN) from None
        except exceptions.GoogleAPICallError as error:
            code = int(error.code or 0)
            unsure = not code or code >= 500  # noqa: PLR2004 - it may have been done
            words = LOST if unsure else _WORDS.get(code, _REFUSED)
            reason = error.message.partition(": ")[2] or error.message  # the address is before it
            said = words.format(code=code, said=reason, **self._where)
            raise Problem(code, "scheduler_refused", said) from None
        except (RequestException, exceptions.RetryError):
            raise Problem(0, "scheduler_silent", LOST) from None


def _credentials(url: str, project: str) -> Any:
    """Choose who shows what: Google gets our credentials, this machine none.

    Raises ValueError for any other place.
    """
    place = urlsplit(url)
    if place.hostname in ("127.0.0.1", "::1", "localhost"):
        return AnonymousCredentials()  # type: ignore[no-untyped-call]  # it has no types
    if place.scheme == "https" and (place.hostname or "").endswith(".googleapis.com"):
        return google.auth.default(scopes=[SCOPE], quota_project_id=project)[0]
    raise ValueError(f"{place.hostname} is not Cloud Scheduler")


def _read(job: scheduler_v1.Job) -> Job:
    next_run = job.schedule_time
    return Job(
        id=job.name.rpartition("/")[2], description=job.description, cron=job.schedule,
        zone=job.time_zone, topic=job.pubsub_target.topic_name, body=job.pubsub_target.data,
        state=job.state.name, next_run=next_run or None,
    )  # fmt: skip
