"""Finds the slices: a folder of `tracking` or `registry` that holds messages is one, and its presence registers it."""

import functools
import importlib
from pathlib import Path

_PACKAGES = ("runyard.tracking", "runyard.registry")


def load_messages() -> None:
    """Import every module of messages: what a remote client and the routes need."""
    for name in slices():
        importlib.import_module(f"{name}.messages")


def load_all() -> None:
    """Import messages and the functions that perform them: what a gate needs."""
    load_messages()
    for name in slices():
        importlib.import_module(f"{name}.operations")


@functools.cache
def slices() -> tuple[str, ...]:
    """The packages that are slices. Only folders are looked at, so that a client loads nothing but messages."""
    return tuple(
        f"{package}.{file.parent.name}"
        for package in _PACKAGES
        for folder in importlib.import_module(package).__path__
        for file in sorted(Path(folder).glob("*/messages.py"))
    )
