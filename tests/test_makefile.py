"""Deploying by `make`: nothing happens before it is clear where, and somebody said yes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from infra import children

ROOT = Path(__file__).parent.parent


class Checkout:
    """A project with one environment; what would be run is written down instead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(ROOT / "Makefile", folder)
        for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
            (folder / name).touch()
        (folder / "terraform/environments").mkdir(parents=True)
        (folder / "terraform/environments/staging.tfvars").write_text('project = "cafe-staging"\n')
        self._stub("venv/bin/python")
        self._stub("terraform.sh")
        (folder / "venv/.ready").touch()

    def _stub(self, name: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/done\n')
        file.chmod(0o755)

    def make(self, *words: str, typed: str = "") -> tuple[int, str]:
        command = ["make", "VENV=venv", "TERRAFORM=./terraform.sh", *words]
        paths = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        done = children.run(command, cwd=self.folder, env=paths, typed=typed, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def done(self) -> list[str]:
        file = self.folder / "done"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


TARGETS = ["plan", "deploy", "undeploy"]
INIT = "init -input=false -reconfigure -backend-config=bucket=cafe-staging-terraform"
VARIABLES = "-var-file=environments/staging.tfvars"


@pytest.mark.parametrize("target", TARGETS)
def test_without_an_environment_nothing_happens(checkout, target):
    code, said = checkout.make(target)
    assert code != 0
    assert f"Say where: make {target} ENV=staging" in said
    assert checkout.done() == []


def test_without_terraform_it_is_told_what_is_missing(checkout):
    code, said = checkout.make("plan", "ENV=staging", "TERRAFORM=./nowhere")
    assert code != 0
    assert "Terraform 1.9 or newer is needed" in said


def test_without_its_state_it_is_told_where_that_is_made(checkout):
    (checkout.folder / "terraform.sh").write_text("#!/bin/sh\nexit 1\n")
    code, said = checkout.make("plan", "ENV=staging")
    assert code != 0
    assert "gs://cafe-staging-terraform" in said
    assert "docs/operations.md" in said


@pytest.mark.parametrize("target", TARGETS)
def test_an_environment_that_nobody_described_is_refused(checkout, target):
    code, said = checkout.make(target, "ENV=nowhere")
    assert code != 0
    assert "There is no terraform/environments/nowhere.tfvars." in said
    assert checkout.done() == []


def test_a_plan_packs_and_plans(checkout):
    assert checkout.make("plan", "ENV=staging")[0] == 0
    assert checkout.done() == [INIT, "-m infra.package", f"plan {VARIABLES}"]


def test_a_deployment_packs_tells_the_costs_and_lets_terraform_ask(checkout):
    assert checkout.make("deploy", "ENV=staging")[0] == 0
    assert checkout.done() == [
        INIT,
        "-m infra.package",
        "-m infra.costs staging",
        f"apply {VARIABLES}",
    ]


@pytest.mark.parametrize("typed", ["", "yes\n", "cafe\n"])
def test_a_deployment_stays_unless_its_project_is_typed(checkout, typed):
    code, said = checkout.make("undeploy", "ENV=staging", typed=typed)
    assert code != 0
    assert "Nothing was removed." in said
    assert checkout.done() == [INIT, "-m infra.package"]


def test_before_a_deployment_goes_it_is_said_what_goes_and_what_stays(checkout):
    _, said = checkout.make("undeploy", "ENV=staging")
    goes, stays = said.split("Deployed with delete_protection, these stay:")
    assert all(
        word in goes for word in ("functions", "dead letter", "every secret, the pepper too")
    )
    assert all(word in stays for word in ("both databases", "every secret"))


def test_a_deployment_goes_once_its_project_is_typed(checkout):
    assert checkout.make("undeploy", "ENV=staging", typed="cafe-staging\n")[0] == 0
    assert checkout.done() == [INIT, "-m infra.package", f"destroy {VARIABLES}"]
