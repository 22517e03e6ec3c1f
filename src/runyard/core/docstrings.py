"""Docstrings of functions that are made of others."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

_PARAMETERS, _RAISES = "\n\nParameters\n----------\n", "\n\nRaises\n------\n"


def sections(function: Callable[..., Any]) -> tuple[str, str, str]:
    """What a docstring says: the text, the parameters, the errors."""
    text, _, errors = (inspect.getdoc(function) or "").partition(_RAISES)
    text, _, parameters = text.partition(_PARAMETERS)
    return text, parameters, errors


def docstring(text: str, parameters: Sequence[str], errors: Sequence[str] = ()) -> str:
    """A docstring of these parts; empty ones are left out."""
    found = text
    for heading, parts in ((_PARAMETERS, parameters), (_RAISES, errors)):
        lines = "\n".join(part.strip() for part in parts if part)
        found += f"{heading}{lines}" if lines else ""
    return found


def described(parameters: str) -> set[str]:
    """The parameters that a section of parameters describes."""
    lines = [line for line in parameters.splitlines() if line[:1].strip()]
    return {name for line in lines for name in line.partition(": ")[0].split(", ")}
