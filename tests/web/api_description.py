"""Reading an OpenAPI document: is it sound, and does an answer agree with it?"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

METHODS = {"get", "post", "put", "patch", "delete"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Method, path and description of every operation."""
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, item[method]


def operation_at(document: Json, method: str, path: str) -> Json | None:
    """What stands at an address, or None."""
    for known, template, operation in operations(document):
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if known == method.lower() and re.fullmatch(pattern, path):
            return operation
    return None


def faults_of(document: Json) -> list[str]:
    """What a reader of the document, or a program made from it, would stumble over."""
    faults = [f"{ref} leads nowhere" for ref in _references(document) if not _at(document, ref)]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    faults += [f"{name} names two operations" for name in set(names) if names.count(name) > 1]
    schemes = document["components"]["securitySchemes"]
    for method, path, operation in operations(document):
        at = f"{method} {path}"
        given = {it["name"] for it in operation.get("parameters", ()) if it["in"] == "path"}
        if given != set(re.findall(r"{(\w+)}", path)):
            faults.append(f"{at} describes other parameters than it has")
        if any(scheme not in schemes for each in operation.get("security", ()) for scheme in each):
            faults.append(f"{at} is secured by something unknown")
        for status, answer in operation["responses"].items():
            if not answer["description"]:
                faults.append(f"{at} does not say what {status} is")
            if any("schema" not in it for it in answer.get("content", {}).values()):
                faults.append(f"{at} does not say what is in {status}")
    return faults


def mismatches(document: Json, schema: Json, value: object, at: str = "body") -> list[str]:
    """Where a value is not as a schema has it; knows the words that our documents use."""
    if ref := schema.get("$ref"):
        return mismatches(document, _at(document, ref), value, at)
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        fits = any(not mismatches(document, each, value, at) for each in choices)
        return [] if fits else [f"{at} fits none of its kinds"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        return [f"{at} is no {' or '.join(kinds)}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at} is none of its words"]
    return list(_mismatches_inside(document, schema, value, at))


def _mismatches_inside(document: Json, schema: Json, value: object, at: str) -> Iterator[str]:
    if isinstance(value, list):
        for it in value:
            yield from mismatches(document, schema["items"], it, f"{at}[]")
    if isinstance(value, dict):
        yield from (
            f"{at} lacks {name}" for name in schema.get("required", ()) if name not in value
        )
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        for name, it in value.items():
            if inner := known.get(name, more):
                yield from mismatches(document, inner, it, f"{at}.{name}")
            else:
                yield f"{at} has {name} besides"


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(ref := node.get("$ref"), str):
            yield ref
        for it in node.values():
            yield from _references(it)
    elif isinstance(node, list):
        for it in node:
            yield from _references(it)


def _at(document: Json, ref: str) -> Json:
    node: Any = document
    for step in ref.removeprefix("#/").split("/"):
        node = node.get(step, {})
    found: Json = node
    return found
