"""Batching: which requests can share a call of `predict`, how inputs are joined and predictions split."""

from __future__ import annotations

import json
import sys
from collections.abc import Hashable, Sequence
from typing import Any

from runyard.core.libraries import np, pd
from runyard.models.scoring_input import ScoringInput


def groups(inputs: Sequence[Any]) -> list[list[int]]:
    """The positions of inputs that fit together, in order; one that fits with no other is alone.

    Parameters
    ----------
    inputs: What was read from each request; anything but a ScoringInput is left out.
    """
    found: dict[Hashable, list[int]] = {}
    for place, one in enumerate(inputs):
        if isinstance(one, ScoringInput):
            shape = None if one.is_bare else _shape(one.data)
            key = place if shape is None else (shape, json.dumps(one.params, sort_keys=True))
            found.setdefault(key, []).append(place)
    return list(found.values())


def join(pieces: Sequence[Any]) -> tuple[Any, list[int]]:
    """The pieces of a group one after the other, and how many rows each has."""
    first = pieces[0]
    if isinstance(first, dict):
        sizes = [len(next(iter(piece.values()))) for piece in pieces]
        return {name: np.concatenate([piece[name] for piece in pieces]) for name in first}, sizes
    sizes = [len(piece) for piece in pieces]
    if hasattr(first, "columns"):
        return pd.concat(pieces, ignore_index=True), sizes
    return np.concatenate(pieces), sizes


def part(predictions: Any, sizes: Sequence[int]) -> list[Any] | None:
    """What each piece gets of the predictions; None when they are not one for each row."""
    is_table = hasattr(predictions, "iloc")
    if not is_table and not isinstance(predictions, list) and not getattr(predictions, "shape", ()):
        return None
    if len(predictions) != sum(sizes):
        return None
    rows = predictions.iloc if is_table else predictions
    parts, start = [], 0
    for size in sizes:
        parts.append(rows[start : start + size])
        start += size
    return parts


def _shape(data: Any) -> Hashable | None:
    """What must be the same for data to join; None when it cannot join with anything."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        default = isinstance(data.index, pandas.RangeIndex)
        return ("frame", *map(str, data.columns), *map(str, data.dtypes)) if default else None
    if numpy is not None and isinstance(data, numpy.ndarray):
        return ("array", str(data.dtype), data.shape[1:]) if data.ndim else None
    if isinstance(data, dict) and data:
        shapes = {name: _shape(one) for name, one in data.items()}
        lengths = {one.shape[0] for one in data.values() if getattr(one, "ndim", 0)}
        return tuple(sorted(shapes.items())) if len(lengths) == 1 and None not in shapes.values() else None
    return None
