"""Models of scikit-learn, and others with its interface: saved as skops or pickle files, loaded, and as pyfuncs."""

import logging
import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import InvalidParameter, MissingPackage
from runyard.models.environment.mismatches import unreadable
from runyard.models.example import parted
from runyard.models.info import ModelInfo
from runyard.models.loading import file_of, read_flavor
from runyard.models.mlmodel import PYFUNC
from runyard.models.model import Model
from runyard.models.options import Options
from runyard.models.signature import ModelSignature
from runyard.models.unpickler import ModelUnpickler
from runyard.pyfunc.folder import saving
from runyard.pyfunc.functions import default_environment, default_requirements, folder_with, read_model, read_saved
from runyard.sklearn.declared import FLAVOR
from runyard.sklearn.pyfunc import SklearnModel

skops = lazy("skops.io")

FLAVOR_NAME = FLAVOR.name
SKOPS = SERIALIZATION_FORMAT_SKOPS = "skops"
PICKLE = SERIALIZATION_FORMAT_PICKLE = "pickle"
CLOUDPICKLE = SERIALIZATION_FORMAT_CLOUDPICKLE = "cloudpickle"
SUPPORTED_SERIALIZATION_FORMATS = (SKOPS, PICKLE, CLOUDPICKLE)
_ALWAYS = ("numpy", "pandas", "scikit-learn", "scipy")
"""What predicting a table with any model of scikit-learn needs."""

log = logging.getLogger(__name__)


def save_model(
    sk_model: Any,
    path: str | Path,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str] | None = None,
    mlflow_model: Model | None = None,
    serialization_format: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: dict[str, Any] | None = None,
    skops_trusted_types: Sequence[str] | None = None,
) -> None:
    """Save a fitted model to a folder.

    Parameters
    ----------
    sk_model: The model.
    path: A folder that is not there yet, or is empty.
    conda_env, pip_requirements, extra_pip_requirements: What must be installed to load it; inferred when left out.
    code_paths: Files and folders of Python modules that it needs.
    mlflow_model: The description to fill in; a new one when left out.
    serialization_format: ``skops``, which runs no code when it is loaded; ``pickle`` or ``cloudpickle``, which may.
        When left out: skops where it can hold the model, else cloudpickle with a warning.
    signature: Its inputs and outputs; inferred from the example when left out.
    input_example: An example of the input.
    pyfunc_predict_fn: The method that ``pyfunc`` calls, such as ``predict_proba``.
    metadata: Data to store with it.
    skops_trusted_types: Types that skops may load besides those it knows to be harmless.

    Raises
    ------
    InvalidParameter: The folder is not empty, the model is a class, the format is not known, or it cannot hold the
        model.
    """
    if serialization_format is not None and serialization_format not in SUPPORTED_SERIALIZATION_FORMATS:
        raise InvalidParameter(
            f"Unrecognized serialization format {serialization_format!r}: use one of "
            f"{', '.join(SUPPORTED_SERIALIZATION_FORMATS)}."
        )
    if isinstance(sk_model, type):
        raise InvalidParameter(f"A model is an object, not a class: give {sk_model.__name__}(), fitted.")
    options = Options(
        signature, input_example, code_paths, conda_env, pip_requirements, extra_pip_requirements, metadata
    )
    chosen = serialization_format or _format_for(sk_model, skops_trusted_types)
    packages = _ALWAYS if chosen == PICKLE else (*_ALWAYS, chosen)
    with saving(path, options, mlflow_model, packages) as folder:
        folder.predict = _predicting(sk_model, pyfunc_predict_fn)
        name = _dump(sk_model, folder.path, chosen, skops_trusted_types)
        predicts = hasattr(sk_model, pyfunc_predict_fn)
        if not predicts and pyfunc_predict_fn != "predict":
            raise InvalidParameter(f"{type(sk_model).__name__} has no method {pyfunc_predict_fn!r} for pyfunc to call.")
        folder.add(
            FLAVOR,
            pyfunc={"model_path": name, "predict_fn": pyfunc_predict_fn} if predicts else None,
            pickled_model=name,
            serialization_format=chosen,
            skops_trusted_types=None if skops_trusted_types is None else list(skops_trusted_types),
        )


def log_model(
    sk_model: Any,
    artifact_path: str | None = None,
    conda_env: Mapping[str, Any] | str | None = None,
    code_paths: Sequence[str] | None = None,
    serialization_format: str | None = None,
    registered_model_name: str | None = None,
    signature: ModelSignature | bool | None = None,
    input_example: Any = None,
    await_registration_for: int | None = 300,
    pip_requirements: Sequence[str] | str | None = None,
    extra_pip_requirements: Sequence[str] | str | None = None,
    pyfunc_predict_fn: str = "predict",
    metadata: dict[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    step: int = 0,
    model_id: str | None = None,
    name: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    **kwargs: Any,
) -> ModelInfo:
    """Save a fitted model and store it as a logged model, with the active run when there is one.

    The parameters are those of `save_model` and of `runyard.models.logging.log_model`; `artifact_path` is what scripts
    for version 2 call the name.
    """
    return Model.log(
        artifact_path,
        sys.modules[__name__],  # a module with these functions
        registered_model_name,
        await_registration_for,
        name=name,
        model_type=model_type,
        params=params,
        tags=tags,
        step=step,
        model_id=model_id,
        sk_model=sk_model,
        conda_env=conda_env,
        code_paths=code_paths,
        serialization_format=serialization_format,
        signature=signature,
        input_example=input_example,
        pip_requirements=pip_requirements,
        extra_pip_requirements=extra_pip_requirements,
        pyfunc_predict_fn=pyfunc_predict_fn,
        metadata=metadata,
        skops_trusted_types=skops_trusted_types,
        **kwargs,
    )


def load_model(model_uri: str, dst_path: str | None = None) -> Any:
    """The model at an address, as scikit-learn's object.

    Parameters
    ----------
    model_uri: A folder, ``runs:/…``, ``models:/…`` or any other address of artifacts.
    dst_path: The folder to put its files in; a temporary one when left out.

    Raises
    ------
    InvalidParameter: There is no such model of scikit-learn.
    """
    return read_model(FLAVOR, model_uri, dst_path, _read)


def _load_pyfunc(path: str) -> SklearnModel:
    """The model in a file, beside its MLmodel file, for pyfunc."""
    pyfunc = read_flavor(folder_with(path), PYFUNC)
    return SklearnModel(read_saved(FLAVOR, path, _read), pyfunc.get("predict_fn", "predict"))


def get_default_pip_requirements(include_cloudpickle: bool = False) -> list[str]:
    """What any model of scikit-learn needs, pinned to what is installed."""
    return default_requirements(FLAVOR, *([CLOUDPICKLE] if include_cloudpickle else []))


def get_default_conda_env(include_cloudpickle: bool = False) -> dict[str, Any]:
    """The same as a conda environment."""
    return default_environment(get_default_pip_requirements(include_cloudpickle))


def _predicting(sk_model: Any, method: str) -> Any:
    """What gives the outputs for an example."""
    return (lambda example: getattr(sk_model, method)(parted(example)[0])) if hasattr(sk_model, method) else None


def _format_for(sk_model: Any, trusted: Sequence[str] | None) -> str:
    """skops where it is installed and can hold the model."""
    try:
        required("skops.io", "Saving models as skops")
    except MissingPackage:
        log.warning("The model is saved with cloudpickle: for the safer format, pip install skops.")
        return CLOUDPICKLE
    try:
        untrusted = set(skops.get_untrusted_types(data=skops.dumps(sk_model))) - set(trusted or ())
    except Exception as problem:  # noqa: BLE001  (third-party classes may fail in any way)
        untrusted = {f"{type(problem).__name__}: {problem}"}
    if not untrusted:
        return SKOPS
    log.warning(
        "The model is saved with cloudpickle, whose files may run code when they are loaded: skops does not know %s to "
        "be harmless. Name them in skops_trusted_types to save with skops.",
        ", ".join(sorted(untrusted)[:5]),
    )
    return CLOUDPICKLE


def _dump(sk_model: Any, folder: Path, chosen: str, trusted: Sequence[str] | None) -> str:
    name = "model.skops" if chosen == SKOPS else "model.pkl"
    try:
        if chosen == SKOPS:
            _dump_skops(sk_model, folder / name, trusted)
        else:
            (folder / name).write_bytes(_pickler(chosen).dumps(sk_model))
    except (pickle.PicklingError, TypeError, AttributeError) as problem:
        raise InvalidParameter(
            f"The model cannot be saved as {chosen}: {problem}. Choose another serialization_format, or move what it "
            "needs to a module and name that in code_paths."
        ) from None
    return name


def _dump_skops(sk_model: Any, file: Path, trusted: Sequence[str] | None) -> None:
    required("skops.io", "Saving models as skops")
    skops.dump(sk_model, file)
    untrusted = sorted(set(skops.get_untrusted_types(file=file)) - set(trusted or ()))
    if untrusted:
        raise InvalidParameter(
            f"skops does not know these types to be harmless: {', '.join(untrusted)}. If you do, name them in "
            "skops_trusted_types; or choose the serialization_format cloudpickle."
        )


def _pickler(chosen: str) -> Any:
    if chosen == PICKLE:
        return pickle
    return required("cloudpickle", "Saving models with cloudpickle")


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model in a folder. Pickles run the code that is in them: only load models of people you trust."""
    file = file_of(folder, settings, "pickled_model")
    if file.is_dir():
        file = next(file / name for name in ("model.pkl", "model.skops") if (file / name).exists())
    try:
        if settings.get("serialization_format") == SKOPS or file.suffix == ".skops":
            return skops.load(file, trusted=settings.get("skops_trusted_types") or [])
        with file.open("rb") as opened:
            return ModelUnpickler(opened).load()
    except Exception as problem:  # other versions of libraries may fail in any way
        raise unreadable(folder, file, problem) from problem
