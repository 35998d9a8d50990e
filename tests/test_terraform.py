"""The deployment: names and rights are ours, changes reach what they must, and its checks can fail.

Runs terraform with the program that TERRAFORM_OFFLINE names, which plays the provider: its commands
are `validate`, `plan`, `test`, `apply` and `show DIR`, the last of which prints the state as JSON.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest
from infra import children
from infra.deployment import EVERYBODY, PUSH, rights
from infra.topology import dashed, topology

from loyalty.collections import COLLECTIONS
from loyalty.connectors import load, names

ROOT = Path(__file__).parent.parent
PROD = "-var-file=environments/prod.tfvars"
PROMISES = "tests/promises.tftest.hcl"
FUNCTIONS = topology().functions
PATIENCE = 600


def offline(root: Path, command: str, *arguments: str, keep: bool = False) -> CompletedProcess[str]:
    """Run a command on the deployment in a folder."""
    program = os.environ.get("TERRAFORM_OFFLINE", "")
    if not program or not shutil.which("terraform"):
        pytest.skip("needs terraform, and TERRAFORM_OFFLINE with a program that plays the provider")
    kept = ["--keep"] if keep else []
    asked = [program, *kept, "--root", root, command, root / "terraform", *arguments]
    return children.run(asked, timeout=PATIENCE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy what the deployment reads; return the folder."""
    return copied(tmp_path)


def copied(folder: Path) -> Path:
    """Copy what the deployment reads: two runs in one folder would undo each other's."""
    shutil.copytree(ROOT / "terraform", folder / "terraform")
    (folder / "infra").mkdir()
    shutil.copy(ROOT / "infra/topology.yaml", folder / "infra/topology.yaml")
    return folder


# -- what would stand in the cloud ------------------------------------------------------------


class Resource(NamedTuple):
    """One thing in the cloud: its type and name, the key of its `for_each`, its arguments."""

    kind: str
    key: str
    values: dict[str, Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> list[Resource]:
    own = copied(tmp_path_factory.mktemp("cloud"))
    vendors = f"-var=connectors={json.dumps(all_vendors())}"
    shown = offline(own, "show", PROD, "-var=packages=tests/packages", vendors)
    assert shown.returncode == 0, shown.stderr
    listed = json.loads(shown.stdout)["values"]["root_module"]["resources"]
    return [
        Resource(f"{e['type']}.{e['name']}", str(e.get("index", "")), e["values"]) for e in listed
    ]


def all_vendors() -> dict[str, Any]:
    """Use every vendor that there is, with every setting and secret that it may have."""
    return {
        name: {
            "settings": {each.name: "given" for each in settings if not each.secret},
            "secrets": [each.name for each in settings if each.secret],
        }
        for name, settings in ((name, load(name).settings) for name in names())
    }


def of(cloud: list[Resource], kind: str) -> dict[str, dict[str, Any]]:
    return {each.key: each.values for each in cloud if each.kind == kind}


def test_topics_and_subscriptions_have_the_names_that_the_code_uses(cloud):
    wanted = topology().subscriptions()
    pushes = of(cloud, "google_pubsub_subscription.push").values()
    dead = of(cloud, "google_pubsub_subscription.dead").values()
    found = {(each["name"], Path(each["topic"]).name) for each in pushes}
    topics = {each["name"] for each in of(cloud, "google_pubsub_topic.this").values()}
    assert found == {(each.name, each.topic) for each in wanted}
    assert topics == set(topology().topics())
    assert {each["name"] for each in dead} == {each.dead for each in wanted}
    assert all(Path(each["topic"]).name == each["name"] for each in dead)


def test_what_fails_goes_to_the_dead_letters_of_its_own_subscription(cloud):
    for each in of(cloud, "google_pubsub_subscription.push").values():
        [policy] = each["dead_letter_policy"]
        assert Path(policy["dead_letter_topic"]).name == f"{each['name']}.dead"


class Grant(NamedTuple):
    """A role without its `roles/`, who has it, and on what: a database, topic, secret, service."""

    role: str
    member: str
    place: str


PLACES = ("topic", "secret_id", "subscription", "bucket", "repository", "name", "project")
"""Where a grant says what it is on; the first that is there counts."""
ROLES = {"read": "datastore.viewer", "write": "datastore.user"}
AGENT = "serviceAccount:service-123456789012@gcp-sa-{}.iam.gserviceaccount.com"


def test_what_is_granted_is_what_the_page_says_and_nothing_else(cloud):
    assert granted(cloud) == {*of_functions(), *of_agents(), *of_the_build()}


def granted(cloud: list[Resource]) -> set[Grant]:
    """Collect everything that is granted to anybody."""
    found = [each for each in cloud if "_iam_" in each.kind]
    assert all(re.match(r"\w+_iam_member\.", each.kind) for each in found)
    return {Grant(each.values["role"].removeprefix("roles/"), *whom_on(each)) for each in found}


def whom_on(grant: Resource) -> tuple[str, str]:
    ours = re.fullmatch(
        r"serviceAccount:(.*)@regulars-prod\.iam\.gserviceaccount\.com", grant.values["member"]
    )
    place = next(grant.values[name] for name in PLACES if name in grant.values)
    condition = next(iter(grant.values.get("condition") or []), {})
    reached = condition.get("expression", place).rstrip('")')
    return ours[1] if ours else grant.values["member"], Path(reached).name


def of_functions() -> Iterator[Grant]:
    for name, each in rights().items():
        member = dashed(name)
        yield from (Grant("pubsub.publisher", member, topic) for topic in each.publishes)
        yield from (Grant("secretmanager.secretAccessor", member, one) for one in each.secrets)
        for database, access in (("ledger", each.ledger), ("people", each.people)):
            if access:
                yield Grant(ROLES[access], member, database)
        yield Grant("run.invoker", {EVERYBODY: "allUsers", PUSH: "event-push"}[each.caller], member)


def of_agents() -> Iterator[Grant]:
    yield Grant("pubsub.publisher", AGENT.format("cloudscheduler"), "sweep-requested")
    for each in topology().subscriptions():
        yield Grant("pubsub.publisher", AGENT.format("pubsub"), each.dead)
        yield Grant("pubsub.subscriber", AGENT.format("pubsub"), each.name)


def of_the_build() -> Iterator[Grant]:
    yield Grant("logging.logWriter", "image-build", "regulars-prod")
    yield Grant("artifactregistry.writer", "image-build", "functions")
    yield Grant("storage.objectViewer", "image-build", "regulars-prod-sources")
    copies = "gcf-v2-sources-123456789012-europe-west1"
    yield Grant("storage.objectViewer", "image-build", copies)


def test_a_function_is_given_no_secret_that_it_may_not_read(cloud):
    for name, each in of(cloud, "google_cloudfunctions2_function.this").items():
        given = each["service_config"][0]["secret_environment_variables"]
        assert {secret["secret"] for secret in given} == rights()[name].secrets


def test_indexes_over_several_fields_are_those_that_queries_need(cloud):
    found = {
        (each["collection"], tuple(f"{f['field_path']} {kept(f)}" for f in each["fields"]))
        for each in of(cloud, "google_firestore_index.composite").values()
    }
    assert found == {(name, each) for name, kind in COLLECTIONS.items() for each in kind.composites}


def kept(field: dict[str, str]) -> str:
    return field.get("order") or field["array_config"]


def test_alarms_look_for_log_lines_that_the_code_writes():
    text = (ROOT / "terraform/monitoring.tf").read_text("utf-8")
    looked_for = set(re.findall(r'jsonPayload.message=\\"(.*?)\\"', text))
    sources = [path.read_text("utf-8") for path in (ROOT / "shared/loyalty").rglob("*.py")]
    assert looked_for == {"channel refused our credentials"}
    for line in looked_for:
        assert any(re.search(rf'log\(\s*"[A-Z]+", "{line}"', source) for source in sources)
    assert r"jsonPayload.function=\"transaction_ingest\" AND jsonPayload.recorded>0" in text
    ingest = (ROOT / "shared/loyalty/steps/transaction_ingest.py").read_text("utf-8")
    assert "log.note(store=_stores(good), recorded=" in ingest


# -- what a change reaches --------------------------------------------------------------------


def repacked(copy: Path, changed: set[str]) -> None:
    """Let the zips of some functions have another content, and so another name."""
    path = copy / "terraform/tests/packages/packages.json"
    listed = json.loads(path.read_text("utf-8"))
    for name in changed:
        listed["zips"][name] = f"{dashed(name)}-1111111111111111.zip"
    path.write_text(json.dumps(listed), "utf-8")


def deployed_again(copy: Path) -> set[str]:
    """List the functions that a plan would deploy anew."""
    planned = offline(copy, "plan", "-json", PROD, "-var=packages=tests/packages", keep=True)
    assert planned.returncode == 0, planned.stdout
    found = (json.loads(line) for line in planned.stdout.splitlines() if line.startswith("{"))
    changes = [each["change"] for each in found if each["type"] == "planned_change"]
    functions = [
        each for each in changes
        if each["resource"]["resource_type"] == "google_cloudfunctions2_function"
    ]  # fmt: skip
    assert {each["action"] for each in functions} <= {"update"}
    return {each["resource"]["resource_key"] for each in functions}


@pytest.mark.long
def test_a_changed_main_deploys_one_function_and_a_changed_package_all(copy):
    applied = offline(copy, "apply", PROD, "-var=packages=tests/packages", keep=True)
    assert applied.returncode == 0, applied.stderr
    assert deployed_again(copy) == set()
    repacked(copy, {"member_api"})
    assert deployed_again(copy) == {"member_api"}
    repacked(copy, set(FUNCTIONS))
    assert deployed_again(copy) == set(FUNCTIONS)


# -- the checks themselves --------------------------------------------------------------------


class Mistake(NamedTuple):
    """A change of the configuration, and the promise that it breaks."""

    file: str
    old: str
    new: str
    breaks: str


def block(name: str) -> str:
    """Match the first block of a name, whole."""
    return rf"\n( *){name} \{{\n.*?\n\1\}}"


MISTAKES = (
    Mistake("pubsub.tf", block("dead_letter_policy"), "", "after as many attempts"),
    Mistake("pubsub.tf", r'(.*"google_pubsub_subscription" "dead".*)= local.month',
            r'\1= "600s"', "every dead letter is kept for 31 days"),
    Mistake("pubsub.tf", block("retry_policy"), "", "tried again after 10 to 600 seconds"),
    Mistake("pubsub.tf", block("expiration_policy"), "", "no push subscription ever expires"),
    Mistake("pubsub.tf", block("oidc_token"), "", "a token of the push account"),
    Mistake("pubsub.tf", r"min\(600, max\(60, .*?timeout\)\)", "10", "sent again while"),
    Mistake("pubsub.tf", r"= local.month", '= "600s"', "every topic keeps its messages"),
    Mistake("schedule.tf", r"\* \* \* \* \*", "0 * * * *", "asked for every minute"),
    Mistake("iam.tf", r'"all_users" \? local.public', '"all_users" ? local.functions',
            "only the listed functions are open"),
    Mistake("functions.tf", '"ALLOW_INTERNAL_ONLY"', '"ALLOW_ALL"', "no call from outside"),
    Mistake("iam.tf", r'(run.invoker"\n  member += )local.members\["push"\]', r'\1"allUsers"',
            "only the push account may call"),
    Mistake("functions.tf", r"local.emails\[each.key\]", 'local.emails["push"]',
            "an account of its own"),
    Mistake("functions.tf", r"AUDIENCE = local.urls\[each.key\]", 'AUDIENCE = ""',
            "checks tokens for its own URL"),
    Mistake("secrets.tf", r"local.functions\[function\].pepper \?", "true ?", "given the pepper"),
    Mistake("secrets.tf", r"contains\(vendors, setting.connector\) && \(", "(",
            "given their secrets"),
    Mistake("secrets.tf", r'LOYALTY_PEPPER = "1"', 'LOYALTY_PEPPER = "latest"',
            "only when it is named"),
    Mistake("iam.tf", '"image-build"', '"build"', "a name that Google takes"),
    Mistake("functions.tf", r"local.packages.runtime", '"python310"', "on the Python that its zip"),
    Mistake("functions.tf", '"enforced"', '"inherited"', "sources can never be made public"),
    Mistake("functions.tf", "force_destroy               = true", "force_destroy = false",
            "from being taken down"),
    Mistake("functions.tf", block("cleanup_policies"), "", "old images are deleted"),
    Mistake("firestore.tf", '= "POINT_IN_TIME_RECOVERY_ENABLED"',
            '= "POINT_IN_TIME_RECOVERY_DISABLED"', "set back to any minute"),
    Mistake("firestore.tf", r'\? "DELETE_PROTECTION_ENABLED"', '? "DELETE_PROTECTION_DISABLED"',
            "no database can be deleted"),
    Mistake("secrets.tf", r"\n  deletion_protection = var.delete_protection", "",
            "no secret can be deleted"),
    Mistake("firestore.tf", r"daily_recurrence \{\}",
            'weekly_recurrence {\n    day = "SUNDAY"\n  }', "backed up every day"),
    Mistake("firestore.tf", r"  ttl_config \{\}\n", "", "cleaned up"),
    Mistake("firestore.tf", r"  index_config \{\}\n", "", "in no index"),
    Mistake("firestore.tf", r"= local.composites", "= {}", "every index that a query needs"),
    Mistake("iam.tf", block("condition"), "", "more than one database"),
    Mistake("monitoring.tf", r"\n  notification_channels = local.channels", "", "every alarm"),
    Mistake("monitoring.tf", r', "metric.labels.store"', "", "told by its store"),
    Mistake("monitoring.tf", r"httpRequest.requestUrl:", "httpRequest.referer:",
            "names a guest stays in the log"),
    Mistake("monitoring.tf", r"httpRequest.requestUrl:.{2}/m/", "httpRequest.referer:",
            "signs a guest in"),
    Mistake("monitoring.tf", r'var.billing_account == "" \? 0 : 1', "0", "has a budget"),
)  # fmt: skip
BATCHES = 7
CODES = dict(zip(MISTAKES, itertools.combinations(range(BATCHES), 3), strict=False))
"""Which batches each mistake is made in: no mistake's batches are all among another's, so what a
batch reports tells for every mistake that it, and it alone, breaks its promise."""


def promises() -> list[str]:
    text = (ROOT / "terraform" / PROMISES).read_text("utf-8")
    return re.findall(r'error_message = "(.*)"', text)


def promise_of(mistake: Mistake) -> str:
    [found] = [each for each in promises() if mistake.breaks in each]
    return found


def make(mistake: Mistake, folder: Path) -> None:
    path = folder / "terraform" / mistake.file
    text = path.read_text("utf-8")
    changed, times = re.subn(mistake.old, mistake.new, text, count=1, flags=re.DOTALL)
    assert times == 1, f"nothing to change in {mistake.file}: {mistake.old}"
    path.write_text(changed, "utf-8")


def broken(folder: Path) -> Iterator[str]:
    """List the promises that a folder's deployment breaks."""
    tested = offline(folder, "test", "-no-color", f"-filter={PROMISES}", PROD)
    said = tested.stdout + tested.stderr
    assert said.count("Error: ") == said.count("Error: Test assertion failed"), said
    words = " ".join(said.replace("│", " ").split())
    return (each for each in promises() if each in words)


def test_there_is_a_mistake_for_every_promise():
    assert sorted(promise_of(each) for each in MISTAKES) == sorted(promises())
    assert len(CODES) == len(MISTAKES)


@pytest.mark.long
@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_mistake_breaks_its_promise_and_no_other(copy, batch):
    made = [mistake for mistake, batches in CODES.items() if batch in batches]
    for mistake in made:
        make(mistake, copy)
    assert sorted(broken(copy)) == sorted(promise_of(each) for each in made)
