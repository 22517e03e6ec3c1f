"""Models of ONNX: checked and saved, loaded, and as pyfuncs that onnxruntime computes."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import InvalidParameter
from runyard.models.loading import file_of
from runyard.onnx.declared import FLAVOR
from runyard.onnx.pyfunc import ONNXModel
from runyard.onnx.sessions import checked_options, checked_providers, opened
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import as_pyfunc, defaults, loading, logging, predicting, saving

FLAVOR_NAME = FLAVOR.name
_FILE = "model.onnx"


def _write(
    folder: Folder,
    onnx_model: Any,
    *,
    onnx_execution_providers: Any = None,
    onnx_session_options: Any = None,
    save_as_external_data: bool = True,
    **kwargs: Any,
) -> None:
    """Save a model of ONNX to a folder.

    Parameters
    ----------
    onnx_model: A `ModelProto`, with its tensors. It is the same afterwards.
    onnx_execution_providers: Where it computes, the best first: names of onnxruntime's execution providers, or pairs
        of a name and a dictionary of options. CUDA and then the CPU when left out. Those that are missing where it is
        loaded are left out there; the CPU is always tried.
    onnx_session_options: Options for onnxruntime: ``execution_mode`` (``sequential`` or ``parallel``),
        ``graph_optimization_level`` (0, 1, 2 or 99), ``inter_op_num_threads``, ``intra_op_num_threads``,
        ``extra_session_config`` (a dictionary of onnxruntime's own keys).
    save_as_external_data: Write large tensors to a file of their own, which models above 2 GB need.
    kwargs: For ``onnx.save_model``, such as ``size_threshold`` in bytes.

    Raises
    ------
    InvalidParameter: The folder is not empty, the model is not a valid one, or onnxruntime has no such option.
    """
    onnx = required("onnx", "Saving models of ONNX")
    if not isinstance(onnx_model, onnx.ModelProto):
        raise InvalidParameter(f"onnx_model is a ModelProto, not {type(onnx_model).__name__}. Is it from onnx.load?")
    settings: dict[str, Any] = {
        "providers": checked_providers(onnx_execution_providers),
        "onnx_session_options": checked_options(onnx_session_options),
    }
    in_files = filter(onnx.external_data_helper.uses_external_data, onnx_model.graph.initializer)
    if missing := next(in_files, None):
        raise InvalidParameter(
            f"The model's tensors, such as {missing.name!r}, are in other files. Load it with them: onnx.load does "
            "that by itself, onnx.load_external_data_for_model afterwards."
        )
    file = folder.path / _FILE
    _save(onnx, onnx_model, file, save_as_external_data=save_as_external_data, **kwargs)
    folder.add(FLAVOR, _FILE, **settings)
    folder.predict = lambda example: predicting(ONNXModel(opened(file, settings)))(example)


def _save(onnx: Any, model: Any, file: Path, **options: Any) -> None:
    """Write and check a model. It is left as it was: writing makes its tensors point into the new files."""
    try:
        onnx.save_model(model, str(file), **options)
        onnx.load_external_data_for_model(model, str(file.parent))
    except BaseException:
        with suppress(ValueError):  # some of its tensors may have been written already
            onnx.external_data_helper.convert_model_from_external_data(model)
        raise
    try:
        onnx.checker.check_model(str(file))
    except onnx.checker.ValidationError as problem:
        raise InvalidParameter(f"The model is not valid: {' '.join(str(problem).split())}") from problem


def _read(folder: Path, settings: Mapping[str, Any]) -> Any:
    """The model at an address, checked, as a `ModelProto`."""
    file = file_of(folder, settings, "data")
    onnx = required("onnx", "Loading models of ONNX")
    onnx.checker.check_model(str(file))
    return onnx.load(str(file))


def _open(folder: Path, settings: Mapping[str, Any]) -> Any:
    return opened(file_of(folder, settings, "data"), settings)


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
_load_pyfunc = as_pyfunc(FLAVOR, _open, ONNXModel)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
