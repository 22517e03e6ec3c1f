"""Names that the program has for its objects, looked up in the frames that lead to a call."""

import sys
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FrameType
from typing import Any

_PLAIN = (str, int, float, bool, bytes, type(None))


def name_of(value: Any) -> str | None:
    """The variable that holds an object in the program that called us; None if there is none.

    Functions that were given the object and hand it on are passed over: what counts is the name where it comes from.
    """
    frame = _calling_program()
    while frame is not None:
        handed_on, held = _holders(frame, value)
        if not handed_on:
            return held
        frame = frame.f_back
    return None


def _holders(frame: FrameType, value: Any) -> tuple[bool, str | None]:
    """Whether a function got the object as an argument, and otherwise the name of its variable that holds it."""
    code, known = frame.f_code, frame.f_locals
    named = code.co_argcount + code.co_kwonlyargcount
    arguments = code.co_varnames[:named]
    if any(known.get(name) is value for name in arguments):
        return True, None
    more = code.co_varnames[named : named + bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)]
    for name in more:
        rest = known.get(name)
        if any(part is value for part in (rest.values() if isinstance(rest, dict) else rest or ())):
            return True, None
    return False, next((name for name, held in known.items() if held is value), None)


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
