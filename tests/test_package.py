"""Each function's zip: the same bytes from every clone, nothing in it that it does not need."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import requests
from infra import children, emulators, package
from infra.children import PIPE
from infra.topology import topology
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
FUNCTIONS = list(topology().functions)
SETTINGS = {
    "LOYALTY_STORE": "firestore:regulars",
    "LOYALTY_BUS": "pubsub:regulars",
    "LOYALTY_PEPPER": "p1:a-secret-of-a-test",
    "LOYALTY_PUSH_ACCOUNT": "push@regulars.iam.gserviceaccount.com",
    "LOYALTY_PUSH_AUDIENCE": "https://regulars.example",
    "GENERIC_WEBHOOK_SECRET": "whsec_YS1zZWNyZXQtb2YtYS10ZXN0LW9mLTMyLWJ5dGVz",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
}
"""An environment like the cloud's, in which nobody may answer yet."""
ASKED = {
    "transaction_ingest": ("POST", "/generic"),
    "message_feedback": ("POST", "/twilio"),
    "member_api": ("GET", "/v1/members?phone=%2B4915112345678"),
    "member_page": ("GET", "/style.css"),
    "console": ("GET", "/"),
}
PUBLIC = {"member_page": (200, "text/css")}
"""What is there for strangers too, and from a template in the zip."""
FIRST = ("transaction_ingest",)
OTHERS = [name for name in FUNCTIONS if name not in FIRST]
PARTS = ("functions", "infra", "shared", "requirements.lock", "pyproject.toml")
PLAIN = (ROOT / "tests/programs/plain.yaml").read_text(
    "utf-8"
) + 'schedules: {waiting: "0 4 * * *"}\n'
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
    command = [sys.executable, "-c", program]
    children.run(command, cwd=folder, env=environment).check_returncode()
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


@pytest.mark.slow
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


def test_templates_go_with_the_function_whose_pages_they_are(packed):
    having = {
        name for name in FUNCTIONS if "loyalty/web/till/templates/guest.html" in names(packed[name])
    }
    assert having == {"console"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_zip_has_nothing_of_one_machine_or_a_terminal(packed, name):
    found = names(packed[name])
    alien = ("loyalty/cli/", "loyalty/adapters/sqlite", "loyalty/adapters/local_bus", "tests/")
    assert not [each for each in found if each.startswith(alien)]
    with zipfile.ZipFile(packed[name]) as zipped:
        text = zipped.read("requirements.txt").decode()
    listed = {line.partition("=")[0] for line in text.splitlines() if line[0].isalnum()}
    assert {"functions-framework", "google-cloud-firestore", "google-cloud-pubsub"} <= listed
    assert not listed & {
        "waitress",
        "rich",
        "pytest",
        "setuptools",
        "cronsim",
        "google-cloud-scheduler",
    }
    assert text.count("--hash=sha256:") >= len(listed)


@pytest.fixture(scope="module")
def empty(packed, tmp_path_factory):
    """Make a virtual environment with nothing but what the zips require; return its Python.

    Its packages are those of this environment, which has them from the same lock.
    """
    folder = tmp_path_factory.mktemp("empty")
    command = [sys.executable, "-m", "venv", "--without-pip", folder]
    children.run(command).check_returncode()
    (home,) = folder.glob("lib/python*/site-packages")
    for name in set().union(*(required(path) for path in packed.values())):
        for file in importlib.metadata.files(name):
            if ".." not in file.parts:
                (home / file).parent.mkdir(parents=True, exist_ok=True)
                (home / file).symlink_to(file.locate())
    return folder / "bin/python"


def required(path):
    with zipfile.ZipFile(path) as zipped:
        text = zipped.read("requirements.txt").decode()
    here = {marker_free(each) for each in text.splitlines() if each[0].isalnum()}
    return here - {""}


def marker_free(line):
    """Read a package's name off its line, unless it is for other systems."""
    wanted = Requirement(line.removesuffix("\\"))
    return wanted.name if not wanted.marker or wanted.marker.evaluate() else ""


@pytest.mark.parametrize(
    "name", [*FIRST, *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)]
)
def test_a_function_serves_from_its_zip_in_an_empty_environment(packed, empty, name, tmp_path):
    shutil.unpack_archive(packed[name], tmp_path)
    port = emulators.free_port()
    command = [empty, "-m", "functions_framework", "--target=main", "--source=main.py"]
    server = children.Child[bytes](
        [*command, "--host=127.0.0.1", f"--port={port}"], SETTINGS, cwd=tmp_path, stdout=PIPE
    )
    try:
        emulators.wait_for(port)
        method, path = ASKED.get(name, ("POST", "/"))
        answer = requests.request(
            method, f"http://127.0.0.1:{port}{path}", data=b"{}", timeout=90,
            headers={"Accept": "application/json"},
        )  # fmt: skip
    finally:
        children.end(server)
    with server.stdout as said:
        lines = [json.loads(line) for line in said]
    kind = answer.headers["Content-Type"].partition(";")[0]
    told = kind if name in PUBLIC else answer.json()["code"]
    assert (answer.status_code, told) == PUBLIC.get(name, (401, "unauthorized"))
    assert {line["function"] for line in lines if "function" in line} == {name}


def test_only_functions_with_pages_carry_templates(packed):
    carried = {name for name in FUNCTIONS if any("templates/" in f for f in names(packed[name]))}
    assert carried == {"console", "member_page"}
    assert "loyalty/web/pages/templates/card.html" in names(packed["member_page"])


def test_what_reads_files_is_the_only_one_with_the_sdk_for_it(packed):
    having = {name for name in FUNCTIONS if "boto3" in required(packed[name])}
    assert having == {"file_import"}


def test_everything_that_a_zip_may_load_is_there(packed, empty, tmp_path):
    shutil.unpack_archive(packed["lifecycle_sweep"], tmp_path)
    program = (
        "import sys; sys.path.insert(0, '.'); import main, loyalty; "
        "from loyalty import connectors; [connectors.load(n) for n in connectors.names()]; "
        "from loyalty.adapters import firestore, pubsub, push_tokens; "
        "from loyalty.program_file import reread; "
        f"reread({PLAIN!r}); print(loyalty.__file__)"
    )
    said = children.run([empty, "-I", "-c", program], cwd=tmp_path).stdout
    assert Path(said.strip()).resolve() == (tmp_path / "loyalty/__init__.py").resolve()


def test_the_list_names_each_zip_and_the_runtime_that_its_bytecode_is_for(packed, tmp_path):
    package.write_list(packed, tmp_path)
    listed = json.loads((tmp_path / "packages.json").read_text())
    assert listed["zips"] == {name: packed[name].name for name in FUNCTIONS}
    tag = listed["runtime"].replace("python", "cpython-")
    compiled = [each for each in names(packed["member_api"]) if each.endswith(".pyc")]
    assert compiled
    assert all(each.endswith(f".{tag}.pyc") for each in compiled)


@pytest.mark.slow
def test_a_changed_main_changes_one_zip_and_a_changed_module_all(packed, tmp_path):
    some = {"member_api", "transaction_ingest"}
    copied(tmp_path)

    def changed(source):
        with (tmp_path / source).open("a", encoding="utf-8") as file:
            file.write("\n# changed\n")
        made = {path.name for path in built(tmp_path, some)}
        return {name for name in some if packed[name].name not in made}

    assert changed("functions/member_api/main.py") == {"member_api"}
    assert changed("shared/loyalty/app.py") == some
