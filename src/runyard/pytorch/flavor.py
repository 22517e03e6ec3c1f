"""Models of PyTorch: pickled modules, scripted modules and exported programs; saved, loaded, and as pyfuncs."""

import logging as loggers
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.models.environment import files as environment_files
from runyard.models.example import parted
from runyard.models.loading import file_of
from runyard.pyfunc.folder import Folder
from runyard.pyfunc.functions import defaults, loading, logging, predicting, read_saved, saving
from runyard.pytorch import exporting, pickled
from runyard.pytorch.declared import FLAVOR
from runyard.pytorch.devices import device_for_predictions, device_named, device_of
from runyard.pytorch.pyfunc import PyTorchModel, evaluating

torch = lazy("torch")

FLAVOR_NAME = FLAVOR.name
PICKLE = SERIALIZATION_FORMAT_PICKLE = "pickle"
PT2 = SERIALIZATION_FORMAT_PT2 = "pt2"
_DATA, _EXPORTED = "data", "model.pt2"

log = loggers.getLogger(__name__)


def _write(
    folder: Folder,
    pytorch_model: Any,
    *,
    pickle_module: ModuleType | None = None,
    export_model: bool = False,
    serialization_format: str | None = None,
    requirements_file: str | None = None,
    **kwargs: Any,
) -> None:
    """Save a module of PyTorch to a folder.

    Parameters
    ----------
    pytorch_model: A `torch.nn.Module`, or what `torch.jit.script` or `torch.jit.trace` made of one.
    pickle_module: What it is pickled with; cloudpickle when left out.
    export_model: The same as the serialization format ``pt2``.
    serialization_format: ``pt2``, a program made by `torch.export` of the input example, whose file needs neither the
        class of the module nor pickle; or ``pickle``, which may run code when it is loaded. When left out: ``pt2``
        where the example is made of arrays or tensors and the module can be exported, else ``pickle`` with a warning.
    requirements_file: What older programs call `pip_requirements`, as a file.
    kwargs: For `torch.save`, of a module that is pickled.

    Raises
    ------
    InvalidParameter: The folder is not empty, it is not a module, or it cannot be saved in this format.
    """
    required("torch", "Saving models of PyTorch")
    if not isinstance(pytorch_model, torch.nn.Module):
        raise InvalidParameter(
            f"pytorch_model is a torch.nn.Module, not {type(pytorch_model).__name__}. A dictionary of weights is "
            "stored by log_state_dict."
        )
    wanted = _wanted_format(serialization_format, export_model)
    if requirements_file is not None:
        environment_files.check(folder.options.conda_env, requirements_file, folder.options.extra_pip_requirements)
        folder.options = replace(folder.options, pip_requirements=requirements_file)
    data = folder.path / _DATA
    data.mkdir()
    arguments = _described(folder, pytorch_model)
    own_pickle = pickle_module is not None or kwargs or isinstance(pytorch_model, torch.jit.ScriptModule)
    chosen = wanted or (PICKLE if own_pickle else PT2)
    if chosen == PT2 and not _exported(folder, pytorch_model, arguments, required=wanted == PT2):
        chosen = PICKLE
    if chosen == PICKLE:
        pickled.save(pytorch_model, data, pickle_module, kwargs)
    by_place = isinstance(arguments, tuple) and len(arguments) > 1
    if chosen == PT2 and by_place:  # a pyfunc would give its arguments by name
        folder.options = replace(folder.options, input_example=None)
    folder.add(
        FLAVOR,
        pyfunc=None
        if chosen == PT2 and by_place
        else {"data": _DATA, "pickle_module_name": pickled.name_of(pickle_module), "config": {"device": None}},
        model_data=_DATA,
        pytorch_version=str(torch.__version__),
    )


def _load_pyfunc(path: str, model_config: Mapping[str, Any] | None = None) -> PyTorchModel:
    """The model that has its data at a path, for pyfunc, on the device that its configuration names."""
    required("torch", "Loading models of PyTorch")
    device = device_for_predictions((model_config or {}).get("device"))
    return PyTorchModel(read_saved(FLAVOR, path, _read, device=device), device)


def _wanted_format(given: str | None, export_model: bool) -> str | None:
    """The format that the caller asks for; None for whatever fits.

    Raises
    ------
    InvalidParameter: There is no such format, or two are asked for.
    """
    if given not in (None, PICKLE, PT2):
        raise InvalidParameter(f"Unrecognized serialization format {given!r}: use {PT2} or {PICKLE}.")
    if export_model and given == PICKLE:
        raise InvalidParameter("export_model=True means the serialization format pt2, and pickle was asked for.")
    return PT2 if export_model else given


def _described(folder: Folder, model: Any) -> exporting.Tensors | None:
    """The example as arguments of the module, and in the folder as what pyfunc takes and files can hold."""
    evaluated = PyTorchModel(model, device_of(model))

    def predict(example: Any) -> Any:
        with evaluating(model):
            return predicting(evaluated)(example)

    folder.predict = predict
    example = folder.options.input_example
    data, params = parted(example)
    arguments = None if example is None else exporting.tensors_in(data)
    if arguments is not None:
        plain = exporting.as_arrays(arguments, model)
        folder.options = replace(folder.options, input_example=plain if params is None else (plain, params))
    return arguments


def _exported(folder: Folder, model: Any, arguments: exporting.Tensors | None, *, required: bool) -> bool:
    """Write the module as an exported program, if it can be one.

    Raises
    ------
    InvalidParameter: It cannot, and is required to.
    """
    try:
        if isinstance(model, torch.jit.ScriptModule):
            raise InvalidParameter("A scripted module cannot be exported: it has a file format of its own.")
        if arguments is None or parted(folder.options.input_example)[1]:
            raise InvalidParameter(
                "To export a module, give an input_example of arrays or tensors, without parameters: it is traced."
            )
        with evaluating(model):
            exporting.save(
                model, arguments, folder.found_signature(), folder.path / _DATA / _EXPORTED, device_of(model)
            )
    except InvalidParameter as problem:
        if required:
            raise InvalidParameter(f"{problem} Or choose the serialization format {PICKLE!r}.") from problem
        log.warning(
            "The module is saved with pickle, whose files may run code when they are loaded. %s "
            "(serialization_format='pickle' silences this.)",
            problem,
        )
        return False
    return True


def _read(folder: Path, settings: Mapping[str, Any], /, *, device: Any = None, **kwargs: Any) -> Any:
    """The module at an address, in evaluation mode. Loading a pickled one runs the code in it.

    Parameters
    ----------
    device: Where to put the module; where it was saved from when left out, or the CPU if that device is not here.
    kwargs: For `torch.load`, of a module that was pickled.

    Raises
    ------
    InvalidParameter: There is no such device.
    """
    required("torch", "Loading models of PyTorch")
    data = file_of(folder, settings, "model_data")
    target = None if device is None else device_named(device)
    file = data / pickled.FILE if data.is_dir() else data
    if file.exists():
        return pickled.load(file, target, kwargs)
    if not (data / _EXPORTED).exists():
        raise DoesNotExist(f"The model at {str(folder)!r} has neither {pickled.FILE!r} nor {_EXPORTED!r} in its data.")
    return exporting.load(data / _EXPORTED, target if target is not None else kwargs.get("map_location"))


save_model = saving(FLAVOR, _write)
log_model = logging(save_model)
load_model = loading(FLAVOR, _read)
get_default_pip_requirements, get_default_conda_env = defaults(FLAVOR)
