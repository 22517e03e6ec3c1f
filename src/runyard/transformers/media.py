"""Images and sounds of an input, in the forms pipelines take."""

import base64
import binascii
import io
import wave
from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import np, required
from runyard.exceptions import InvalidParameter
from runyard.transformers.inputs import rows

_BYTES = bytes | bytearray | memoryview


def images(data: Any) -> list[Any]:
    """Images, from paths, addresses, base64 or bytes of files, arrays of pixels, or images of Pillow.

    Raises
    ------
    InvalidParameter: Something is not an image.
    """
    if isinstance(data, np.ndarray) and data.dtype.kind in "uif":
        return [_pixels(one) for one in (data if data.ndim == 4 else [data])]
    return [_image(one) for one in rows(data)]


def sounds(data: Any) -> list[Any]:
    """Sounds, from paths, addresses, bytes of files, arrays or lists of samples at the rate that the model was trained
    with, or dictionaries of samples (``raw``) and their rate (``sampling_rate``).

    Raises
    ------
    InvalidParameter: Something is not a sound.
    """
    if isinstance(data, np.ndarray) and data.dtype.kind in "uif":
        return list(np.atleast_2d(data))
    if isinstance(data, list) and data and all(isinstance(one, int | float) for one in data):
        return [np.asarray(data, dtype=np.float32)]
    return [_sound(one) for one in rows(data)]


def _image(one: Any) -> Any:
    image = required("PIL.Image", "Reading images")
    if isinstance(one, str):
        return one.removeprefix("file://")
    if isinstance(one, _BYTES):
        try:
            return image.open(io.BytesIO(bytes(one)))
        except OSError as problem:
            raise InvalidParameter(f"An input is not the file of an image: {problem}") from None
    if isinstance(one, list | np.ndarray):
        return _pixels(np.asarray(one))
    if isinstance(one, image.Image):
        return one
    raise InvalidParameter(
        f"This model takes images as paths, addresses, base64, bytes or arrays, not as {type(one).__name__}."
    )


def _pixels(array: Any) -> Any:
    """An array of rows by columns by colours, of whole numbers from 0 to 255, as an image."""
    image = required("PIL.Image", "Reading images")
    try:
        return image.fromarray(np.asarray(array, dtype=np.uint8)).convert("RGB")
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(f"An array of shape {np.shape(array)} is not an image: {problem}") from None


def _sound(one: Any) -> Any:
    if isinstance(one, Mapping):
        return {**one, **{key: np.asarray(one[key], dtype=np.float32) for key in ("raw", "array") if key in one}}
    if isinstance(one, str):
        return _decoded(one) or one.removeprefix("file://")
    if isinstance(one, _BYTES):
        return _of_wave(bytes(one)) or bytes(one)
    if isinstance(one, list | np.ndarray):
        return np.asarray(one, dtype=np.float32)
    raise InvalidParameter(
        f"This model takes sounds as paths, addresses, bytes or arrays of samples, not as {type(one).__name__}."
    )


def _decoded(text: str) -> Any:
    """The sound in a text that is a WAVE file in base64; None for other texts."""
    if not text.startswith("UklGR"):  # how RIFF begins
        return None
    try:
        file = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return _of_wave(file) or file


def _of_wave(file: bytes) -> Any:
    """The samples of a WAVE file of 16 bits, which needs no ffmpeg; None for other files."""
    if file[:4] != b"RIFF" or file[8:12] != b"WAVE":
        return None
    try:
        with wave.open(io.BytesIO(file)) as sound:
            if sound.getsampwidth() != 2:
                return None
            samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.float32) / 2**15
            return {
                "raw": samples.reshape(-1, sound.getnchannels()).mean(axis=1),
                "sampling_rate": sound.getframerate(),
            }
    except (wave.Error, EOFError):
        return None
