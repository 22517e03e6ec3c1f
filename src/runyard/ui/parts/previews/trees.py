"""JSON as a tree, some of it at a time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runyard.exceptions import DoesNotExist
from runyard.ui.parts.previews.cells import printable, text_of
from runyard.ui.parts.previews.look import Look

MOST_NODES = 450
MOST_CHILDREN = 100
_DEEP = 12
_TEXT = 300


@dataclass(frozen=True)
class Node:
    """A value of the tree.

    Attributes
    ----------
    label: Its key or place.
    text: The value, or how much is in it.
    kind: ``text``, ``number``, ``word`` (true, false, null) or ``inner``.
    children: What is in it, as far as it is shown.
    href: The address of the tree that begins here, when not all of it is shown.
    """

    label: str
    text: str
    kind: str
    children: tuple["Node", ...] = ()
    href: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class Tree:
    """A tree, or the part of it below a value.

    Attributes
    ----------
    way: The way to that value: labels and addresses.
    previous, next: Addresses of the values of a long list before and after those that are shown.
    """

    root: Node
    way: tuple[tuple[str, str], ...]
    previous: str = ""
    next: str = ""


def json_tree(look: Look, document: Any) -> Tree:
    """The tree of a document, from the value that the address points to (``at``, a JSON pointer) on.

    Raises
    ------
    DoesNotExist: There is no such value.
    """
    steps = _steps(look.state.text("at"))
    value, way = document, [(look.name, look.href())]
    for place, step in enumerate(steps):
        value = _below(value, step)
        way.append((_shown_key(step), look.href(at=_pointer(steps[: place + 1]))))
    first = max(0, look.number("first", 1) - 1)
    budget = [MOST_NODES]
    root = _node(look, steps[-1] if steps else look.name, value, steps, budget, first, 0)
    length = len(value) if isinstance(value, dict | list) else 0
    pointer = _pointer(steps)
    return Tree(
        root,
        tuple(way),
        previous=look.href(at=pointer, first=max(1, first + 1 - MOST_CHILDREN)) if first else "",
        next=look.href(at=pointer, first=first + MOST_CHILDREN + 1) if first + MOST_CHILDREN < length else "",
    )


def _node(look: Look, key: str, value: Any, steps: Sequence[str], budget: list[int], first: int, depth: int) -> Node:
    budget[0] -= 1
    label = _shown_key(key)
    if not isinstance(value, dict | list):
        return Node(label, _shown(value), _kind(value))
    length = len(value)
    text = f"{{{length:,}}}" if isinstance(value, dict) else f"[{length:,}]"
    entries = list(value.items()) if isinstance(value, dict) else None
    end = min(first + MOST_CHILDREN, length)
    children = list[Node]()
    if depth < _DEEP:
        for place in range(first, end):
            if budget[0] <= 0:
                break
            name, inner = entries[place] if entries else (str(place), value[place])
            children.append(_node(look, name, inner, [*steps, name], budget, 0, depth + 1))
    whole = first == 0 and len(children) == length
    href = "" if whole else look.href(at=_pointer(steps))
    return Node(label, text, "inner", tuple(children), href, is_open=depth < 2 and bool(children))


def _below(value: Any, step: str) -> Any:
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list) and step.isascii() and step.isdigit() and len(step) < 10 and int(step) < len(value):
        return value[int(step)]
    raise DoesNotExist(f"There is nothing at {step[:100]!r} in this document. Go back to its beginning.")


def _steps(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]] if pointer else []


def _pointer(steps: Sequence[str]) -> str:
    return "".join(f"/{printable(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _shown_key(key: str) -> str:
    return printable(key)[:_TEXT]


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else text_of(value)
    if value is None:
        text = "null"
    return printable(text if len(text) <= _TEXT else f"{text[:_TEXT]}…")


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "word" if value is None or isinstance(value, bool) else "number"
