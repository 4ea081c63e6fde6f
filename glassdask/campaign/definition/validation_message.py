"""Turns pydantic's errors into one message: the key's path, the value, what is allowed, the nearest known key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from glassdask.counted import did_you_mean


def validation_message(error: ValidationError, model: type[BaseModel], source: str, kind: str = "campaign file") -> str:
    """All that is wrong with a file that should have been of a `kind`, a line each; `model` is that of the whole
    file."""
    lines = [_line(item, model) for item in error.errors(include_url=False)]
    head = f"{source} is not a valid {kind} ({len(lines)} {'error' if len(lines) == 1 else 'errors'}):"
    return "\n".join([head, *(f"  {line}" for line in lines)])


def key_path(location: Iterable[str | int]) -> str:
    """`location` as a user writes it: ``("grid", 0, "density")`` is ``grid[0].density``."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _line(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    path = key_path(item["loc"])
    if item["type"] == "extra_forbidden":
        return _unknown_key(path, item["loc"], model)
    if item["type"] == "in_table":  # stages.contract.liquid_section
        key, value = item["ctx"]["key"], item["ctx"]["value"]
        found = " is missing" if value is None else "" if value == "" else f" = {_spelled(value)}"
        return f"{path}.{key}{found}: {item['msg']}"
    if item["type"] == "missing":
        return f"{path} is missing; it must be given"
    message: str = item["msg"].removeprefix("Value error, ")
    if not path:  # of several tables at once; it names its keys itself
        return message
    allowed = message if "allowed:" in message else f"allowed: {_allowed(item, message)}"
    return f"{path} = {_spelled(item['input'])}: {_near_word(item)}{allowed}"


def _near_word(item: Mapping[str, Any]) -> str:
    """Of the words that are allowed, the one that was meant."""
    if item["type"] != "literal_error" or not isinstance(item["input"], str):
        return ""
    words = re.findall(r"'([^']*)'", item["ctx"]["expected"])
    return did_you_mean(item["input"].lower(), words, 0.5)


def _unknown_key(path: str, location: tuple[str | int, ...], model: type[BaseModel]) -> str:
    known = _known_keys(location[:-1], model)
    hint = did_you_mean(str(location[-1]), known, 0.5)
    return f"{path} is not a known key: {hint}allowed: {', '.join(known)}"


def _known_keys(location: tuple[str | int, ...], model: type[BaseModel]) -> list[str]:
    """Keys of the table at `location`."""
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_of(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_of(argument) for argument in get_args(annotation))
    return next((model for model in found if model), None)


def _allowed(item: Mapping[str, Any], message: str) -> str:
    context = item.get("ctx", {})
    words = {
        "greater_than": "a number above {gt}",
        "greater_than_equal": "a number of at least {ge}",
        "less_than": "a number below {lt}",
        "less_than_equal": "a number of at most {le}",
        "literal_error": "{expected}",
        "finite_number": "a finite number",
        "string_pattern_mismatch": "letters, digits, '.', '_' and '-' (at most 64, a letter or digit first)",
        "float_type": "a number",
        "int_type": "a whole number",
        "string_type": "a text in quotes",
        "model_type": "a table",
        "too_short": "at least one value",
        "list_type": "a list in square brackets",
        "dict_type": "a table",
        "bool_type": "true or false",
    }
    text = words.get(item["type"])
    return text.format(**context) if text else message[0].lower() + message[1:]


def _spelled(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
