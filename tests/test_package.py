"""Each function's zip: the same bytes from every clone, nothing in it that it does not need."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from infra import package
from infra.topology import topology

ROOT = Path(__file__).parent.parent
FUNCTIONS = list(topology().functions)
PARTS = ("functions", "infra", "shared", "requirements.lock", "pyproject.toml")
PROGRAM = """
from pathlib import Path
from infra import package
for name in {}:
    package.build(name, Path("out"))
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packages")
    return {name: package.build(name, folder) for name in FUNCTIONS}


def names(path):
    with zipfile.ZipFile(path) as zipped:
        return set(zipped.namelist())


def copied(folder):
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)


def built(folder, functions, **environment):
    """Pack some functions of a copy of the project; return the zips."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    environment = {**os.environ, "PYTHONPATH": "shared:.", **environment}
    program = PROGRAM.format(list(functions))
    subprocess.run([sys.executable, "-c", program], cwd=folder, env=environment, check=True)  # noqa: S603 - our own module
    return list(out.iterdir())


def clone(folder, umask, zone, at):
    """Copy the project elsewhere, with other file times, and pack one function there."""
    folder.mkdir()
    old = os.umask(umask)
    try:
        copied(folder)
        for path in folder.rglob("*.py"):
            os.utime(path, (at, at))
        (made,) = built(folder, ["points_calculation"], TZ=zone, PYTHONHASHSEED=str(at))
    finally:
        os.umask(old)
    return made


def test_two_clones_pack_the_same_bytes(tmp_path, packed):
    one = clone(tmp_path / "a", 0o022, "Asia/Kathmandu", 1_000_000_000)
    other = clone(tmp_path / "elsewhere", 0o077, "America/Lima", 1_700_000_000)
    here = packed["points_calculation"]
    assert one.name == other.name == here.name
    assert one.read_bytes() == other.read_bytes() == here.read_bytes()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_zip_has_its_main_and_its_compiled_modules(packed, name):
    found = names(packed[name])
    sources = {each for each in found if each.startswith("loyalty/") and each.endswith(".py")}
    assert {"main.py", "requirements.txt", "loyalty/app.py"} <= found
    assert {package._cached(each) for each in sources} <= found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_zip_has_nothing_of_one_machine_or_a_terminal(packed, name):
    found = names(packed[name])
    alien = ("loyalty/cli/", "loyalty/adapters/sqlite", "loyalty/adapters/local_bus", "tests/")
    assert not [each for each in found if each.startswith(alien)]
    with zipfile.ZipFile(packed[name]) as zipped:
        text = zipped.read("requirements.txt").decode()
    listed = {line.partition("=")[0] for line in text.splitlines() if line[0].isalnum()}
    assert {"functions-framework", "google-cloud-firestore", "google-cloud-pubsub"} <= listed
    assert not listed & {"waitress", "rich", "pytest", "setuptools"}
    assert text.count("--hash=sha256:") >= len(listed)


@pytest.mark.parametrize("name", ["transaction_ingest", "lifecycle_sweep", "member_api"])
def test_a_function_runs_from_its_zip_alone(packed, name, tmp_path):
    with zipfile.ZipFile(packed[name]) as zipped:
        zipped.extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, '.'); import main, loyalty; "
        "from loyalty import connectors, app; [connectors.load(n) for n in connectors.names()]; "
        "print(loyalty.__file__, callable(main.main))"
    )
    said = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert Path(said.split()[0]).resolve() == (tmp_path / "loyalty/__init__.py").resolve()
    assert said.split()[1] == "True"


def test_the_list_names_each_zip_and_the_runtime_that_its_bytecode_is_for(packed, tmp_path):
    package.write_list(packed, tmp_path)
    listed = json.loads((tmp_path / "packages.json").read_text())
    assert listed["zips"] == {name: packed[name].name for name in FUNCTIONS}
    tag = listed["runtime"].replace("python", "cpython-")
    compiled = [each for each in names(packed["member_api"]) if each.endswith(".pyc")]
    assert compiled
    assert all(each.endswith(f".{tag}.pyc") for each in compiled)


def test_a_changed_main_changes_one_zip_and_a_changed_module_all(packed, tmp_path):
    copied(tmp_path)

    def changed(source):
        with (tmp_path / source).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
        made = {path.name for path in built(tmp_path, FUNCTIONS)}
        return {name for name in FUNCTIONS if packed[name].name not in made}

    assert changed("functions/member_api/main.py") == {"member_api"}
    assert changed("shared/loyalty/app.py") == set(FUNCTIONS)
