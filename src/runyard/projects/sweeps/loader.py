"""Finding sweep engines by name: ours, and those that packages of others offer."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from runyard.core.limits import shown
from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects.sweeps.dask import DaskEngine
from runyard.projects.sweeps.engines import LocalEngine, SweepEngine

GROUP = "runyard.sweep_engine"
"""Entry point under which engines are found: subclasses of `SweepEngine`."""


def engine_named(name: str, parallel: int | None, config: Mapping[str, Any]) -> SweepEngine:
    """The engine of a name.

    Raises
    ------
    InvalidProject: There is none.
    ExecutionException: It cannot be loaded.
    """
    if parallel is not None and parallel < 1:
        raise InvalidProject(f"parallel is {parallel}; at least 1 run is needed at a time.")
    if name == "local":
        return LocalEngine(parallel, config)
    if name == "dask":
        return DaskEngine(parallel, config)
    offered = {one.name: one for one in entry_points(group=GROUP)}
    if name not in offered:
        raise InvalidProject(f"There is no sweep engine {shown(name)}. Use one of: local, dask, {', '.join(offered)}.")
    try:
        made: SweepEngine = offered[name].load()(parallel, config)
    except Exception as problem:
        raise ExecutionException(f"The sweep engine {name!r} cannot be loaded: {problem}") from problem
    return made
