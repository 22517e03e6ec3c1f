"""Names that the program has for its objects, looked up in the frames that lead to a call."""

import sys
from types import FrameType
from typing import Any

_PLAIN = (str, int, float, bool, bytes, type(None))


def name_of(value: Any) -> str | None:
    """The variable that holds an object where our caller's caller was called; None if there is none.

    Where a function got the object as an argument, the name outside of it is taken, as far out as it goes.
    """
    frame = _calling_program()
    name: str | None = None
    while frame is not None:
        known = frame.f_locals
        if name is None or known.get(name) is not value:
            found = next((key for key, held in known.items() if held is value), None)
            if found is None:
                break
            name = found
        frame = frame.f_back
    return name


def _calling_program() -> FrameType | None:
    """The innermost frame that is not of our own package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("runyard."):
        frame = frame.f_back
    return frame


def as_written(value: Any) -> str:
    """An argument as text: plain values as they are, objects by their variable's name, else by their type."""
    if isinstance(value, _PLAIN):
        return repr(value)
    return name_of(value) or f"<{type(value).__name__}>"
