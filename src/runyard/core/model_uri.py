"""Addresses of models: ``models:/name/3``, ``models:/name/Production``, ``models:/name@champion``, ``models:/m-1f2e…``.

Source: MLflow 3.17's documentation of model URIs. Standard library only.
"""

import re
from dataclasses import dataclass

from runyard.core.credentials import ANY_SCHEME
from runyard.exceptions import InvalidParameter

SCHEME = "models:"
STAGES = ("None", "Staging", "Production", "Archived")
_STAGE_NAMED = {stage.lower(): stage for stage in STAGES}
_LOGGED_MODEL = re.compile(r"m-[0-9a-f]{32}")
_FORMS = (
    "models:/<name>/<version>, models:/<name>/<stage>, models:/<name>/latest, models:/<name>@<alias> or models:/m-<id>"
)


@dataclass(frozen=True)
class ModelUri:
    """A parsed model address: a logged model by id, or a registered one by version, stage or alias.

    Attributes
    ----------
    model_id: Id of a logged model.
    name: Name of a registered model.
    version: Its number; None with `stage`, `alias` or `latest`.
    stage: A stage: its highest version.
    alias: An alias.
    latest: Whether it is the highest version.
    path: The path of a file or folder in the model; empty for all of it.
    """

    model_id: str = ""
    name: str = ""
    version: str = ""
    stage: str = ""
    alias: str = ""
    latest: bool = False
    path: str = ""


def with_small_scheme(uri: str) -> str:
    """An address with its scheme in lower case: ``RUNS:/…`` means ``runs:/…``."""
    scheme, mark, rest = uri.partition(":")
    return f"{scheme.lower()}:{rest}" if mark and re.fullmatch(ANY_SCHEME, scheme) else uri


def is_model_uri(uri: str) -> bool:
    """Whether the text begins like the address of a model."""
    return uri[: len(SCHEME)].lower() == SCHEME


def parse_model_uri(uri: str) -> ModelUri:
    """Parse the address of a model.

    Raises
    ------
    InvalidParameter: It has none of the forms.
    """
    rest = uri[len(SCHEME) :]
    if not is_model_uri(uri) or rest.startswith("//") or not rest.startswith("/"):
        raise _refused(uri)
    first, _, behind = rest[1:].rstrip("/").partition("/")
    if _LOGGED_MODEL.fullmatch(first) or (first.startswith("m-") and not behind and "@" not in first):
        return ModelUri(model_id=first, path=behind)
    if "@" in first:
        name, _, alias = first.rpartition("@")  # the last one: names may hold it, aliases not
        if not name.strip() or not alias:
            raise _refused(uri)
        return ModelUri(name=name, alias=alias, path=behind)
    if not first.strip():
        raise _refused(uri)
    which, _, path = behind.partition("/")
    if which.isascii() and which.isdigit():
        return ModelUri(name=first, version=which.lstrip("0") or "0", path=path)  # not an int: it may have any length
    if which.lower() == "latest":
        return ModelUri(name=first, latest=True, path=path)
    if which.lower() in _STAGE_NAMED:
        return ModelUri(name=first, stage=_STAGE_NAMED[which.lower()], path=path)
    raise _refused(uri)


def _refused(uri: str) -> InvalidParameter:
    return InvalidParameter(f"{uri!r} is not the address of a model. Write {_FORMS}; a path may follow.")
