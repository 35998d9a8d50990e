"""The member API's own description, OpenAPI 3.1, written from its operations and their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from inspect import cleandoc
from typing import Any

import msgspec

from loyalty.web.api import Operation
from loyalty.web.bodies import ProblemShown

_REF = "#/components/schemas/{name}"
_ALWAYS = (503,)
_WITH_A_KEY = (401, 403, 429)
_WITH_A_BODY = (400, 413, 415, 422)
_SLOTS = {
    "id": "^[A-Za-z0-9_.:-]{1,128}$",
    "tag": "^[a-z][a-z0-9_]{0,39}$",
}
"""How the slots of paths are written."""
_ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A call with the same key has the same effect, whenever it comes.",
    "schema": {"type": "string", "maxLength": 255},
}


def document(operations: Sequence[Operation], title: str, address: str) -> dict[str, Any]:
    """Describe every operation, and where they are."""
    kinds = [kind for each in operations for kind in _kinds(each)]
    schemas, components = msgspec.json.schema_components(
        [*dict.fromkeys(kinds), ProblemShown], ref_template=_REF
    )
    by_kind = dict(zip([*dict.fromkeys(kinds), ProblemShown], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, by_kind)
    whole = {
        "openapi": "3.1.0",
        "info": {"title": f"{title}: members and rewards", "version": "1"},
        "servers": [{"url": address}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    return {name: _portable(part) for name, part in whole.items()}


def _portable(part: Any) -> Any:
    """Write patterns as every language reads them: Python alone has a sign for the very end."""
    if isinstance(part, dict):
        return {
            name: each.replace("\\Z", "$") if name == "pattern" else _portable(each)
            for name, each in part.items()
        }
    return [_portable(each) for each in part] if isinstance(part, list) else part


def _kinds(each: Operation) -> Iterator[Any]:
    yield from each.gives.values()
    yield from (kind for kind in (each.takes, each.asks) if kind)


def _operation(each: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    summary, _, rest = cleandoc(each.view.__doc__ or "").partition("\n")
    told = {
        "operationId": each.view.__name__,
        "summary": summary,
        "description": f"{rest.strip()}\n\n{_key(each)}".strip(),
        "parameters": list(_parameters(each)),
        "responses": dict(_responses(each, schemas)),
        "security": [{"key": []}] if each.scope else [],
    }
    if each.takes:
        content = {"application/json": {"schema": schemas[each.takes]}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _key(each: Operation) -> str:
    return f"The key needs the scope `{each.scope}`." if each.scope else "It needs no key."


def _parameters(each: Operation) -> Iterator[dict[str, Any]]:
    for name, pattern in _SLOTS.items():
        if f"{{{name}}}" in each.path:
            schema = {"type": "string", "pattern": pattern}
            yield {"name": name, "in": "path", "required": True, "schema": schema}
    if each.takes and each.path == "/v1/members":
        yield _ONCE
    for field in msgspec.structs.fields(each.asks) if each.asks else ():
        schema = msgspec.json.schema(field.type)
        yield {"name": field.name, "in": "query", "required": False, "schema": schema}


def _responses(each: Operation, schemas: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    for status, kind in each.gives.items():
        content = {"application/json": {"schema": schemas[kind]}}
        yield str(status), {"description": HTTPStatus(status).phrase, "content": content}
    for status in sorted(_refusals(each)):
        content = {"application/problem+json": {"schema": schemas[ProblemShown]}}
        yield str(status), {"description": HTTPStatus(status).phrase, "content": content}


def _refusals(each: Operation) -> set[int]:
    found = {*each.problems, *_ALWAYS}
    found |= set(_WITH_A_KEY) if each.scope else set()
    found |= set(_WITH_A_BODY) if each.takes else set()
    return found | {400} if each.asks else found
