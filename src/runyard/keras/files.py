"""The files of a Keras model, of this flavor and of TensorFlow's."""

import importlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runyard.exceptions import DoesNotExist

MODULE = "keras_module.txt"
NAME = "model"
_ENDINGS = (".keras", ".h5", "")
"""Without an ending it is the folder of a SavedModel, which only Keras 2 reads."""

log = logging.getLogger(__name__)


def read_file(
    place: Path, module: str = "keras", *, custom_objects: Mapping[str, Any] | None = None, **options: Any
) -> Any:
    """The model whose file is in a folder, or is the folder.

    Parameters
    ----------
    module: The module that is Keras here, such as ``tensorflow.keras``.
    custom_objects: Classes and functions by name that its layers need.
    options: For the module's ``load_model``.

    Raises
    ------
    DoesNotExist: There is none.
    """
    found = (place.parent / f"{place.name}{end}" if place.name == NAME else place / f"{NAME}{end}" for end in _ENDINGS)
    file = next((one for one in found if one.exists()), None)
    if file is None:
        raise DoesNotExist(f"The model at {str(place)!r} lacks its file {NAME}.keras.")
    load = importlib.import_module(f"{module}.models").load_model
    return loaded(load, file, custom_objects=dict(custom_objects or {}), **options)


def loaded(load: Callable[..., Any], file: Path, **options: Any) -> Any:
    """What a ``load_model`` reads of a file. HDF5 files may name a loss in a way that Keras does not read: their models
    are loaded without it then.
    """
    try:
        return load(str(file), **options)
    except Exception as problem:
        if file.suffix != ".h5" or "compile" in options:
            raise
        model = load(str(file), **options, compile=False)
        log.warning("The model is loaded without its optimizer and its loss: %s: %s", type(problem).__name__, problem)
        return model
