"""A Pydantic model as the JSON schema that Vertex AI takes.

Its structured output reads a subset of JSON Schema (`responseJsonSchema` of the REST reference's GenerationConfig),
and refuses a schema with too many states. So references are written out, bounds and defaults are left to the model's
own validation, every property is required, and the properties have an order.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def vertex_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model that refers to itself nowhere."""
    whole = model.model_json_schema()
    return _reduced(whole, whole.get("$defs", {}))


def _reduced(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _reduced(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return {"anyOf": [_reduced(choice, definitions) for choice in choices]}
    kind = schema["type"]
    if kind == "object":
        properties = {name: _reduced(part, definitions) for name, part in schema["properties"].items()}
        names = list(properties)
        return {"type": kind, "properties": properties, "required": names, "propertyOrdering": names}
    if kind == "array":
        return {"type": kind, "items": _reduced(schema["items"], definitions)}
    allowed = [schema["const"]] if "const" in schema else schema.get("enum")
    return {"type": kind, "enum": allowed} if allowed else {"type": kind}
