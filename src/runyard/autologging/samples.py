"""The first rows of what a model is trained on: for its signature and its input example."""

from collections.abc import Mapping
from typing import Any

SAMPLED_ROWS = 5


def first_rows(features: Any) -> Any:
    """A copy of the first rows, made before the training can change them; None for data that has no rows to cut."""
    if features is None or isinstance(features, str | bytes | Mapping) or not hasattr(features, "__getitem__"):
        return None
    if hasattr(features, "iloc"):
        return features.iloc[:SAMPLED_ROWS].copy()
    rows = features[:SAMPLED_ROWS]
    return rows.copy() if hasattr(rows, "copy") else list(rows)
