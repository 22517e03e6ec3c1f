"""Which source a caller means, or a stored dataset describes."""

import os
from typing import Any
from urllib.parse import urlsplit

from runyard.core.origin import resolve_tags
from runyard.data.code_dataset_source import CodeDatasetSource
from runyard.data.dataset_source import DatasetSource
from runyard.data.filesystem_dataset_source import BY_SCHEME
from runyard.data.http_dataset_source import HTTPDatasetSource
from runyard.exceptions import InvalidParameter

_KINDS: tuple[type[DatasetSource], ...] = (*BY_SCHEME.values(), HTTPDatasetSource, CodeDatasetSource)
_BY_TYPE = {kind.source_type: kind for kind in _KINDS}


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
    if HTTPDatasetSource._can_resolve(raw):
        return HTTPDatasetSource(raw)
    kind = BY_SCHEME.get(urlsplit(raw).scheme) if isinstance(raw, str) else None
    if kind is None:
        raise InvalidParameter(
            f"Invalid dataset source {raw!r}: give a path, an address such as s3://bucket/key or https://…, "
            "or a DatasetSource."
        )
    return kind(raw)


def source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """The source that a stored dataset describes.

    Raises
    ------
    InvalidParameter: A source of this type cannot be rebuilt.
    """
    if source_type not in _BY_TYPE:
        raise InvalidParameter(f"Dataset sources of type {source_type!r} cannot be rebuilt; known: {sorted(_BY_TYPE)}.")
    return _BY_TYPE[source_type].from_json(source_json)
