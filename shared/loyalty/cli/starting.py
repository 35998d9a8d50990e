"""`loyalty init`: a first program file from a few questions."""

from __future__ import annotations

from pathlib import Path

import click

from loyalty.cli import showing
from loyalty.program_file import starting
from loyalty.program_file.starting import Question


@click.command(epilog="Example: loyalty init program.yaml")
@click.argument("file", default="program.yaml", type=click.Path(path_type=Path))
def init(file: Path) -> None:
    """Write a first program from a few answers.

    FILE is `program.yaml` unless named, and never overwritten. What is offered in brackets is
    taken by pressing Enter.
    """
    if file.exists():
        raise click.ClickException(f"{file} is there already. Name another file, or move it away.")
    answers: dict[str, str] = {}
    for question in starting.questions:
        answers[question.key] = _ask(question, answers)
    _write(file, starting.write_program(answers))
    showing.line(f"Wrote {file}. Change what you like in it, then:")
    showing.line(f"loyalty program check {file}")
    showing.line(f"loyalty program publish {file}")


def _ask(question: Question, before: dict[str, str]) -> str:
    """Ask until the answer can be used."""
    while True:
        guess = question.guess(before) or None
        typed: str = click.prompt(question.text, default=guess, type=str)
        answer = " ".join(typed.split())
        problem = question.problem(answer, before)
        if not problem:
            return answer
        showing.line(f"That cannot be used: {problem}.")


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except OSError as error:
        told = f"{file} cannot be written: {error.strerror}. Name another file."
        raise click.ClickException(told) from None
