"""Classes and functions that the layers of a Keras model need, kept with it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.unpickler import ModelUnpickler

CUSTOM, GLOBAL = "custom_objects.cloudpickle", "global_custom_objects.cloudpickle"

log = logging.getLogger(__name__)


def get_global_custom_objects() -> dict[str, Any]:
    """The classes and functions that are registered with TensorFlow's Keras, by name."""
    tf = required("tensorflow", "Looking up custom objects")
    return dict(tf.keras.utils.get_custom_objects())


def write_objects(file: Path, objects: Mapping[str, Any]) -> None:
    """Pickle classes and functions by their names. Registered ones that cannot be pickled are left out with a warning.

    Raises
    ------
    InvalidParameter: One that the caller named cannot be pickled.
    """
    cloudpickle = required("cloudpickle", "Saving custom objects")
    kept = {}
    for name, one in objects.items():
        try:
            cloudpickle.dumps(one)
            kept[name] = one
        except Exception as problem:  # objects are anyone's code
            if file.name == CUSTOM:
                raise InvalidParameter(f"The custom object {name!r} cannot be pickled: {problem}") from problem
            log.warning("The registered object %r is not kept with the model: it cannot be pickled: %s", name, problem)
    file.write_bytes(cloudpickle.dumps(kept))


def read_objects(file: Path) -> dict[str, Any]:
    """Classes and functions by name; none where there is no such file. Reading runs the code in them."""
    if not file.exists():
        return {}
    required("cloudpickle", "Loading custom objects")
    with file.open("rb") as opened:
        return dict(ModelUnpickler(opened).load())
