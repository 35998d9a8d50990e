"""The least ingest that keeps what it answers for: a signature, and a row that is on disk."""

import os
from functools import cache

import functions_framework
from flask import Request, Response
from infra.bench.minimal import Pipeline, answer


@cache
def pipeline() -> Pipeline:
    """Make it in the worker's own process; nobody works off what it keeps."""
    return Pipeline(os.environ["BENCH_FILE"])


@functions_framework.http
def main(request: Request) -> Response:
    """Answer one call."""
    return answer(request, pipeline())
