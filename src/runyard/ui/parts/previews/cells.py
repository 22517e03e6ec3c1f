"""The cells of tables as pages show them."""

import json
import math
from dataclasses import dataclass
from typing import Any

from runyard.ui.parts.format import shortened
from runyard.ui.parts.previews.look import Look

_PICTURE = ("filepath", "compressed_filepath")


@dataclass(frozen=True)
class Cell:
    """A cell: a text, or a picture that ``log_table`` stored beside the table.

    Attributes
    ----------
    picture: The address of its thumbnail.
    href: The address of its page.
    """

    text: str
    picture: str = ""
    href: str = ""

    def __str__(self) -> str:
        """The text, by which tables are sorted."""
        return self.text


def shown_cell(value: Any, look: Look, most: int) -> Cell:
    """A cell of any value, its text cut to a number of characters; what is a cell already stays so."""
    if isinstance(value, Cell):
        return value
    return _picture(value, look) or Cell(shortened(printable(text_of(value)), most))


def whole_cell(value: Any, look: Look, most: int) -> Cell:
    """A cell with all of its text, line ends too, up to a number of characters."""
    if isinstance(value, Cell):
        return value
    text = printable(text_of(value))
    return _picture(value, look) or Cell(text if len(text) <= most else f"{text[:most]}…")


def _picture(value: Any, look: Look) -> Cell | None:
    if not isinstance(value, dict) or value.get("type") != "image":
        return None
    if not all(isinstance(value.get(name), str) for name in _PICTURE):
        return None
    path, small = (printable(str(value[name])).strip("/") for name in _PICTURE)
    return Cell(path, picture=look.picture(small), href=look.page(path=path))


def printable(text: str) -> str:
    """The text with signs in place of what cannot be sent: halves of characters, which JSON can spell."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def text_of(value: Any) -> str:
    """A value as text: what JSON says of lists and objects, nothing for what is missing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else repr(value)
    if isinstance(value, dict | list):
        try:
            return json.dumps(value, ensure_ascii=False, default=str)
        except (ValueError, RecursionError):
            return str(type(value).__name__)
    return str(value)
