"""Converts images of any kind to Pillow images; Pillow is loaded on first use."""

import sys
import warnings
from typing import TYPE_CHECKING, Any

from runyard.core.libraries import np, required
from runyard.exceptions import InvalidParameter

if TYPE_CHECKING:
    from PIL import Image as Pillow

THUMBNAIL = 256
"""Size in pixels of the longer side of the thumbnail that pages show."""

_OF_PNG = frozenset(("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"))
"""Modes that a PNG file can have."""


class Image:
    """An image of any kind, for `log_image` and the cells of `log_table`.

    Parameters
    ----------
    image: The path of a file, an array of numpy, a list of rows, or an image of Pillow.

    Raises
    ------
    InvalidParameter: It is not an image.
    """

    def __init__(self, image: Any) -> None:
        if isinstance(image, str):
            self.image = _opened(image)
        elif isinstance(image, list):
            self.image = as_picture(np.array(image))
        else:
            self.image = as_picture(image)
        self.size = self.image.size

    def to_pil(self) -> "Pillow.Image":
        """As an image of Pillow."""
        return self.image  # type: ignore[no-any-return]

    def to_array(self) -> "np.ndarray[Any, Any]":
        """As an array of numpy."""
        return np.array(self.image)

    def to_list(self) -> list[Any]:
        """As a list of rows."""
        found: list[Any] = self.to_array().tolist()
        return found

    def save(self, path: str) -> None:
        """Write it to a file in the format of the file's extension."""
        self.image.save(path)

    def resize(self, size: tuple[int, int]) -> "Image":
        """A copy with this width and height."""
        return Image(self.image.resize(size))


def _opened(path: str) -> Any:
    try:
        opened = required("PIL.Image", "Logging images").open(path)
        opened.load()
    except OSError as problem:
        raise InvalidParameter(f"{path!r} is not a picture that Pillow can read: {problem}.") from None
    return opened


def is_picture(value: Any) -> bool:
    """Whether this is a Pillow image or can convert itself to one."""
    pillow = sys.modules.get("PIL.Image")
    return (pillow is not None and isinstance(value, pillow.Image)) or callable(getattr(value, "to_pil", None))


def as_picture(image: Any) -> Any:
    """The image as one of Pillow.

    Raises
    ------
    MissingPackage: Pillow is not installed.
    InvalidParameter: It is not an image.
    """
    pillow = required("PIL.Image", "Logging images")
    if hasattr(image, "to_pil"):
        image = image.to_pil()
    if isinstance(image, pillow.Image):
        return image
    if type(image).__module__.partition(".")[0] != "numpy":
        raise InvalidParameter(f"{type(image).__name__} is not an image: give a numpy array or an image of Pillow.")
    return pillow.fromarray(_as_bytes(image))


def thumbnail(picture: Any) -> Any:
    """A small copy of an image of Pillow."""
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    return small


def saved(picture: Any, path: Any, format: str | None = None) -> None:  # noqa: A002  (Pillow's own name)
    """Write an image of Pillow to a file.

    Raises
    ------
    InvalidParameter: The format (or the file's extension) is unknown or cannot hold such an image.
    """
    if format == "PNG" and picture.mode not in _OF_PNG:
        picture = picture.convert("RGB")
    try:
        picture.save(path, format=format)
    except (OSError, ValueError, KeyError) as problem:
        raise InvalidParameter(
            f"An image of mode {picture.mode} cannot be stored as {path.name!r}: {problem}. Most images can be as .png."
        ) from None


def _as_bytes(array: Any) -> Any:
    """An array in Pillow's form: integers from 0 to 255, colours in the last dimension."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InvalidParameter(
            f"An array of shape {array.shape} is not an image: use (height, width) or (height, width, 1, 3 or 4)."
        )
    kind = array.dtype.kind
    if kind not in "buif":
        raise InvalidParameter(f"An array of {array.dtype} is not an image: use integers, booleans or floats.")
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if kind == "b":
        array = array * 255
    elif kind == "f":
        array = (_rescaled(array) if low < 0 or high > 1 or low != low else array) * 255
    elif low < 0 or high > 255:
        raise InvalidParameter(f"Integers of an image must be between 0 and 255; these are between {low} and {high}.")
    array = array.astype("uint8")
    return array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array


def _rescaled(array: Any) -> Any:
    """Floats of any range scaled to 0..1; NaN becomes 0."""
    finite = array[(array - array) == 0]  # infinities and NaN must not set the scale of the others
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    warnings.warn(
        "Floats of an image must be between 0 and 1; these are rescaled from the range they have. "
        "Scale them yourself to keep images comparable.",
        stacklevel=5,
    )
    scaled = (array.clip(low, high) - low) / ((high - low) or 1.0)
    scaled[scaled != scaled] = 0.0
    return scaled
