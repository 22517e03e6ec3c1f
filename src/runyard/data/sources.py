"""Which source a caller means, or a stored dataset describes."""

import os
from typing import Any
from urllib.parse import urlsplit

from runyard.core.credentials import shown_address
from runyard.core.origin import resolve_tags
from runyard.data.code_dataset_source import CodeDatasetSource
from runyard.data.dataset_source import DatasetSource
from runyard.data.filesystem_dataset_source import BY_SCHEME
from runyard.data.http_dataset_source import HTTPDatasetSource
from runyard.data.spark_dataset_source import SparkDatasetSource
from runyard.exceptions import InvalidParameter

KINDS: tuple[type[DatasetSource], ...] = (
    *dict.fromkeys(BY_SCHEME.values()),
    HTTPDatasetSource,
    CodeDatasetSource,
    SparkDatasetSource,
)
"""The kinds that come with this package."""

REGISTERED: list[type[DatasetSource]] = []
"""Kinds that others added, newest first. They are asked before ours."""


def resolved(raw: Any) -> DatasetSource:
    """The source that a caller means: a source object, a path or address, or None for the running program.

    Raises
    ------
    InvalidParameter: No source can be made of it.
    """
    if raw is None:
        return CodeDatasetSource(resolve_tags())
    if isinstance(raw, DatasetSource):
        return raw
    if isinstance(raw, os.PathLike):
        raw = os.fspath(raw)
    for other in REGISTERED:
        if other._can_resolve(raw):
            return other._resolve(raw)
    try:
        kind = HTTPDatasetSource if HTTPDatasetSource._can_resolve(raw) else BY_SCHEME.get(urlsplit(raw).scheme)
    except (ValueError, AttributeError, TypeError):  # no text, or none that can be read
        kind = None
    if kind is None or not isinstance(raw, str):
        raise InvalidParameter(
            f"Invalid dataset source {shown_address(str(raw))!r}: give a path, an address such as s3://bucket/key or "
            "https://…, or a DatasetSource."
        )
    return kind(raw)


def source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """The source that a stored dataset describes.

    Raises
    ------
    InvalidParameter: A source of this type cannot be rebuilt.
    """
    known = {kind._get_source_type(): kind for kind in reversed((*REGISTERED, *KINDS))}
    if source_type not in known:
        raise InvalidParameter(f"Dataset sources of type {source_type!r} cannot be rebuilt; known: {sorted(known)}.")
    return known[source_type].from_json(source_json)
