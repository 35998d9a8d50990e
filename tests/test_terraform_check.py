"""The deployment's check fails whenever it could not look: terraform is played by a script here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from infra import children

CHECK = Path(__file__).parent.parent / "terraform/check.sh"
BASH = shutil.which("bash") or "bash"


def checked(folder: Path, terraform: str | None, **environment: str) -> tuple[int, str]:
    """Run the check with a terraform that does what is given, or with none."""
    tools = folder / "bin"
    tools.mkdir()
    (tools / "dirname").symlink_to(shutil.which("dirname") or "")
    if terraform is not None:
        program = tools / "terraform"
        program.write_text(f"#!{BASH}\n{terraform}\n")
        program.chmod(0o755)
    settings = {"PATH": str(tools), "CI": "true", **environment}
    done = children.run([BASH, CHECK], env=settings, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_a_check_that_finds_nothing_wrong_has_planned_every_environment(tmp_path):
    code, said = checked(tmp_path, "exit 0")
    assert code == 0
    assert all(f"Plan environments/{name}.tfvars" in said for name in ("prod", "staging"))


def test_where_checkov_is_not_installed_it_is_said(tmp_path):
    assert "checkov is not installed: not run" in checked(tmp_path, "exit 0")[1]


def test_without_terraform_nothing_passes(tmp_path):
    assert checked(tmp_path, None)[0] != 0


def test_without_a_provider_and_without_one_who_plays_it_nothing_passes(tmp_path):
    code, said = checked(tmp_path, '[ "$1" != init ]')
    assert code != 0
    assert "not checked" in said
    assert "Plan" not in said


def test_who_plays_the_provider_has_to_be_there(tmp_path):
    assert checked(tmp_path, "exit 0", TERRAFORM_OFFLINE=str(tmp_path / "nobody"))[0] != 0


@pytest.mark.parametrize("step", ["fmt", "validate", "test"])
def test_whatever_terraform_finds_fails_the_check(tmp_path, step):
    assert checked(tmp_path, f'[ "$1" != {step} ]')[0] != 0
