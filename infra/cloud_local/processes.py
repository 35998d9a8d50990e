"""Each function unpacked from its zip and served by functions-framework, as in the cloud."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infra import children, deployment, package
from infra.children import DEVNULL, PIPE, Child
from infra.cloud_local.watch import Watch
from infra.emulators import PATIENCE, free_port, wait_for
from infra.topology import Topology


class Functions:
    """All functions, each a process on a port of its own, with nothing at hand but its zip."""

    def __init__(
        self, packages: Mapping[str, Path], environment: Mapping[str, str], watch: Watch
    ) -> None:
        self.addresses = {name: f"http://127.0.0.1:{free_port()}" for name in packages}
        self._packages = packages
        self._environment = {**os.environ, **environment, "PYTHONPATH": ""}
        self._rights = deployment.rights()
        self._watch = watch
        self._running: dict[str, Child[bytes]] = {}

    def start(self) -> None:
        """Start all at once; returns when all listen."""
        for name in self.addresses:
            self._begin(name)
        for name in self.addresses:
            wait_for(self._port(name))

    def kill(self, name: str) -> None:
        """End the process that serves, in the middle of whatever it does; another takes its place.

        What listens stays, as a cloud's front does: nobody is told that there is nobody. (The
        Pub/Sub emulator pushes nothing for minutes to whoever refused it for a quarter of one.)
        """
        serving = self._serving(name)
        for each in serving:
            os.kill(each, signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while not self._serving(name) - serving:
            if time.monotonic() > until:
                raise TimeoutError(f"nobody took the place of {name}")
            time.sleep(0.1)

    def _serving(self, name: str) -> set[int]:
        """Find the processes that serve: children of the one that listens."""
        asked = ["pgrep", "-P", str(self._running[name].pid)]
        found = children.run(asked)
        return {int(number) for number in found.stdout.split()}

    def stop(self) -> None:
        """End them all."""
        for process in self._running.values():
            children.end(process)

    def _port(self, name: str) -> int:
        return int(self.addresses[name].rpartition(":")[2])

    def _begin(self, name: str) -> None:
        command = [sys.executable, "-m", "functions_framework", "--target=main"]
        process = Child[bytes](
            [*command, "--source=main.py", "--host=127.0.0.1", f"--port={self._port(name)}"],
            cwd=self._packages[name],  # comes first where Python looks for modules
            env=self._allowed(name),
            stdout=PIPE,
            stderr=DEVNULL,
        )
        assert process.stdout is not None  # noqa: S101 - it was asked for
        self._watch.follow(process.stdout)
        self._running[name] = process

    def _allowed(self, name: str) -> dict[str, str]:
        """Give a function the secrets that it may read, and no other."""
        secrets = frozenset().union(*(each.secrets for each in self._rights.values()))
        withheld = secrets - self._rights[name].secrets
        return {key: value for key, value in self._environment.items() if key not in withheld}


def unpacked(wiring: Topology, folder: Path) -> dict[str, Path]:
    """Pack every function and unpack its zip into a folder of its own."""
    places = {name: folder / name for name in wiring.functions}
    for name, place in places.items():
        shutil.unpack_archive(package.build(name, folder / "zips"), place)
    return places
