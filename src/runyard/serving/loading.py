"""Loads the model that is to be served, and says in one line why it cannot be."""

import importlib
import sys
from pathlib import Path

from runyard.exceptions import InvalidParameter, RunyardException
from runyard.serving.app import Served
from runyard.serving.description import describe
from runyard.version import VERSION


def load_served(folder: Path, name: str) -> Served:
    """The model in a folder, with what its pages say.

    Parameters
    ----------
    folder: Its files.
    name: The address it came from, for people.

    Raises
    ------
    InvalidParameter: It cannot be loaded here.
    """
    pyfunc = importlib.import_module("runyard.pyfunc")
    try:
        model = pyfunc.load_model(str(folder))
    except RunyardException:
        raise
    except ImportError as problem:
        raise InvalidParameter(
            f"The model {name} needs a package that is not here: {problem}. Install what its requirements.txt lists, "
            "or let --env-manager uv make an environment of its own."
        ) from problem
    except Exception as problem:
        raise InvalidParameter(
            f"The model {name} cannot be loaded: {type(problem).__name__}: {problem}. Was it saved with other versions "
            f"of its libraries, or of Python (this is {sys.version.split()[0]})? --env-manager uv makes an environment "
            "with those it names."
        ) from problem
    model.prepare_to_serve()
    if importlib.util.find_spec("pandas") is not None:
        importlib.import_module("pandas")  # or else the first request would wait for it
    return Served(model, describe(model.metadata, name, VERSION, folder))
