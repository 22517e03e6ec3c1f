"""Switching the alias on in a program that is running, such as a notebook."""

from runyard import settings
from runyard.mlflow import alias


def install(quiet: bool = False) -> None:
    """From now on ``import mlflow`` gives Runyard, here and in the Pythons that this program starts.

    Where RUNYARD_ALIAS is set, it says whether they have it. A program that sets PYTHONPATH for another one keeps what
    stands there; one that is started with ``-I`` or ``-E``, or without this program's variables, does not have it.

    Parameters
    ----------
    quiet: Do not say that a real mlflow is installed and not used.

    Raises
    ------
    RunyardException: The real mlflow is imported already; two that write runs in one process would mix them up.
    """
    alias.install(quiet)
    if settings.ALIAS.get() is None:
        from runyard.mlflow.alias.child_processes import cover  # noqa: PLC0415  (most Pythons inherit it)

        cover()


def uninstall() -> None:
    """Undo `install`. Modules that the program holds already stay what they are, and so do Pythons that run."""
    alias.uninstall()
    from runyard.mlflow.alias.child_processes import uncover  # noqa: PLC0415  (as above)

    uncover()


def load_ipython_extension(_shell: object) -> None:
    """What ``%load_ext runyard.alias`` does in a notebook: `install`."""
    install()


def unload_ipython_extension(_shell: object) -> None:
    """What ``%unload_ext runyard.alias`` does: `uninstall`."""
    uninstall()
