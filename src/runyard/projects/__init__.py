"""Projects: code in a folder or a git repository, run with its parameters and environment. Each name loads on use."""

from typing import TYPE_CHECKING

from runyard._lazy import on_first_use

_PUBLIC = {
    "ExecutionException": "runyard.exceptions",
    "SubmittedRun": "runyard.projects.submitted_run",
    "load_project": "runyard.projects.project",
    "run": "runyard.projects.running",
    "sweep": "runyard.projects.sweeps.sweeping",
}

if TYPE_CHECKING:
    from runyard.exceptions import ExecutionException as ExecutionException
    from runyard.projects.project import load_project as load_project
    from runyard.projects.running import run as run
    from runyard.projects.submitted_run import SubmittedRun as SubmittedRun
    from runyard.projects.sweeps.sweeping import sweep as sweep

__getattr__, __dir__ = on_first_use(__name__, _PUBLIC)
__all__ = list(_PUBLIC)
