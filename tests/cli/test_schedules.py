"""`loyalty schedules` as people see it: against Cloud Scheduler over HTTP, and on one machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from infra.sandbox import FaultKind, Sandbox
from infra.sandbox.cloud_scheduler import Trouble
from tests.cli.conftest import LATER, CommandLine

from loyalty.adapters.cloud_scheduler import CloudScheduler, Job
from loyalty.adapters.schedule_folder import ScheduleFolder
from loyalty.adapters.sqlite import SqliteStore
from loyalty.cli import reconciling
from loyalty.errors import Problem
from loyalty.events import asked_for

PARENT = "projects/cafe-prod/locations/europe-west1"
TOPIC = "projects/cafe-prod/topics/sweep-requested"
SQUARE = ', "square:LMAIN"'
OURS = f"{PARENT}/jobs/loyalty-waiting"


class Cloud(CommandLine):
    """The command line of a project whose Cloud Scheduler is the sandbox's."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.google = sandbox.cloud_scheduler
        self.sandbox = sandbox
        self.url = f"{sandbox.url}/cloud_scheduler"
        given = {"LOYALTY_BUS": "pubsub:cafe-prod", "LOYALTY_SCHEDULER_URL": self.url}
        super().__init__(folder, "", given)

    def made(self, name: str, **changes: object) -> None:
        """Make a job as somebody else does."""
        target = {"topicName": "projects/cafe-prod/topics/other", "data": "eA=="}
        job = {"schedule": "0 6 * * *", "timeZone": "Etc/UTC", "pubsubTarget": target, **changes}
        named = {"name": f"{PARENT}/jobs/{name}", **job}
        assert requests.post(f"{self.url}/v1/{PARENT}/jobs", json=named, timeout=5).ok

    def publish(self, section: str) -> str:
        """Publish the program with another section of schedules."""
        file = self.folder / "program.yaml"
        text = Path("tests/programs/plain.yaml").read_text("utf-8")
        file.write_text(text.replace(SQUARE, "") + section, "utf-8")
        return self("program", "publish", str(file), "--yes")

    def changes(self) -> list[str]:
        """List what was asked of Google besides looking."""
        seen = self.sandbox.requests.of("cloud_scheduler")
        return [f"{each.method} {each.path.rpartition('/')[2]}" for each in seen
                if each.method != "GET"]  # fmt: skip


@pytest.fixture(scope="module")
def running():
    with Sandbox(clock=lambda: LATER) as sandbox:
        yield sandbox


@pytest.fixture
def cloud(changing, running):
    """A project whose program has one job: no till of its is to be asked."""
    running.reset()
    made = Cloud(changing.folder, running)
    made.publish("")
    return made


# -- apply --------------------------------------------------------------------------------------


def test_what_is_missing_is_shown_and_made_once_somebody_agrees(cloud):
    said = cloud("schedules", "apply", typed="y\n")
    assert said.startswith(
        "create loyalty-waiting: 30 3 * * * (Europe/Berlin). Logs how much waits for a person."
    )
    assert said.endswith("Do it? [y/N]: y Created loyalty-waiting.")
    job = cloud.google.kept[OURS]
    assert (job["schedule"], job["timeZone"]) == ("30 3 * * *", "Europe/Berlin")
    assert job["description"].endswith("(Kept by loyalty schedules.)")


def test_a_job_publishes_what_the_sweep_hears(cloud):
    cloud("schedules", "apply", "--yes")
    cloud("schedules", "run", "waiting")
    found = scheduler(cloud).jobs()
    assert [(job.topic, job.body) for job in found] == [(TOPIC, asked_for("waiting"))]
    assert [run.name for run in cloud.google.ran] == [OURS]


def test_nothing_is_done_without_a_yes(cloud):
    assert "Do it?" in cloud("schedules", "apply", typed="n\n", code=1)
    assert cloud.changes() == []


def test_given_again_it_changes_nothing_and_says_so(cloud):
    cloud("schedules", "apply", "--yes")
    said = cloud("schedules", "apply")
    assert said == (
        "leave loyalty-waiting as it is Cloud Scheduler is as the program says. Nothing to do."
    )
    assert cloud.changes() == ["POST jobs"]


def test_another_time_in_the_program_changes_the_job_and_nothing_else(cloud):
    cloud("schedules", "apply", "--yes")
    told = cloud.publish('schedules: {waiting: "0 8 * * MON"}\n')
    assert told.endswith("Its schedules are other ones: give `loyalty schedules apply` too.")
    assert "on, differs: apply" in cloud("schedules", "list")
    said = cloud("schedules", "apply", "--yes")
    assert "change loyalty-waiting: cron: 30 3 * * * -> 0 8 * * MON Changed" in said
    assert cloud.google.kept[OURS]["schedule"] == "0 8 * * MON"
    assert cloud.changes() == ["POST jobs", "PATCH loyalty-waiting"]


def test_a_change_keeps_a_paused_job_paused(cloud):
    cloud("schedules", "apply", "--yes")
    cloud("schedules", "pause", "waiting")
    cloud.publish('schedules: {waiting: "0 8 * * MON"}\n')
    cloud("schedules", "apply", "--yes")
    assert cloud.google.kept[OURS]["state"] == "PAUSED"


def test_what_the_program_switches_off_is_deleted(cloud):
    cloud("schedules", "apply", "--yes")
    cloud.publish("schedules: {waiting: off}\n")
    assert "not asked for: apply" in cloud("schedules", "list")
    said = cloud("schedules", "apply", "--yes")
    assert said == "delete loyalty-waiting: it is not asked for Deleted loyalty-waiting."
    assert cloud.google.kept == {}


def test_before_a_deployment_is_taken_down_all_of_ours_can_go(cloud):
    cloud.made("sweep")
    cloud("schedules", "apply", "--yes")
    assert "Deleted loyalty-waiting." in cloud("schedules", "apply", "--none", "--yes")
    assert list(cloud.google.kept) == [f"{PARENT}/jobs/sweep"]


def test_a_program_that_keeps_its_times_asks_for_nothing(cloud):
    assert "schedules apply" not in cloud.publish("redeeming: {grace_days: 3}\n")


@pytest.mark.parametrize("name", ["sweep", "backup", "loyalty-by-hand"])
def test_what_others_made_is_left_alone(cloud, name):
    cloud.made(name)
    before = cloud.google.kept[f"{PARENT}/jobs/{name}"]
    said = cloud("schedules", "apply", "--yes")
    whose = "Terraform's" if name == "sweep" else "not this command's"
    assert f"leave {name} alone: {whose}" in said
    cloud("schedules", "apply", "--none", "--yes")
    assert cloud.google.kept == {f"{PARENT}/jobs/{name}": before}


def test_a_job_of_our_name_that_others_made_stops_everything(cloud):
    cloud.made("loyalty-waiting", description="Do not touch.")
    said = cloud("schedules", "apply", "--yes", code=1)
    assert "loyalty-waiting is there, but this command did not make it: rename or delete it" in said
    assert "somebody else's" in cloud("schedules", "list")
    assert "did not make it" in cloud("schedules", "pause", "waiting", code=1)
    assert cloud.changes() == ["POST jobs"]


def test_a_job_whose_last_change_failed_is_changed_again(cloud):
    cloud("schedules", "apply", "--yes")
    cloud.google.kept[OURS]["state"] = "UPDATE_FAILED"
    assert "change loyalty-waiting: its last change failed" in cloud("schedules", "apply", "--yes")


def test_other_words_for_the_same_are_not_told_as_something_else_asked_for(cloud):
    cloud("schedules", "apply", "--yes")
    cloud.google.kept[OURS]["description"] = f"In old words. {reconciling.MARK}"
    told = cloud("schedules", "apply", "--yes")
    assert told.startswith("change loyalty-waiting: its description Changed")


def test_an_altered_event_is_put_right(cloud):
    cloud("schedules", "apply", "--yes")
    cloud.google.kept[OURS]["pubsubTarget"]["data"] = "eA=="
    assert "change loyalty-waiting: what it asks for" in cloud("schedules", "apply", "--yes")
    assert [job.body for job in scheduler(cloud).jobs()] == [asked_for("waiting")]


# -- list, pause, resume, run -------------------------------------------------------------------


def test_schedules_are_listed_with_their_next_run_in_their_own_zone(cloud):
    cloud.made("sweep", schedule="* * * * *")
    cloud.made("backup", timeZone="Asia/Kathmandu", description="By hand.")
    before = cloud("schedules", "list")
    assert "waiting 30 3 * * * Europe/Berlin not there: apply Logs how much" in before
    cloud("schedules", "apply", "--yes")
    said = cloud("schedules", "list")
    assert "timers * * * * * Etc/UTC on, Terraform's 22 Nov 2026 11:01 Does everything" in said
    assert "waiting 30 3 * * * Europe/Berlin on 23 Nov 2026 03:30 Logs how much" in said
    assert "backup 0 6 * * * Asia/Kathmandu on, not ours 23 Nov 2026 06:00 By hand." in said


def test_a_deployment_without_its_tick_is_told_so(cloud):
    assert "timers * * * * * Etc/UTC gone: make deploy" in cloud("schedules", "list")
    assert "`make deploy` makes it" in cloud("schedules", "run", "timers", code=1)


def test_a_paused_schedule_has_no_next_run_until_it_is_resumed(cloud):
    cloud("schedules", "apply", "--yes")
    assert "is paused until `loyalty schedules resume waiting`" in cloud(
        "schedules", "pause", "waiting"
    )
    assert cloud("schedules", "pause", "waiting") == "waiting is paused already."
    assert "Europe/Berlin paused Logs how" in cloud("schedules", "list")
    assert "runs again" in cloud("schedules", "resume", "waiting")
    assert cloud("schedules", "resume", "waiting") == "waiting is not paused."
    assert cloud.google.kept[OURS]["state"] == "ENABLED"


def test_the_tick_can_be_run_but_is_not_ours_to_pause(cloud):
    cloud.made("sweep")
    assert cloud("schedules", "run", "timers") == "timers is asked for now."
    for verb in ("pause", "resume"):
        said = cloud("schedules", verb, "timers", code=1)
        assert "`gcloud scheduler jobs pause sweep --location=europe-west1`" in said
    assert cloud.changes() == ["POST jobs", "POST sweep:run"]


@pytest.mark.parametrize("verb", ["pause", "resume", "run"])
def test_a_name_that_the_program_lacks_is_told_with_those_it_has(cloud, verb):
    said = cloud("schedules", verb, "dishes", code=1)
    assert "The program has no schedule dishes. It has timers, waiting." in said


@pytest.mark.parametrize("verb", ["pause", "resume", "run"])
def test_what_was_not_applied_yet_is_told_so(cloud, verb):
    said = cloud("schedules", verb, "waiting", code=1)
    assert "waiting is not in Cloud Scheduler yet: `loyalty schedules apply` makes it." in said


# -- what Google refuses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (Trouble("credentials"), "Run `gcloud auth application-default login`"),
        (Trouble("right"), "takes roles/cloudscheduler.admin in cafe-prod"),
        (Trouble("service"), "`gcloud services enable cloudscheduler.googleapis.com`"),
        (Trouble(most_jobs=0), "Wait a minute and give the command again, or have Google raise"),
    ],
    ids=["401", "403", "403 switched off", "429 quota"],
)
def test_what_the_project_lacks_is_told_in_words_of_what_to_do(cloud, trouble, told):
    cloud.google.trouble = replace(trouble)
    assert told in cloud("schedules", "apply", "--yes", code=1)
    assert cloud.google.kept == {}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (FaultKind.RATE_LIMITED, "its usual limits are 500 changes a minute"),
        (FaultKind.SERVER_ERROR, "No answer from Cloud Scheduler: give the command again"),
        (FaultKind.RESET, "No answer from Cloud Scheduler: give the command again"),
        (FaultKind.ACCEPT_THEN_SILENCE, "No answer from Cloud Scheduler"),
    ],
)
def test_whatever_happens_to_a_change_the_command_can_be_given_again(cloud, kind, told):
    cloud.sandbox.fault("cloud_scheduler", kind, method="POST")
    assert told in cloud("schedules", "apply", "--yes", code=1)
    cloud("schedules", "apply", "--yes")
    assert "Nothing to do." in cloud("schedules", "apply")


def test_a_region_that_is_not_there_is_asked_about(cloud):
    elsewhere = CommandLine(
        cloud.folder, "", {**cloud.environment, "LOYALTY_REGION": "europe-middle9"}
    )
    said = elsewhere("schedules", "list", code=1)
    assert "Is LOYALTY_REGION=europe-middle9 the region of cafe-prod?" in said


def scheduler(cloud: Cloud) -> CloudScheduler:
    return CloudScheduler(cloud.url, "cafe-prod", "europe-west1")


def test_a_job_that_somebody_made_or_deleted_meanwhile_is_told(cloud):
    google = scheduler(cloud)
    job = Job("loyalty-x", reconciling.MARK, "0 6 * * *", "Etc/UTC", TOPIC, b"x")
    google.create(job)
    with pytest.raises(Problem) as twice:
        google.create(job)
    assert (twice.value.status, "meanwhile" in twice.value.title) == (409, True)
    google.delete("loyalty-x")
    with pytest.raises(Problem) as gone:
        google.delete("loyalty-x")
    assert (gone.value.status, "not there (any more)" in gone.value.title) == (404, True)
    google.close()


def test_what_google_finds_wrong_is_told_in_its_words(cloud):
    with pytest.raises(Problem) as bad:
        scheduler(cloud).create(Job("x", "", "0 6 * * *", "Mars/Olympus", TOPIC, b"x"))
    assert "refuses this (400): timeZone: Time zone is invalid: Mars/Olympus." in bad.value.title


def test_jobs_of_many_pages_are_all_found(cloud):
    for number in range(501):
        cloud.google.kept[f"{PARENT}/jobs/j{number:03}"] = {
            "name": f"{PARENT}/jobs/j{number:03}", "schedule": "0 6 * * *", "state": "ENABLED",
        }  # fmt: skip
    assert len(scheduler(cloud).jobs()) == 501


@pytest.mark.parametrize(
    "url",
    [
        "http://cloudscheduler.googleapis.com",
        "https://cloudscheduler.example",
        "https://googleapis.com.example",
    ],
)
def test_nobody_else_gets_our_credentials(cloud, url):
    alone = CommandLine(cloud.folder, "", {**cloud.environment, "LOYALTY_SCHEDULER_URL": url})
    assert "is not Cloud Scheduler" in alone("schedules", "list", code=1)


def test_a_store_in_a_cloud_with_a_local_bus_is_told_to_name_the_project(loyalty):
    given = {"LOYALTY_STORE": "firestore:cafe-prod", "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9"}
    said = CommandLine(loyalty.folder, "", given)("schedules", "list", code=1)
    assert "Set LOYALTY_BUS=pubsub:PROJECT too" in said


# -- one machine --------------------------------------------------------------------------------


def test_one_machine_lists_the_same_table(loyalty):
    said = loyalty("schedules", "list")
    assert "timers * * * * * Etc/UTC on 22 Nov 2026 11:01 Does everything" in said
    assert "waiting 30 3 * * * Europe/Berlin on 23 Nov 2026 03:30 Logs how much" in said


def test_one_machine_follows_its_program_by_itself(changing):
    assert "by itself" in changing("schedules", "apply")


def test_commands_leave_word_while_the_server_runs(changing):
    kept = ScheduleFolder(changing.folder)
    server = SqliteStore(changing.folder / "loyalty.db")
    try:
        changing("schedules", "pause", "waiting")
        assert kept.paused("waiting")
        assert changing("schedules", "pause", "waiting") == "waiting is paused already."
        assert "Europe/Berlin paused Logs how" in changing("schedules", "list")
        changing("schedules", "resume", "waiting")
        assert changing("schedules", "resume", "waiting") == "waiting is not paused."
        assert "within seconds" in changing("schedules", "run", "waiting")
        assert "Europe/Berlin asked for 23 Nov" in changing("schedules", "list")
    finally:
        server.close()


def test_on_one_machine_the_sweep_cannot_be_paused_either(changing):
    assert "One machine sweeps while its server runs." in changing(
        "schedules", "pause", "timers", code=1
    )


def test_the_next_run_goes_by_the_shops_clock(loyalty):
    said = loyalty("schedules", "list", at=LATER + timedelta(days=200))
    assert "11 Jun 2027 03:30" in said
