"""Modules of PyTorch in files of their own: pickled ones, and those of TorchScript."""

import importlib
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from runyard.autologging.reports import own_warnings_hidden
from runyard.core.libraries import lazy
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models.loading import OUR_PACKAGE, THEIR_PACKAGE
from runyard.pytorch.devices import CPU, placed

torch = lazy("torch")

FILE = "model.pth"
_INFO = "pickle_module_info.txt"
_OURS = f"{OUR_PACKAGE}.pytorch.pickle_module"
_THEIRS = f"{THEIR_PACKAGE}.pytorch.pickle_module"
"""How MLflow calls it, in files that it reads too."""
_READ_AS_OURS = frozenset((_OURS, _THEIRS, "pickle", "cloudpickle"))


def name_of(pickle_module: ModuleType | None) -> str:
    """How a model's files name what it was pickled with."""
    name = _OURS if pickle_module is None else pickle_module.__name__
    return _THEIRS if name == _OURS else name


def save(model: Any, data: Path, pickle_module: ModuleType | None, options: Mapping[str, Any]) -> None:
    """Write a module to `FILE` in a folder.

    Parameters
    ----------
    pickle_module: What to pickle it with; ours when left out.
    options: For `torch.save`.

    Raises
    ------
    InvalidParameter: It cannot be pickled.
    """
    (data / _INFO).write_text(name_of(pickle_module), encoding="utf-8")
    file = str(data / FILE)
    if isinstance(model, torch.jit.ScriptModule):
        with own_warnings_hidden():  # torch calls its format deprecated; who has such a module knows
            torch.jit.save(model, file, **options)
        return
    chosen = pickle_module or importlib.import_module(_OURS)
    try:
        torch.save(model, file, pickle_module=chosen, **options)
    except (RecursionError, TypeError, AttributeError, pickle.PicklingError) as problem:
        raise InvalidParameter(
            f"The module cannot be pickled: {problem}. Move what it needs to a Python module and name that in "
            "code_paths, or export it with the serialization format 'pt2'."
        ) from problem


def load(file: Path, device: Any, options: Mapping[str, Any]) -> Any:
    """The module in a file, in evaluation mode. Pickles run the code that is in them.

    Parameters
    ----------
    device: Where to put it; where it was when None, or on the CPU if that device is not here.
    options: For `torch.load`.

    Raises
    ------
    RunyardException: What it was pickled with is not installed.
    """
    if _is_scripted(file):
        here = None if torch.accelerator.is_available() else CPU
        with own_warnings_hidden():
            model = torch.jit.load(str(file), map_location=device or options.get("map_location") or here)
    else:
        options = {"map_location": placed if device is None else device, "weights_only": False, **options}
        if not options["weights_only"]:
            given = options.get("pickle_module")
            options["pickle_module"] = given or _pickle_module(file.parent / _INFO)
        model = torch.load(str(file), **options)
    if isinstance(model, torch.nn.Module):
        model.eval()
        model = model if device is None else model.to(device)
    return model


def _is_scripted(file: Path) -> bool:
    """Whether it is a file of TorchScript."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _pickle_module(info: Path) -> ModuleType:
    """What reads a pickle that was written with the module of this name; ours for those whose pickles are ordinary.

    Raises
    ------
    RunyardException: It is not installed.
    """
    name = info.read_text(encoding="utf-8").strip() if info.exists() else _OURS
    try:
        found = importlib.import_module(_OURS if name in _READ_AS_OURS else name)
    except ImportError:
        raise RunyardException(
            f"The model cannot be read: it was pickled with the module {name!r}, which is not installed. Install it, "
            "or pass another as pickle_module."
        ) from None
    return found if hasattr(found, "Unpickler") else importlib.import_module(_OURS)
