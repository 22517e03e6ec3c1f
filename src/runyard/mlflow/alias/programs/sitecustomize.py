"""Found by the Pythons that a project or an aliased program starts: makes ``import mlflow`` mean Runyard there.

`runyard.mlflow.alias.variables` puts this folder on their PYTHONPATH. Every one of them runs this, most never import
mlflow, and some have another Runyard, none, or are of an older version: so Runyard is loaded when mlflow is first asked
for, not before, and nothing here needs a Python of today.
"""

import _thread
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  (runs at every start: pathlib is slow)
_PACKAGES = (None, "mlflow", "mlflow-skinny", "mlflow_skinny")
"""Names of packages that Runyard's metadata answers for; None asks for all packages."""


class _Waiting:
    """Stands in ``sys.meta_path`` for the finder of the alias until something asks for mlflow."""

    def __init__(self, mode: str) -> None:
        self._mode = mode
        self._asked = False
        self._finder: Any = None
        self._lock = _thread.RLock()

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """How to load a module of mlflow's."""
        finder = self._alias() if name.partition(".")[0] == "mlflow" else None
        return finder and finder.find_spec(name, path, target)

    def find_distributions(self, context: "Any" = None) -> "Any":
        """The metadata of mlflow."""
        finder = self._alias() if getattr(context, "name", None) in _PACKAGES else None
        return finder.find_distributions(context) if finder else []

    def invalidate_caches(self) -> None:
        """There is nothing to forget."""

    def _alias(self) -> "Any":
        """The finder of the alias, which has our place from now on; None where there is no alias."""
        with self._lock:
            if not self._asked:
                self._asked = True
                first = sys.meta_path[0]
                _switch_on(self._mode)
                if sys.meta_path[0] is not first and self in sys.meta_path:
                    self._finder = sys.meta_path.pop(0)
                    sys.meta_path[sys.meta_path.index(self)] = self._finder
        return self._finder


def _switch_on(mode: str) -> None:
    import importlib.util  # noqa: PLC0415  (most programs never come here)

    if importlib.util.find_spec("runyard") is None:
        return
    if mode == "missing" and importlib.util.find_spec("mlflow") is not None:
        return
    try:
        # the name that every version has: the Runyard of that Python may be another than this one
        from runyard.alias import install  # noqa: PLC0415  (most programs never come here)

        install(quiet=True)
    except Exception as problem:  # noqa: BLE001  (an edge: the program goes on, whatever Runyard it has)
        sys.stderr.write(f"runyard: 'import mlflow' does not give Runyard in {sys.executable}: {problem}\n")


def _give_way() -> None:
    """Let the module of this name that would have been found without us run too."""
    sys.path[:] = [place for place in sys.path if os.path.abspath(place or ".") != _HERE]  # noqa: PTH100
    own = sys.modules.pop("sitecustomize", None)
    try:
        __import__("sitecustomize")
    except ImportError as problem:
        if problem.name != "sitecustomize":
            raise
        if own is not None:
            sys.modules["sitecustomize"] = own


if os.environ.get("RUNYARD_ALIAS") in ("always", "missing"):
    sys.meta_path.insert(0, _Waiting(os.environ["RUNYARD_ALIAS"]))
_give_way()
