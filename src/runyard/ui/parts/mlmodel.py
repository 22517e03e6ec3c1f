"""What the MLmodel file among a model's files says of it: flavors, signature, size."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from runyard.artifacts.paths import joined
from runyard.exceptions import RunyardException
from runyard.ui.parts.files import BEGINNING, beginning
from runyard.ui.parts.format import shortened
from runyard.ui.site import Site

_MAX_DEPTH = 40
_MAX_FIELDS = 300
_MAX_FLAVORS = 30
_MAX_TYPE = 200


@dataclass(frozen=True)
class Field:
    """An input, an output or a parameter of a model."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Summary:
    """What an MLmodel file says.

    Attributes
    ----------
    flavors: Name and version of the library of each, empty when it does not say.
    has_signature: Whether the model has a signature.
    """

    flavors: tuple[tuple[str, str], ...]
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    params: tuple[Field, ...]
    has_signature: bool
    size: int | None
    mlflow_version: str


def summary_at(site: Site, location: str, folder: str = "") -> Summary | None:
    """What the MLmodel file in a folder of a location says; None when there is none that we can read."""
    try:
        content = beginning(site, location, joined(folder, "MLmodel"))
    except RunyardException:  # kept elsewhere, or files without MLmodel
        return None
    return None if len(content) > BEGINNING else summary_of(content)


def summary_of(content: bytes) -> Summary | None:
    """What the text of an MLmodel file says; None when it is not one. Anyone may have written it."""
    model = _plain_yaml(content)
    if not isinstance(model, dict):
        return None
    flavors, signature = model.get("flavors"), model.get("signature")
    known = flavors if isinstance(flavors, dict) else {}
    described = signature if isinstance(signature, dict) else {}
    size = model.get("model_size_bytes")
    return Summary(
        flavors=tuple((shortened(str(name)), _library(str(name), known[name])) for name in [*known][:_MAX_FLAVORS]),
        inputs=_fields(described.get("inputs")),
        outputs=_fields(described.get("outputs")),
        params=_fields(described.get("params")),
        has_signature=bool(described),
        size=size if isinstance(size, int) and size >= 0 else None,
        mlflow_version=shortened(str(model.get("mlflow_version", ""))),
    )


def _plain_yaml(content: bytes) -> Any:
    """The document, or None. Aliases are refused, for a few of them can stand for more than fits into memory."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    try:
        text = content.decode("utf-8")
        for event in yaml.parse(text, loader):
            if isinstance(event, yaml.AliasEvent):
                return None
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                return None
        return yaml.load(text, loader)  # noqa: S506  (the safe loader, in C where there is one)
    except (yaml.YAMLError, ValueError):
        return None


def _library(flavor: str, settings: Any) -> str:
    """The version of the library that a flavor was saved with."""
    if not isinstance(settings, dict):
        return ""
    names = (f"{flavor}_version", f"{flavor.replace('_', '-')}_version", "pytorch_version", "tf_version")
    named = next((settings[name] for name in names if name in settings), None)
    if flavor == "python_function":
        named = f"Python {settings['python_version']}" if "python_version" in settings else None
    elif named is None and flavor == "sklearn":
        named = settings.get("sklearn_version")
    return "" if named is None else shortened(str(named))


def _fields(text: Any) -> tuple[Field, ...]:
    """Inputs, outputs or parameters from their JSON."""
    try:
        listed = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return ()
    if not isinstance(listed, list):
        return ()
    return tuple(_field(one) for one in listed[:_MAX_FIELDS] if isinstance(one, dict))


def _field(described: Mapping[str, Any]) -> Field:
    default = described.get("default")
    optional = described.get("required") is False or "default" in described
    kind = type_in_words(described)
    return Field(
        name=shortened(str(described.get("name", ""))),
        type=shortened(kind if default is None else f"{kind} = {json.dumps(default)}", _MAX_TYPE),
        required=not optional,
    )


def type_in_words(described: Any, depth: int = 0) -> str:
    """A type in one line: ``double``, ``tensor(float32, [-1, 3])``, ``array of {x: string}``."""
    if not isinstance(described, dict) or depth > _MAX_DEPTH:
        return "…"
    kind = str(described.get("type", "any"))
    tensor = described.get("tensor-spec")
    if kind == "tensor" and isinstance(tensor, dict):
        return f"tensor({tensor.get('dtype', 'any')}, {tensor.get('shape', [])})"
    if kind == "array":
        return f"array of {type_in_words(described.get('items'), depth + 1)}"
    if kind == "map":
        return f"map of {type_in_words(described.get('values'), depth + 1)}"
    properties = described.get("properties")
    if kind == "object" and isinstance(properties, dict):
        inner = ", ".join(f"{name}: {type_in_words(value, depth + 1)}" for name, value in [*properties.items()][:20])
        return f"{{{inner}}}"
    return f"{kind}[]" if described.get("shape") else kind
