"""Models of scikit-learn, and others with its interface: saved as skops or pickle files, loaded, and as pyfuncs."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.example import parted
from runyard.models.info import ModelInfo
from runyard.models.loading import file_of, read_flavor
from runyard.models.mlmodel import PYFUNC
from runyard.models.model import Model
from runyard.models.options import Options
from runyard.models.signature import ModelSignature
from runyard.pyfunc.folder import saving
from runyard.pyfunc.functions import defaults, folder_with, loading, read_saved
from runyard.sklearn.declared import FLAVOR
from runyard.sklearn.pyfunc import SklearnModel
from runyard.sklearn.serialization import (
    CLOUDPICKLE,
    FORMATS,
    PICKLE,
    SKOPS,
    check_format,
    format_for,
    read_estimator,
    write_estimator,
)

FLAVOR_NAME = FLAVOR.name
SERIALIZATION_FORMAT_SKOPS, SERIALIZATION_FORMAT_PICKLE, SERIALIZATION_FORMAT_CLOUDPICKLE = SKOPS, PICKLE, CLOUDPICKLE
SUPPORTED_SERIALIZATION_FORMATS = FORMATS
_ALWAYS = ("numpy", "pandas", "scikit-learn", "scipy")
"""What predicting a table with any model of scikit-learn needs."""


# These two are written out, not made by `saving` and `logging`: so editors complete their parameters, and their order
# is MLflow's.
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
    check_format(serialization_format)
    if isinstance(sk_model, type):
        raise InvalidParameter(f"A model is an object, not a class: give {sk_model.__name__}(), fitted.")
    options = Options(
        signature, input_example, code_paths, conda_env, pip_requirements, extra_pip_requirements, metadata
    )
    chosen = serialization_format or format_for(sk_model, skops_trusted_types)
    with saving(path, options, mlflow_model, _ALWAYS) as folder:
        folder.predict = _predicting(sk_model, pyfunc_predict_fn)
        name = write_estimator(sk_model, folder, chosen, skops_trusted_types)
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


def _load_pyfunc(path: str) -> SklearnModel:
    """The model in a file, beside its MLmodel file, for pyfunc."""
    pyfunc = read_flavor(folder_with(path), PYFUNC)
    return SklearnModel(read_saved(FLAVOR, path, _read), pyfunc.get("predict_fn", "predict"))


def _predicting(sk_model: Any, method: str) -> Any:
    """What gives the outputs for an example."""
    return (lambda example: getattr(sk_model, method)(parted(example)[0])) if hasattr(sk_model, method) else None


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, as scikit-learn's object.

    Pickles run the code that is in them: only load models of people you trust.
    """
    file = file_of(folder, settings, "pickled_model")
    if file.is_dir():
        file = next(file / name for name in ("model.pkl", "model.skops") if (file / name).exists())
    return read_estimator(folder, file, settings)


def _pickled(include_cloudpickle: bool = False) -> list[str]:
    """What reads pickles.

    Parameters
    ----------
    include_cloudpickle: Name what reads models that cloudpickle wrote, too.
    """
    return [CLOUDPICKLE] if include_cloudpickle else []


load_model = loading(FLAVOR, _read)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR, _pickled)
