"""A connector that was just begun passes every check there is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from infra import children, connector_template
from tests.connectors import contract

import loyalty.connectors as package

ROOT = Path(connector_template.__file__).parents[1]
CONNECTORS = "shared/loyalty/connectors"


@pytest.fixture
def project(tmp_path):
    """A copy of the package with one more connector, and of what all their tests share."""
    no_bytecode = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared/loyalty", tmp_path / "shared/loyalty", ignore=no_bytecode)
    (tmp_path / "tests/connectors").mkdir(parents=True)
    for name in ("tests/connectors/conftest.py", "tests/connectors/vendor.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    connector_template.write("acme_of_twenty_chars", tmp_path)
    return tmp_path


@pytest.fixture
def acme(project):
    """The new connector's name; the package finds it beside its own."""
    package.__path__.append(str(project / CONNECTORS))
    package.names.cache_clear()
    yield "acme_of_twenty_chars"
    package.__path__.pop()
    package.names.cache_clear()
    sys.modules.pop(f"{package.__name__}.acme_of_twenty_chars", None)


def run(project, *command):
    done = children.run([sys.executable, "-m", *command], cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_connector_is_found_and_keeps_the_contract(acme, vendor, http):
    assert acme in package.names()
    contract.is_described(acme)
    contract.lives_behind_https(acme)
    contract.shows_no_secret(acme, vendor, http)
    for promise in (
        contract.comes_back_after_a_slow_down,
        contract.never_does_twice_what_may_be_done,
        contract.sorts_every_refusal,
        contract.survives_nonsense,
    ):
        promise(acme, "check", vendor, http)


def test_what_is_written_is_clean_and_its_own_test_passes(project):
    written = [
        f"{CONNECTORS}/acme_of_twenty_chars.py",
        "tests/connectors/test_acme_of_twenty_chars.py",
    ]
    run(project, "ruff", "check", "--no-cache", *written)
    run(project, "ruff", "format", "--check", "--no-cache", *written)
    run(project, "pytest", written[1])


@pytest.mark.parametrize(
    "name", ["", "A", "a", "1up", "../x", "a-b", "class", "x" * 21, "é", "a\n"]
)
def test_a_name_that_no_module_can_have_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="name"):
        connector_template.write(name, tmp_path)


@pytest.mark.parametrize("name", ["spec", "engine", "square"])
def test_what_is_there_is_never_written_over(name):
    with pytest.raises(FileExistsError):
        connector_template.write(name)


def test_the_program_says_what_it_wants(capsys):
    assert connector_template.main([]) == 2
    assert connector_template.main(["Bad"]) == 1
    assert connector_template.main(["square"]) == 1
    assert "square.py is there already" in capsys.readouterr().err
