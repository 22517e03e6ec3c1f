"""Settings of models as texts, as params of runs are."""

from collections.abc import Mapping
from typing import Any

MAX_LENGTH = 6000


def as_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as they are stored: very long ones end in three dots."""
    return {key: _cut(str(value)) for key, value in values.items()}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 3] + "..."
