"""The datasets of runs side by side: digest, source, size and schema."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from runyard.tracking.inputs.entities import Dataset
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_table import Compared
from runyard.ui.parts.format import shortened
from runyard.ui.parts.mlmodel import type_in_words
from runyard.ui.parts.presentation import context, datasets

MAX_DATASETS = 20
_MAX_COLUMNS = 500
_MAX_PROFILE = 20


def data_of(runs: Sequence[Run]) -> list[Compared]:
    """What is compared of each dataset, by its name and what it was used for; columns of the schema are keys too."""
    used: dict[str, list[dict[str, str]]] = {}
    for place, run in enumerate(runs):
        seen: Counter[str] = Counter()
        for one in datasets(run):
            purpose = context(one)
            name = f"{one.dataset.name} ({purpose})" if purpose else one.dataset.name
            seen[name] += 1
            if seen[name] > 1:
                name = f"{name} {seen[name]}"
            columns = used.setdefault(name, [{} for _ in runs])
            columns[place] = dict(_facts(one.dataset))
    return [Compared(name, tuple(columns), in_order=True) for name, columns in [*used.items()][:MAX_DATASETS]]


def _facts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    yield "digest", dataset.digest
    yield "source", f"{dataset.source_type}: {dataset.source}"
    profile = _read(dataset.profile)
    if isinstance(profile, dict):
        for key, value in [*profile.items()][:_MAX_PROFILE]:
            yield shortened(key), shortened(value if isinstance(value, str) else json.dumps(value), 200)
    yield from _columns(_read(dataset.schema))


def _columns(schema: Any) -> Iterator[tuple[str, str]]:
    """The columns of a schema as MLflow writes it, and of one that is an object of names and types."""
    if not isinstance(schema, dict):
        return
    listed = schema.get("mlflow_colspec")
    tensors = schema.get("mlflow_tensorspec")
    if isinstance(tensors, dict):
        listed = [one for part in tensors.values() for one in (part if isinstance(part, list) else [part])]
    if isinstance(listed, str):
        listed = _read(listed)
    if isinstance(listed, list):
        for place, one in enumerate(listed[:_MAX_COLUMNS]):
            if isinstance(one, dict):
                name = one.get("name")
                shown = f"column {place + 1}" if name in (None, "") else f"column {shortened(str(name))}"
                yield shown, type_in_words(one) + (" (optional)" if one.get("required") is False else "")
    elif listed is None:
        for name, kind in [*schema.items()][:_MAX_COLUMNS]:
            yield f"column {shortened(str(name))}", shortened(kind if isinstance(kind, str) else json.dumps(kind), 200)


def _read(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
