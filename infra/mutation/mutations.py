"""Small mistakes that could be made in a source text, as changes of that text.

Only what stands in a function is changed, and nothing that cannot matter: no annotation, no
docstring, no assertion, no sentence for people. Spared are also f-strings: Python 3.11 does not
tell where in the text their parts are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Div: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_SPARED = (ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom)
_FOR_PEOPLE = ("__str__", "__repr__")
_NOTHING = ("None", "False", "''", "()", "[]")
"""To return None instead of these is no mistake that anybody could see."""


class Mutation(NamedTuple):
    """A change to one place of a module's text, within `function` (`Class.method` for methods)."""

    module: str
    function: str
    line: int
    start: int
    end: int
    """Of the place, in characters of the text."""
    before: str
    after: str

    def applied(self, text: str) -> str:
        """Return the text with the change."""
        return text[: self.start] + self.after + text[self.end :]

    def __str__(self) -> str:
        """Name it as a list does."""
        told = " ".join(f"{self.before} -> {self.after}".split())
        return f"{self.module}:{self.line} {self.function}: {told}"


class _Text:
    """A text whose places are told by line and byte, as the parser tells them."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def at(self, line: int, byte: int) -> int:
        before = self._lines[line - 1].encode()[:byte].decode()
        return self._starts[line - 1] + len(before)

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None  # noqa: S101 - the parser always tells
        assert node.end_col_offset is not None  # noqa: S101 - as above
        start = self.at(node.lineno, node.col_offset)
        return start, self.at(node.end_lineno, node.end_col_offset)


def mutations(module: str, text: str) -> Iterator[Mutation]:
    """Yield every mutation of a module's functions, from its beginning to its end."""
    places = _Text(text)
    for name, function in _functions(ast.parse(text)):
        for node, after in _changes(function):
            start, end = places.span(node)
            yield Mutation(module, name, node.lineno, start, end, text[start:end], after)


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name not in _FOR_PEOPLE:
                    yield f"{node.name}.{inner.name}", inner


Change = tuple[ast.expr | ast.stmt, str]


def _changes(function: ast.FunctionDef) -> Iterator[Change]:
    for statement in function.body:
        yield from _below(statement)


def _below(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, _SPARED) or _is_text_for_people(node):
        return
    if isinstance(node, ast.expr):
        yield from ((node, f"({ast.unparse(after)})") for after in _expressions(node))
    if isinstance(node, ast.stmt):
        yield from ((node, after) for after in _statements(node))
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not _is_swapped_anyway(node.test):
        yield node.test, f"(not ({ast.unparse(node.test)}))"
    for child in _children(node):
        yield from _below(child)


def _children(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef):  # its defaults are read where it is made
        yield from node.body
    elif isinstance(node, ast.AnnAssign):
        yield from [node.value] if node.value else []
    else:
        yield from ast.iter_child_nodes(node)


def _is_swapped_anyway(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def _is_text_for_people(node: ast.AST) -> bool:
    """Tell whether this is a docstring or a sentence: what it says decides nothing."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Compare():
            yield from _comparisons(node)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(_SWAPPED[type(op)](), values)  # type: ignore[arg-type]  # one for its like
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SWAPPED:
            yield ast.BinOp(left, _SWAPPED[type(op)](), right)  # type: ignore[arg-type]  # as above
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value):
            yield ast.Constant(f"{value[:1]}x{value[1:]}")  # whoever looks for a part must see it


def _comparisons(node: ast.Compare) -> Iterator[ast.Compare]:
    for place, op in enumerate(node.ops):
        ops: list[Any] = [*node.ops[:place], _SWAPPED[type(op)](), *node.ops[place + 1 :]]
        yield ast.Compare(node.left, ops, node.comparators)


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) not in _NOTHING:
            yield "return None"
        case ast.Expr(value=ast.Call()) | ast.Raise():
            yield "pass"
        case ast.Continue():
            yield "break"
        case ast.AugAssign(op=op) if type(op) in _SWAPPED:
            swapped = ast.AugAssign(node.target, _SWAPPED[type(op)](), node.value)  # type: ignore[arg-type]  # as above
            yield ast.unparse(swapped)
