"""Models of Keras 3: saved in its own format or exported as graphs of TensorFlow, loaded, and as pyfuncs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.keras.declared import FLAVOR
from runyard.keras.export import exported
from runyard.keras.files import MODULE, NAME, read_file
from runyard.keras.pyfunc import KerasModel
from runyard.keras.signatures import check_signature, signature_of
from runyard.models.loading import file_of
from runyard.models.mlmodel import PYFUNC
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import defaults, loading, logging, predicting, read_saved, saving

FLAVOR_NAME = FLAVOR.name
_DATA = "data"


def _write(
    folder: Folder,
    model: Any,
    *,
    save_exported_model: bool = False,
    save_model_kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Save a model of Keras to a folder.

    Parameters
    ----------
    model: A `keras.Model`.
    save_exported_model: Save its graph as a SavedModel of TensorFlow, which predicts without the Python code of its
        layers and cannot be trained further, instead of Keras's format.
    save_model_kwargs: Arguments for the model's own ``save``.

    Raises
    ------
    InvalidParameter: The folder is not empty, it is not a model of Keras, its signature cannot be one of such a model,
        or it cannot be exported.
    """
    keras = required("keras", "Saving models of Keras")
    if not isinstance(model, keras.Model):
        raise InvalidParameter(f"model is a keras.Model, not {type(model).__name__}.")
    check_signature(folder.signature)
    data = folder.path / _DATA
    data.mkdir()
    (data / MODULE).write_text("keras", encoding="utf-8")
    if save_exported_model:
        if folder.signature is None:
            folder.model.signature = signature_of(model)
        exported(model, data / NAME, folder.signature or folder.model.signature)
    else:
        model.save(data / f"{NAME}.keras", **(save_model_kwargs or {}))
    backend = keras.backend.backend()
    folder.packages += [backend, "tensorflow"] if save_exported_model else [backend]  # their packages have these names
    folder.add(FLAVOR, _DATA, keras_backend=backend, save_exported_model=save_exported_model)
    del folder.model.flavors[PYFUNC]["data"]  # MLflow's loader gets the model's folder
    if folder.code is None:
        del folder.model.flavors[FLAVOR_NAME]["code"]  # MLflow's has none
    folder.predict = predicting(KerasModel(model))


def read(
    folder: Path,
    settings: Mapping[str, Any],
    custom_objects: Mapping[str, Any] | None = None,
    load_model_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """The model at an address: a `keras.Model`, or the object that TensorFlow reads of an exported one.

    Parameters
    ----------
    custom_objects: Classes and functions of its layers by name, where they are not registered with Keras.
    load_model_kwargs: Other arguments for ``keras.saving.load_model``, such as ``{"compile": False}``.
    """
    required("keras", "Loading models of Keras")
    place = file_of(folder, settings, _DATA)
    if settings.get("save_exported_model"):
        return required("tensorflow", "Loading exported models of Keras").saved_model.load(str(place / NAME))
    objects = {"custom_objects": custom_objects} if custom_objects else {}
    return read_file(place, **{**(load_model_kwargs or {}), **objects})


def _load_pyfunc(path: str) -> KerasModel:
    """The model in a folder, for pyfunc."""
    return read_saved(FLAVOR, path, _read_for_pyfunc)  # type: ignore[no-any-return]


def _read_for_pyfunc(folder: Path, settings: Mapping[str, Any]) -> KerasModel:
    return KerasModel(read(folder, settings), exported=bool(settings.get("save_exported_model")))


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, read)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
