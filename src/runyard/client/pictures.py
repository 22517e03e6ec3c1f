"""Methods of the client for figures and images."""

import re
import uuid
from pathlib import Path
from typing import Any

from runyard.artifacts.paths import PathText
from runyard.client.files import FilesClient
from runyard.client.images import as_picture, saved, thumbnail
from runyard.core.clock import now_ms
from runyard.core.tags import IMAGES_TAG
from runyard.exceptions import InvalidParameter
from runyard.tracking.metrics.client import as_integer
from runyard.tracking.runs.messages import SetTag

_KEY = re.compile(r"[A-Za-z0-9_\-./ ]+")


class PicturesClient(FilesClient):
    """Figures and images as artifacts."""

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: PathText, *, save_kwargs: dict[str, Any] | None = None
    ) -> None:
        """Store a matplotlib or plotly figure in the format of the path's extension.

        Raises
        ------
        InvalidParameter: It is not a figure of one of the two.
        """
        options = save_kwargs or {}
        with self._file_for(run_id, artifact_file) as local:
            try:
                _draw(figure, local, options)
            except ValueError as problem:
                raise InvalidParameter(f"The figure cannot be stored as {local.name!r}: {problem}") from None

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: PathText | None = None,
        key: str | None = None,
        step: int | None = None,
        timestamp: int | None = None,
        synchronous: bool | None = None,
    ) -> None:
        """Store an image at a path of its own, or as one of a series under a key and step.

        Parameters
        ----------
        run_id: The run.
        image: A numpy array of shape (height, width), (height, width, 1), (…, 3) or (…, 4), with integers or
            booleans, or floats from 0 to 1; or an image of Pillow.
        artifact_file: Where to store it.
        key: The series it belongs to, instead of a path.
        step: Training step; 0 by default.
        timestamp: Milliseconds since 1970; now by default.
        synchronous: Taken for compatibility; the image is stored when this returns.

        Raises
        ------
        InvalidParameter: Both a path and a key are given, or neither; or the array is not an image.
        """
        if (artifact_file is None) == (key is None):
            raise InvalidParameter(
                "Give either 'artifact_file', the image's own path, or 'key', the series it belongs to."
            )
        picture = as_picture(image)
        if artifact_file is not None:
            with self._file_for(run_id, artifact_file) as local:
                saved(picture, local, None if local.suffix else "PNG")
            return
        where = 0 if step is None else as_integer("step", step)
        stem = _stem(str(key), where, now_ms() if timestamp is None else as_integer("timestamp", timestamp))
        with self._file_for(run_id, f"{stem}.png") as local:
            saved(picture, local, "PNG")
        with self._file_for(run_id, f"{stem}+compressed.webp") as local:
            saved(thumbnail(picture), local, "WEBP")
        self.connection.write(SetTag(run_id=run_id, key=IMAGES_TAG, value="True"))


def _draw(figure: Any, local: Path, options: dict[str, Any]) -> None:
    """Write a figure; without an extension it is a PNG image, and the name stays as it is."""
    unnamed = {} if local.suffix else {"format": "png"}
    if hasattr(figure, "savefig"):
        figure.savefig(local, **{**unnamed, **options})
    elif hasattr(figure, "write_html") and local.suffix in (".html", ".htm"):
        figure.write_html(local, **{"include_plotlyjs": "cdn", "auto_open": False, **options})
    elif hasattr(figure, "write_image"):
        figure.write_image(local, **{**unnamed, **options})
    else:
        raise InvalidParameter(f"{type(figure).__name__} is not a figure of matplotlib or plotly.")


def _stem(key: str, step: int, timestamp: int) -> str:
    """Path of an image of a series, without its extension: the form that MLflow's pages expect."""
    if not _KEY.fullmatch(key):
        raise InvalidParameter(f"Invalid key {key!r}: use letters, digits, spaces and _ - . / only.")
    return f"images/{key.replace('/', '~')}+step+{step}+timestamp+{timestamp}+{uuid.uuid4()}"
