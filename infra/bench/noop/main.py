"""A function that does nothing, and imports what `BENCH_IMPORTS` names: the yardstick."""

import importlib
import os

import functions_framework
from flask import Request, Response

for name in os.environ.get("BENCH_IMPORTS", "").split():
    importlib.import_module(name)


@functions_framework.http
def main(request: Request) -> Response:
    """Read the body, as everybody must, and say yes."""
    request.get_data()
    return Response(status=202)
