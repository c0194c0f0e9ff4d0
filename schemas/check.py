#!/usr/bin/env python3
"""Checks the schemas of this folder: `python3 schemas/check.py`.

Proves that every schema is valid JSON Schema 2020-12, keeps to the keywords that the compiled validator knows, has
examples, that every valid example passes and every invalid one fails, and that `asyncapi.yaml` and `topics.yaml`
(where it stands) name the same topics and only files that exist. Exit 0, or 3 with one line a fault.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
import environment  # noqa: E402  (the file beside this one)

environment.ensure()

import jsonschema  # noqa: E402
import yaml  # noqa: E402

KEYWORDS = {
    "$schema",
    "$id",
    "title",
    "description",
    "type",
    "required",
    "properties",
    "additionalProperties",
    "enum",
    "const",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "items",
    "maxItems",
    "default",
}
PREFIX = "https://hearth.example/schemas/"


def keywords(schema: object, at: str, faults: list[str]) -> None:
    """Adds a fault for each keyword that the compiled validator does not know."""
    if not isinstance(schema, dict):
        return
    for word in schema:
        if word not in KEYWORDS:
            faults.append(f"{at}: keyword {word} is not one of ours")
    for name, inner in schema.get("properties", {}).items():
        keywords(inner, f"{at}/{name}", faults)
    keywords(schema.get("items"), f"{at}[]", faults)
    keywords(schema.get("additionalProperties"), f"{at}/*", faults)


def check_schema(path: pathlib.Path, faults: list[str]) -> tuple[int, int]:
    """Checks one schema with its examples; returns the numbers of valid and invalid ones."""
    name = path.relative_to(FOLDER)
    schema = json.loads(path.read_text(encoding="utf-8"))
    keywords(schema, str(name), faults)
    if schema.get("$id") != PREFIX + str(name):
        faults.append(f"{name}: $id must be {PREFIX}{name}")
    if schema.get("additionalProperties") is not True:
        faults.append(f"{name}: additionalProperties must be true, readers ignore unknown fields")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    beside = FOLDER / "examples" / str(name).replace(".schema.json", ".json")
    if not beside.is_file():
        faults.append(f"{name}: no examples at {beside.relative_to(FOLDER)}")
        return 0, 0
    examples = json.loads(beside.read_text(encoding="utf-8"))
    for label, value in examples["valid"].items():
        for error in validator.iter_errors(value):
            faults.append(f"{beside.relative_to(FOLDER)}: valid example '{label}' fails: {error.message[:80]}")
    for label, value in examples["invalid"].items():
        if validator.is_valid(value):
            faults.append(f"{beside.relative_to(FOLDER)}: invalid example '{label}' passes")
    if not examples["valid"] or not examples["invalid"]:
        faults.append(f"{beside.relative_to(FOLDER)}: needs valid and invalid examples")
    return len(examples["valid"]), len(examples["invalid"])


def references(node: object) -> list[str]:
    """Every `$ref` below `node`."""
    if isinstance(node, dict):
        found = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return found + [ref for value in node.values() for ref in references(value)]
    if isinstance(node, list):
        return [ref for value in node for ref in references(value)]
    return []


def check_asyncapi(faults: list[str]) -> None:
    """Refs resolve, every schema is named, and the channels are the topics of `topics.yaml`."""
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))
    named = set()
    for ref in references(document):
        if ref.startswith("./"):
            named.add(ref[2:])
            if not (FOLDER / ref).is_file():
                faults.append(f"asyncapi.yaml: {ref} does not exist")
            continue
        node = document
        for part in ref.removeprefix("#/").split("/"):
            node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
        if node is None:
            faults.append(f"asyncapi.yaml: {ref} points nowhere")
    for path in all_schemas():
        if path.relative_to(FOLDER).as_posix() not in named:
            faults.append(f"asyncapi.yaml: {path.relative_to(FOLDER)} is not named")
    topics = FOLDER / "topics.yaml"
    if topics.is_file():
        declared = yaml.safe_load(topics.read_text(encoding="utf-8")).get("topics", {})
        names = set(declared) if isinstance(declared, dict) else {topic["name"] for topic in declared}
        channels = {channel["address"] for channel in document["channels"].values()}
        for name in sorted(names ^ channels):
            faults.append(f"{name}: stands only in {'topics.yaml' if name in names else 'asyncapi.yaml'}")


def all_schemas() -> list[pathlib.Path]:
    found = [FOLDER / "cloudevent.schema.json"]
    for part in ("events", "messages"):
        found += sorted((FOLDER / part).glob("*.schema.json"))
    return found


def main() -> int:
    faults: list[str] = []
    counts = [check_schema(path, faults) for path in all_schemas()]
    if (FOLDER / "asyncapi.yaml").is_file():
        check_asyncapi(faults)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    valid, invalid = sum(a for a, _ in counts), sum(b for _, b in counts)
    print(f"{len(counts)} schemas, {valid} valid examples pass, {invalid} invalid examples fail, {len(faults)} faults")
    return 3 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
