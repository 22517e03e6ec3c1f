"""Found by the Pythons that a project or an aliased program starts: makes ``import mlflow`` mean Runyard there.

`runyard.mlflow.alias.variables` puts this folder on their PYTHONPATH.
"""

import importlib
import importlib.util
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (runs at every start: pathlib is slow)


def _switch_on() -> None:
    wanted = os.environ.get("RUNYARD_ALIAS")
    if wanted not in ("always", "missing") or importlib.util.find_spec("runyard") is None:
        return
    if wanted == "missing" and importlib.util.find_spec("mlflow") is not None:
        return
    # the name that every version has: the Runyard of that Python may be another than this one
    from runyard.alias import install  # noqa: PLC0415  (most programs never come here)

    install(quiet=True)


def _give_way() -> None:
    """Let the module of this name that would have been found without us run too."""
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != _HERE]  # noqa: PTH100
    own = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ModuleNotFoundError as problem:
        if problem.name != "sitecustomize":
            raise
        if own is not None:
            sys.modules["sitecustomize"] = own


try:
    _give_way()
finally:
    _switch_on()  # whatever the other module does
