"""Models of TensorFlow: those of its Keras, and modules saved as graphs; loaded, and as pyfuncs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.keras import flavor as keras_flavor
from runyard.keras.declared import FLAVOR as KERAS
from runyard.keras.files import MODULE, NAME, read_file
from runyard.keras.pyfunc import KerasModel
from runyard.keras.signatures import check_signature
from runyard.models.loading import file_of, local_folder
from runyard.models.mlmodel import MLMODEL, MLmodel
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import defaults, folder_with, logging, predicting, read_model, read_saved, saving
from runyard.tensorflow.declared import FLAVOR
from runyard.tensorflow.objects import CUSTOM, GLOBAL, get_global_custom_objects, read_objects, write_objects
from runyard.tensorflow.pyfunc import ModuleModel, SignatureModel

FLAVOR_NAME = FLAVOR.name
_DATA, _GRAPH, _FORMAT = "data", "tf2model", "save_format.txt"
_OF_KERAS, _OF_MODULE, _OF_ESTIMATOR = "keras", "tf2-module", "tf1-estimator"


def _write(
    folder: Folder,
    model: Any,
    *,
    custom_objects: Mapping[str, Any] | None = None,
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
) -> None:
    """Save a model of TensorFlow to a folder.

    Parameters
    ----------
    model: A model of ``tensorflow.keras``, or a `tensorflow.Module`.
    custom_objects: Classes and functions by name that the layers of a Keras model need; they are pickled.
    saved_model_kwargs: Arguments for ``tensorflow.saved_model.save``, which saves a module.
    keras_model_kwargs: Arguments for the ``save`` of a Keras model; ``{"save_format": "h5"}`` makes an HDF5 file.

    Raises
    ------
    InvalidParameter: The folder is not empty, it is not such a model, or its signature cannot be one of such a model.
    """
    tf = required("tensorflow", "Saving models of TensorFlow")
    check_signature(folder.signature)
    if isinstance(model, tf.keras.Model):
        _write_keras(folder, model, custom_objects, dict(keras_model_kwargs or {}))
    elif isinstance(model, tf.Module):
        tf.saved_model.save(model, str(folder.path / _GRAPH), **(saved_model_kwargs or {}))
        folder.add(FLAVOR, saved_model_dir=_GRAPH, model_type=_OF_MODULE)
        del folder.model.flavors[FLAVOR_NAME][FLAVOR.version_key]  # MLflow's has none
        folder.predict = predicting(ModuleModel(model))
    else:
        raise InvalidParameter(f"model is a model of tensorflow.keras or a tf.Module, not {type(model).__name__}.")


def _write_keras(
    folder: Folder, model: Any, custom_objects: Mapping[str, Any] | None, arguments: dict[str, Any]
) -> None:
    data = folder.path / _DATA
    data.mkdir()
    kind = str(arguments.pop("save_format", "tf"))
    (data / MODULE).write_text("tensorflow.keras", encoding="utf-8")
    (data / _FORMAT).write_text(kind, encoding="utf-8")
    everywhere = get_global_custom_objects()
    if custom_objects is not None:
        write_objects(data / CUSTOM, custom_objects)
    if everywhere:
        write_objects(data / GLOBAL, everywhere)
    if everywhere or custom_objects is not None:
        folder.packages.append("cloudpickle")
    model.save(data / f"{NAME}{'.h5' if kind == 'h5' else '.keras'}", **arguments)
    folder.add(FLAVOR, _DATA, model_type=_OF_KERAS, save_format=kind)
    folder.predict = predicting(KerasModel(model))


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    """The model at an address: a model of Keras, or the object that TensorFlow reads of a module.

    Models of the flavor ``keras`` are read as well.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
    dst_path: The folder to put its files in; a temporary one when left out.
    saved_model_kwargs: Arguments for ``tensorflow.saved_model.load``, for modules.
    keras_model_kwargs: Arguments for ``keras.models.load_model``, such as ``{"compile": False}``, for Keras models.

    Raises
    ------
    InvalidParameter: There is no such model of TensorFlow.
    RunyardException: It cannot be read.
    """
    folder = local_folder(model_uri, dst_path)
    flavor = KERAS if KERAS.name in MLmodel.read(folder / MLMODEL).flavors else FLAVOR
    options = {"saved_model_kwargs": saved_model_kwargs, "keras_model_kwargs": keras_model_kwargs}
    return read_model(flavor, str(folder), None, _read, **options)


def _load_pyfunc(path: str) -> Any:
    """The model that is at a path, or whose folder it is, for pyfunc."""
    has_keras = KERAS.name in MLmodel.read(folder_with(path) / MLMODEL).flavors
    return read_saved(KERAS if has_keras else FLAVOR, path, _read_for_pyfunc)


def _read(
    folder: Path,
    settings: Mapping[str, Any],
    saved_model_kwargs: Mapping[str, Any] | None = None,
    keras_model_kwargs: Mapping[str, Any] | None = None,
) -> Any:
    tf = required("tensorflow", "Loading models of TensorFlow")
    if "keras_backend" in settings:
        return keras_flavor.read(folder, settings, load_model_kwargs=keras_model_kwargs)
    kind = _kind(settings)
    if kind == _OF_KERAS:
        return _read_keras(folder, settings, **(keras_model_kwargs or {}))
    place = str(file_of(folder, settings, "saved_model_dir"))
    if kind == _OF_ESTIMATOR:
        return _function_of(tf.saved_model.load(place, tags=settings["meta_graph_tags"]), settings)
    return tf.saved_model.load(place, **(saved_model_kwargs or {}))


def _read_keras(folder: Path, settings: Mapping[str, Any], **options: Any) -> Any:
    place = file_of(folder, settings, _DATA)
    given = dict(options.pop("custom_objects", None) or {})
    objects = read_objects(place / GLOBAL) | read_objects(place / CUSTOM) | given
    return read_file(place, str(settings.get("keras_module", "tensorflow.keras")), custom_objects=objects, **options)


def _read_for_pyfunc(folder: Path, settings: Mapping[str, Any]) -> Any:
    kind = _kind(settings)
    if kind == _OF_ESTIMATOR:
        tf = required("tensorflow", "Loading models of TensorFlow")
        place = str(file_of(folder, settings, "saved_model_dir"))
        graph = tf.saved_model.load(place, tags=settings["meta_graph_tags"])
        return SignatureModel(graph, _function_of(graph, settings))
    is_h5 = "keras_backend" not in settings and settings.get("save_format", "h5") == "h5"
    model = _read(folder, settings, keras_model_kwargs={"compile": False} if is_h5 else {})  # as MLflow does
    exported = bool(settings.get("save_exported_model"))
    return KerasModel(model, exported=exported) if kind == _OF_KERAS else ModuleModel(model)


def _kind(settings: Mapping[str, Any]) -> str:
    """What kind of model it is. Files of old versions do not say it: without a graph it is one of Keras."""
    kind = str(settings.get("model_type") or (_OF_ESTIMATOR if "signature_def_key" in settings else _OF_KERAS))
    if kind not in (_OF_KERAS, _OF_MODULE, _OF_ESTIMATOR):
        raise RunyardException(f"The model is of the unknown kind {kind!r}: a later version may have saved it.")
    return kind


def _function_of(graph: Any, settings: Mapping[str, Any]) -> Callable[..., Any]:
    """The function of a graph that the settings name.

    Raises
    ------
    InvalidParameter: It has no function of this name.
    """
    name = settings["signature_def_key"]
    if name not in graph.signatures:
        raise InvalidParameter(f"The graph has no signature {name!r}; it has {', '.join(graph.signatures) or 'none'}.")
    function: Callable[..., Any] = graph.signatures[name]
    return function


def _pickled(include_cloudpickle: bool = False) -> list[str]:
    """What reads custom objects.

    Parameters
    ----------
    include_cloudpickle: Name what reads custom objects, too.
    """
    return ["cloudpickle"] if include_cloudpickle else []


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR, _pickled)
