"""What the client can do with figures and images."""

import re
import uuid
import warnings
from typing import Any

from runyard.client.files import FilesClient
from runyard.core.clock import now_ms
from runyard.exceptions import InvalidParameter, MissingPackage
from runyard.tracking.metrics.client import as_integer
from runyard.tracking.runs.messages import SetTag

THUMBNAIL = 256
"""Pixels of the longer side of the small copy that pages show."""
IMAGES_TAG = "mlflow.loggedImages"

_KEY = re.compile(r"[A-Za-z0-9_\-./ ]+")


class PicturesClient(FilesClient):
    """Figures and images as artifacts."""

    def log_figure(
        self, run_id: str, figure: Any, artifact_file: str, *, save_kwargs: dict[str, Any] | None = None
    ) -> None:
        """Store a figure of matplotlib or plotly; the path's ending says in which format.

        Raises
        ------
        InvalidParameter: It is a figure of neither.
        """
        options = save_kwargs or {}
        with self._file_for(run_id, artifact_file) as local:
            if hasattr(figure, "savefig"):
                figure.savefig(local, **options)
            elif hasattr(figure, "write_html") and local.suffix in (".html", ".htm"):
                figure.write_html(local, **{"include_plotlyjs": "cdn", "auto_open": False, **options})
            elif hasattr(figure, "write_image"):
                figure.write_image(local, **options)
            else:
                raise InvalidParameter(f"{type(figure).__name__} is no figure of matplotlib or plotly.")

    def log_image(
        self,
        run_id: str,
        image: Any,
        artifact_file: str | None = None,
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
        step: Its place in the series; 0 when left out.
        timestamp: Milliseconds since the epoch; now when left out.
        synchronous: Taken for compatibility; the image is stored when this returns.

        Raises
        ------
        InvalidParameter: Both a path and a key are given, or neither; or the array is no image.
        """
        if (artifact_file is None) == (key is None):
            raise InvalidParameter(
                "Give either 'artifact_file', the image's own path, or 'key', the series it belongs to."
            )
        picture = as_picture(image)
        if artifact_file is not None:
            with self._file_for(run_id, artifact_file) as local:
                picture.save(local)
            return
        stem = _stem(str(key), as_integer("step", step or 0), now_ms() if timestamp is None else timestamp)
        with self._file_for(run_id, f"{stem}.png") as local:
            picture.save(local, format="PNG")
        small = picture.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        with self._file_for(run_id, f"{stem}+compressed.webp") as local:
            small.save(local, format="WEBP")
        self.connection.write(SetTag(run_id=run_id, key=IMAGES_TAG, value="True"))


def _stem(key: str, step: int, timestamp: int) -> str:
    """Path of an image of a series, without its ending. Its name says all about it, as MLflow's pages expect."""
    if not _KEY.fullmatch(key):
        raise InvalidParameter(f"Invalid key {key!r}: use letters, digits, spaces and _ - . / only.")
    return f"images/{key.replace('/', '~')}+step+{step}+timestamp+{timestamp}+{uuid.uuid4()}"


def as_picture(image: Any) -> Any:
    """The image as one of Pillow.

    Raises
    ------
    MissingPackage: Pillow is not installed.
    InvalidParameter: It is no image.
    """
    try:
        from PIL import Image  # noqa: PLC0415  (optional)
    except ImportError:
        raise MissingPackage("pillow", "ml", "Logging images") from None
    if hasattr(image, "to_pil"):
        image = image.to_pil()
    if isinstance(image, Image.Image):
        return image
    if type(image).__module__.partition(".")[0] != "numpy":
        raise InvalidParameter(f"{type(image).__name__} is no image: give a numpy array or an image of Pillow.")
    return Image.fromarray(_as_bytes(image))


def _as_bytes(array: Any) -> Any:
    """An array as Pillow takes it: integers from 0 to 255, colours in the last dimension."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidParameter(
            f"An array of shape {array.shape} is no image: use (height, width) or (height, width, 1, 3 or 4)."
        )
    kind = array.dtype.kind
    if kind not in "buif":
        raise InvalidParameter(f"An array of {array.dtype} is no image: use integers, booleans or floats.")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if kind == "b":
        array = array * 255
    elif kind == "f":
        array = (_rescaled(array) if low < 0 or high > 1 or low != low else array) * 255
    elif low < 0 or high > 255:
        raise InvalidParameter(f"Integers of an image lie between 0 and 255; these lie between {low} and {high}.")
    array = array.astype("uint8")
    return array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _rescaled(array: Any) -> Any:
    """Floats of any range, between 0 and 1; what is no number becomes 0."""
    finite = array[(array - array) == 0]  # infinities and NaN are no measure of the others
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    warnings.warn(
        "Floats of an image lie between 0 and 1; these are rescaled from the range they have. "
        "Scale them yourself to keep images comparable.",
        stacklevel=5,
    )
    scaled = (array.clip(low, high) - low) / ((high - low) or 1.0)
    scaled[scaled != scaled] = 0.0
    return scaled
