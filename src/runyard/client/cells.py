"""The cells of a table as JSON values."""

import base64
import datetime as dt
import logging
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from runyard.client.images import is_picture

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

_PLAIN_KINDS = frozenset("biu")
_AS_TEXT = (Decimal, uuid.UUID)


class Cells:
    """Converts the values of a table to JSON types: text, numbers, lists and objects.

    Parameters
    ----------
    store: Stores a picture and returns the object that refers to it from its cell.
    """

    def __init__(self, store: Callable[[Any], dict[str, str]]) -> None:
        self._store = store
        self._foreign: dict[str, None] = {}

    def columns(self, frame: "pd.DataFrame") -> list[list[Any]]:
        """The values of each column; a value without a JSON form is kept as text, with a warning."""
        found = []
        for place, name in enumerate(frame.columns):
            self._foreign = {}
            found.append(self._column(frame.iloc[:, place]))
            if self._foreign:
                log.warning(
                    "Column %r of the table holds values of %s, which have no JSON form: their text is kept.",
                    name,
                    ", ".join(self._foreign),
                )
        return found

    def frame(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """The frame with pictures replaced by their references, and all else unchanged."""
        found = frame.copy(deep=False)
        for place in range(len(frame.columns)):
            values = frame.iloc[:, place].tolist() if frame.dtypes.iloc[place].kind == "O" else []
            if values:
                found.isetitem(place, [self._with_pictures_stored(value) for value in values])
        return found

    def _with_pictures_stored(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._with_pictures_stored(each) for each in value]
        if isinstance(value, dict):
            return {key: self._with_pictures_stored(each) for key, each in value.items()}
        return self._store(value) if is_picture(value) else value

    def _column(self, values: "pd.Series[Any]") -> list[Any]:
        if getattr(values.dtype, "kind", "O") in _PLAIN_KINDS and not values.hasnans:
            return values.tolist()
        return [self.cell(value) for value in values.astype(object).tolist()]

    def cell(self, value: Any) -> Any:
        """One value. NaN, NaT and NA become null; infinities stay."""
        if isinstance(value, Enum):
            return self.cell(value.value)
        if value is None or isinstance(value, bool | str):
            return str(value) if isinstance(value, str) else value
        if isinstance(value, int) and -(2**63) <= value < 2**64:  # JSON readers, pandas too, take no larger ones
            return int(value)
        if isinstance(value, float):
            return None if math.isnan(value) else float(value)
        if is_picture(value):
            return self._store(value)
        if isinstance(value, Mapping):
            return {str(key): self.cell(each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.cell(each) for each in value]
        return self._converted(value)

    def _converted(self, value: Any) -> Any:
        """A value of a type that JSON does not have."""
        if type(value).__name__ in ("NAType", "NaTType"):
            return None
        if isinstance(value, bytes | bytearray):
            return self._bytes(bytes(value))
        if isinstance(value, dt.datetime | dt.date | dt.time):
            return _date(value)
        if isinstance(value, _AS_TEXT) or callable(getattr(value, "__fspath__", None)):
            return str(value)
        if hasattr(value, "isoformat"):  # pandas' durations
            return value.isoformat()
        if hasattr(value, "tolist"):  # of numpy, torch, pandas
            plain = value.astype(str) if getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M") else value
            return self.cell((plain.detach() if hasattr(plain, "detach") else plain).tolist())
        if isinstance(value, Fraction):
            return self.cell(float(value))
        return self._text_of(value)

    def _bytes(self, value: bytes) -> str:
        try:
            return value.decode()
        except UnicodeDecodeError:
            self._foreign["bytes that are not UTF-8 (as base64)"] = None
            return base64.b64encode(value).decode()

    def _text_of(self, value: Any) -> str:
        self._foreign[f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")] = None
        return str(value)


def _date(value: dt.datetime | dt.date | dt.time) -> str:
    if not isinstance(value, dt.datetime):
        return value.isoformat()
    finer = value.microsecond % 1000 or getattr(value, "nanosecond", 0)
    return value.isoformat() if finer else value.isoformat(timespec="milliseconds")
