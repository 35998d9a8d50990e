"""Cloud Scheduler: keeps the jobs of projects strictly, and runs one when asked to."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from infra.sandbox import scheduler_shapes
from infra.sandbox.hosts import on_host
from infra.sandbox.premises import Premises

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}
REGIONS = ("europe-west1", "europe-west3", "us-central1", "asia-south1")
MOST_JOBS, PAGE = 1000, 500
STATES = ("STATE_UNSPECIFIED", "ENABLED", "PAUSED", "DISABLED", "UPDATE_FAILED")
NAME = re.compile(r"projects/(?P<project>[a-z][a-z0-9-]{4,28}[a-z0-9])/locations/(?P<region>[^/]+)")
OUTPUT = ("state", "scheduleTime", "userUpdateTime", "lastAttemptTime")
ENABLED, PAUSED = "ENABLED", "PAUSED"
Kept = dict[str, Any]


class SchedulerRefusalError(Exception):
    """Google's answer to a request it will not carry out."""

    def __init__(self, status: int, words: str, kind: str = "") -> None:
        super().__init__(words)
        self.status, self.kind = status, kind or STATUS[status]


@dataclass
class Trouble:
    """What the project lacks: `credentials`, `right`, or `service` (which is switched off)."""

    lacking: str = ""
    most_jobs: int = MOST_JOBS


@dataclass
class Run:
    """One run of a job: what it published, and where."""

    name: str
    target: dict[str, Any] = field(default_factory=dict)


class CloudScheduler:
    """Every project's jobs. What runs is kept in `ran`: the sandbox has no topics."""

    def __init__(self, premises: Premises) -> None:
        self._premises = premises
        self.kept: dict[str, Kept] = {}
        self.ran: list[Run] = []
        self.trouble = Trouble()

    @classmethod
    def blueprint(cls) -> Blueprint:
        """Give the addresses of the REST API, version 1."""
        pages = Blueprint("cloud_scheduler", __name__, url_prefix="/cloud_scheduler")
        parent = "/v1/projects/<project>/locations/<region>/jobs"
        pages.get(parent)(on_host(cls._list))
        pages.post(parent)(on_host(cls._create))
        pages.get(f"{parent}/<name>")(on_host(cls._get))
        pages.patch(f"{parent}/<name>")(on_host(cls._patch))
        pages.delete(f"{parent}/<name>")(on_host(cls._delete))
        pages.post(f"{parent}/<name>:<any(pause,resume,run):verb>")(on_host(cls._do))
        pages.route("/<path:_rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])(_nowhere)
        pages.register_error_handler(SchedulerRefusalError, _refused)
        return pages

    def rate_limited(self, retry_after: int | None) -> Response:
        """Answer 429, with Retry-After only if asked."""
        answer = _refused(SchedulerRefusalError(429, "Quota exceeded for quota metric 'Writes'."))
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def broken(self) -> Response:
        """Answer 500."""
        return _refused(SchedulerRefusalError(500, "Internal error encountered."))

    def clear(self) -> None:
        """Forget jobs, runs and trouble."""
        self.kept.clear()
        self.ran.clear()
        self.trouble = Trouble()

    def _list(self, project: str, region: str) -> Response:
        parent = self._parent(project, region)
        names = sorted(name for name in self.kept if name.startswith(f"{parent}/jobs/"))
        start = _whole("pageToken", 0)
        end = start + min(_whole("pageSize", PAGE) or PAGE, PAGE)
        page: dict[str, Any] = {"jobs": [_shown(self.kept[name]) for name in names[start:end]]}
        return jsonify({**page, **({"nextPageToken": str(end)} if end < len(names) else {})})

    def _create(self, project: str, region: str) -> Response:
        parent = self._parent(project, region)
        job = self._checked(scheduler_shapes.JOB.required)
        name = job.setdefault("name", f"{parent}/jobs/{self._premises.ids.uuid()}")
        if not re.fullmatch(rf"{re.escape(parent)}/jobs/[A-Za-z0-9_-]{{1,500}}", name):
            raise SchedulerRefusalError(400, "Job name must be formatted: PARENT/jobs/JOB_ID.")
        if name in self.kept:
            raise SchedulerRefusalError(409, f"Job {name} already exists.")
        if sum(each.startswith(f"{parent}/") for each in self.kept) >= self.trouble.most_jobs:
            raise SchedulerRefusalError(429, "Quota exceeded for jobs in this region.")
        return self._keep({"timeZone": "UTC", **job, "state": ENABLED})

    def _get(self, project: str, region: str, name: str) -> Response:
        return jsonify(_shown(self._known(project, region, name)))

    def _patch(self, project: str, region: str, name: str) -> Response:
        known = self._known(project, region, name)
        change = self._checked(frozenset())
        mask = request.args.get("updateMask", "").split(",")
        unknown = [each for each in mask if each not in scheduler_shapes.JOB.fields]
        if unknown:
            raise SchedulerRefusalError(
                400, f"Invalid update mask: {', '.join(unknown) or 'empty'}."
            )
        if change.get("name", known["name"]) != known["name"]:
            raise SchedulerRefusalError(400, "The job's name cannot be changed.")
        after = {key: value for key, value in known.items() if key not in mask}
        after |= {key: change[key] for key in mask if key in change}
        _check(after, scheduler_shapes.JOB.required)
        return self._keep(after)

    def _delete(self, project: str, region: str, name: str) -> Response:
        del self.kept[self._known(project, region, name)["name"]]
        return jsonify({})

    def _do(self, project: str, region: str, name: str, verb: str) -> Response:
        known = self._known(project, region, name)
        if _body() != {}:
            raise SchedulerRefusalError(400, "This call takes an empty body.")
        if verb == "run":
            self.ran.append(Run(known["name"], dict(known["pubsubTarget"])))
            return jsonify(_shown(known))
        before, after = (ENABLED, PAUSED) if verb == "pause" else (PAUSED, ENABLED)
        if known["state"] != before:
            words = f"The job is {known['state']}: only a job that is {before} can be {verb}d."
            raise SchedulerRefusalError(400, words, "FAILED_PRECONDITION")
        return self._keep({**known, "state": after})

    def _keep(self, job: Kept) -> Response:
        now = self._premises.clock()
        next_run = scheduler_shapes.next_run(job["schedule"], job["timeZone"], now)
        kept = {**job, "userUpdateTime": _stamp(now), "scheduleTime": _stamp(next_run)}
        self.kept[job["name"]] = kept
        return jsonify(_shown(kept))

    def _checked(self, required: frozenset[str]) -> Kept:
        job = _body()
        if isinstance(job, dict):  # what is output only is taken and counts for nothing
            job = {name: value for name, value in job.items() if name not in OUTPUT}
        _check(job, required)
        return dict(job)

    def _known(self, project: str, region: str, name: str) -> Kept:
        full = f"{self._parent(project, region)}/jobs/{name}"
        if full not in self.kept:
            raise SchedulerRefusalError(404, "Job not found.")
        return self.kept[full]

    def _parent(self, project: str, region: str) -> str:
        """Check who calls, and where; a place that is not there is named as such."""
        if self.trouble.lacking == "credentials":
            words = "Request had invalid authentication credentials."
            raise SchedulerRefusalError(401, words)
        if self.trouble.lacking == "right":
            words = "The principal lacks IAM permission 'cloudscheduler.jobs.list'."
            raise SchedulerRefusalError(403, words)
        if self.trouble.lacking == "service":
            words = f"Cloud Scheduler API has not been used in project {project} before."
            raise SchedulerRefusalError(403, words)
        parent = f"projects/{project}/locations/{region}"
        if not NAME.fullmatch(parent) or region not in REGIONS:
            raise SchedulerRefusalError(404, f"Location '{region}' is not a valid location.")
        return parent


def _check(job: object, required: frozenset[str]) -> None:
    found = list(scheduler_shapes.problems(job, required))
    if found:
        raise SchedulerRefusalError(400, "; ".join(f"{each.path}: {each.words}" for each in found))


def _shown(job: Kept) -> Kept:
    """Answer with the state as a number, where the caller asks for that."""
    if "enum-encoding=int" in request.args.get("$alt", ""):
        return {**job, "state": STATES.index(job["state"])}
    return job


def _whole(name: str, default: int) -> int:
    text = request.args.get(name) or str(default)
    if not text.isdecimal():
        raise SchedulerRefusalError(400, f"Invalid {name}.")
    return int(text)


def _body() -> Any:
    if request.mimetype != "application/json":
        raise SchedulerRefusalError(400, "Content-Type should be application/json.")
    try:
        return json.loads(request.get_data(as_text=True))
    except ValueError as wrong:
        raise SchedulerRefusalError(400, "Invalid JSON payload received.") from wrong


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _nowhere(_rest: str) -> Response:
    raise SchedulerRefusalError(404, "Requested entity was not found.")


def _refused(refusal: SchedulerRefusalError) -> Response:
    error = {"code": refusal.status, "message": str(refusal), "status": refusal.kind}
    answer = jsonify(error=error)
    answer.status_code = refusal.status
    return answer
