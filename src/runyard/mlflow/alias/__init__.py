"""Lets an unchanged program use Runyard where it says ``import mlflow``.

``python -m runyard.alias train.py …`` runs a script so, ``python -m runyard.alias -m package.module …`` a module;
`runyard.alias.install` switches it on in a program that is already running, and ``%load_ext runyard.alias`` in a
notebook. It then holds for what the program starts as well (`runyard.mlflow.alias.child_processes`).
"""

import importlib.util
import sys

import runyard
from runyard.exceptions import RunyardException
from runyard.mlflow.alias.finder import AliasFinder

__all__ = ["install", "is_installed", "uninstall"]


class _State:
    finder: AliasFinder | None = None
    warned: bool = False


def install(quiet: bool = False) -> None:
    """From now on ``import mlflow`` gives Runyard, submodules, availability checks and package metadata included.

    Parameters
    ----------
    quiet: Do not say that a real mlflow is installed and not used.

    Raises
    ------
    RunyardException: The real mlflow is imported already; two that write runs in one process would mix them up.
    """
    if _State.finder is not None:
        return
    loaded = sys.modules.get("mlflow")
    if loaded is not None and loaded is not runyard:
        raise RunyardException(
            f"The real mlflow is imported already, from {getattr(loaded, '__file__', None)!r}. Call "
            "runyard.alias.install() before anything imports mlflow, or start with 'python -m runyard.alias'.",
            "INVALID_STATE",
        )
    if not quiet:
        _tell_what_is_hidden()
    _State.finder = AliasFinder()
    sys.meta_path.insert(0, _State.finder)


def is_installed() -> bool:
    """Whether ``import mlflow`` gives Runyard in this program."""
    return _State.finder is not None


def uninstall() -> None:
    """Undo `install`. Modules that the program holds already stay what they are."""
    if _State.finder is None:
        return
    sys.meta_path.remove(_State.finder)
    _State.finder = None
    for name, module in list(sys.modules.items()):
        is_ours = getattr(module, "__name__", "").partition(".")[0] == "runyard"
        if is_ours and name.partition(".")[0] == "mlflow":
            del sys.modules[name]


def _tell_what_is_hidden() -> None:
    """Say once that a real mlflow is installed and not used. A folder that merely has its name does not count."""
    found = importlib.util.find_spec("mlflow")
    if found is not None and found.origin and not _State.warned:
        _State.warned = True
        sys.stderr.write(f"runyard: 'import mlflow' gives Runyard here; the mlflow in {found.origin} is not used.\n")
