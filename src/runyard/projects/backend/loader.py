"""Finding backends by name: ours, and those that packages of others offer."""

from importlib.metadata import EntryPoint, entry_points

from runyard.core.limits import shown
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects.backend.abstract_backend import AbstractBackend
from runyard.projects.backend.kubernetes import KubernetesBackend

GROUPS = ("runyard.project_backend", "mlflow.project_backend")
"""Entry points under which backends are found; the second is MLflow's."""


def load_backend(name: str) -> AbstractBackend:
    """The backend of a name, other than ``local``.

    Raises
    ------
    InvalidProject: There is none.
    ExecutionException: It cannot be loaded.
    """
    if name == "kubernetes":
        return KubernetesBackend()
    offered = _offered()
    if name not in offered:
        known = ", ".join(["local", "kubernetes", *sorted(offered)])
        raise InvalidProject(f"There is no backend {shown(name)}. Use one of: {known}; packages can offer more.")
    try:
        made = offered[name].load()()
    except Exception as problem:
        raise ExecutionException(
            f"The backend {name!r} of {offered[name].value} cannot be loaded: {problem}"
        ) from problem
    if not callable(getattr(made, "run", None)):
        raise ExecutionException(f"The backend {name!r} of {offered[name].value} has no method 'run'.")
    backend: AbstractBackend = made
    return backend


def _offered() -> dict[str, EntryPoint]:
    return {one.name: one for group in reversed(GROUPS) for one in entry_points(group=group)}
