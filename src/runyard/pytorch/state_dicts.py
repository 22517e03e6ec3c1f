"""State dictionaries of PyTorch: the weights of a module, or what an optimizer has in mind, without any class."""

import tempfile
from pathlib import Path
from typing import Any

from runyard.core.libraries import lazy, required
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.fluent.files import log_artifacts
from runyard.models.loading import local_folder
from runyard.pytorch.devices import placed

torch = lazy("torch")

FILE = "state_dict.pth"


def save_state_dict(state_dict: dict[str, Any], path: str | Path, **kwargs: Any) -> None:
    """Save a state dictionary to a folder, as its file ``state_dict.pth``.

    Parameters
    ----------
    state_dict: What ``state_dict()`` of a module or an optimizer gives, or a dictionary of several.
    path: The folder; created if it does not exist.
    kwargs: For `torch.save`.

    Raises
    ------
    InvalidParameter: It is not a dictionary.
    """
    required("torch", "Saving state dictionaries")
    if not isinstance(state_dict, dict):
        raise InvalidParameter(
            f"A state dictionary is a dict, not {type(state_dict).__name__}: give module.state_dict(), or store the "
            "module itself with log_model."
        )
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state_dict, str(folder / FILE), **kwargs)


def log_state_dict(state_dict: dict[str, Any], artifact_path: str, **kwargs: Any) -> None:
    """Store a state dictionary as an artifact of the active run, starting a run if there is none.

    Parameters
    ----------
    state_dict: What ``state_dict()`` of a module or an optimizer gives, or a dictionary of several.
    artifact_path: The folder among the run's artifacts.
    kwargs: For `torch.save`.

    Raises
    ------
    InvalidParameter: It is not a dictionary.
    """
    with tempfile.TemporaryDirectory(prefix="runyard-") as scratch:
        save_state_dict(state_dict, scratch, **kwargs)
        log_artifacts(scratch, artifact_path)


def load_state_dict(state_dict_uri: str, **kwargs: Any) -> dict[str, Any]:
    """The state dictionary at an address.

    Tensors of a device that is not here come to the CPU. Nothing in the file runs, unless ``weights_only=False`` is
    given: then it is unpickled, and may run code.

    Parameters
    ----------
    state_dict_uri: A folder, ``runs:/<run id>/<path>`` or any other address of artifacts.
    kwargs: For `torch.load`, such as ``map_location``.

    Raises
    ------
    DoesNotExist: There is no such file.
    RunyardException: It cannot be read.
    """
    required("torch", "Loading state dictionaries")
    file = local_folder(state_dict_uri) / FILE
    if not file.exists():
        raise DoesNotExist(f"There is no state dictionary at {state_dict_uri!r}: it has no file called {FILE!r}.")
    try:
        found: dict[str, Any] = torch.load(str(file), **{"map_location": placed, **kwargs})
    except Exception as problem:  # other versions, other classes and damaged files may fail in any way
        reason = str(problem).partition("\n")[0].rstrip(". ")
        raise RunyardException(
            f"The state dictionary {str(file)!r} cannot be read: {type(problem).__name__}: {reason}. If it holds more "
            "than tensors and plain values and you trust it, pass weights_only=False."
        ) from problem
    return found
