"""Models that arrive as bytes at a worker, and become a file there once."""

import os
from pathlib import Path

from runyard.scoring.shipping import model_store


def arrived(name: str, data: bytes | None) -> Path:
    """The archive with a model that was sent.

    Parameters
    ----------
    name: A name for its content.
    data: The bytes of the archive.
    """
    archive = model_store() / f"runyard-model-{name}.zip"
    if data is not None and not archive.exists():
        partial = archive.with_suffix(f".{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(archive)
    return archive
