"""Finds the slices: a folder of a package of ours that holds messages is one, and its presence registers it."""

import functools
import importlib
from pathlib import Path

_SOURCE = Path(__file__).parent.parent


@functools.cache
def load_messages() -> None:
    """Import every module of messages: what a remote client and the routes need."""
    for name in slices():
        importlib.import_module(f"{name}.messages")


@functools.cache
def load_all() -> None:
    """Import messages and the functions that perform them: what a gate needs."""
    load_messages()
    for name in slices():
        importlib.import_module(f"{name}.operations")


@functools.cache
def slices() -> tuple[str, ...]:
    """The packages that are slices. Only folders are looked at, so that a client loads nothing but messages."""
    folders = sorted(file.parent.relative_to(_SOURCE.parent) for file in _SOURCE.glob("*/*/messages.py"))
    return tuple(".".join(folder.parts) for folder in folders)
