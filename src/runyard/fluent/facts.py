"""What a run is started with: its command, code, packages and machine, as fields of the message that notes it."""

import logging
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runyard.core import command_line, machine, packages
from runyard.core.entity import Tag
from runyard.core.git import repository_folder
from runyard.core.origin import code_place
from runyard.core.uncommitted import Bounds, uncommitted
from runyard.exceptions import RunyardException
from runyard.tracking.origins.messages import MAX_LINE, MAX_PACKAGE, MAX_PATCH

log = logging.getLogger(__name__)

PATCH = Bounds(most=MAX_PATCH - 100_000, new_file=100_000, seconds=20.0, only_text=True)
"""What uncommitted changes may take; the names of files that are left out come on top."""

_VARIABLES = (
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUBLAS_WORKSPACE_CONFIG", "NVIDIA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS", "PYTHONHASHSEED", "PYTHONPATH", "PYTHONOPTIMIZE", "RANK", "LOCAL_RANK", "WORLD_SIZE",
    "MASTER_ADDR", "MASTER_PORT", "SLURM_JOB_ID", "SLURM_JOB_NAME", "SLURM_PROCID", "SLURM_NTASKS",
    "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "KUBERNETES_SERVICE_HOST", "VIRTUAL_ENV", "CONDA_DEFAULT_ENV",
    "TF_DETERMINISTIC_OPS", "TF_CPP_MIN_LOG_LEVEL", "XLA_FLAGS", "JAX_PLATFORMS", "TOKENIZERS_PARALLELISM",
    "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TZ", "LANG", "LC_ALL",
)  # fmt: skip
"""Environment variables that change what a program does. No others are recorded."""
_NOTEBOOK = ("JPY_SESSION_NAME", "VSCODE_IPYNB_FILE")


def gathered() -> dict[str, Any]:
    """What is known of this program and its machine without git, as fields of the message."""
    told: dict[str, Any] = {}
    for name, find in _FACTS.items():
        try:
            told[name] = find()
        except Exception:  # the edge: one fact that cannot be had must not cost the others
            log.debug("%s is not recorded.", name, exc_info=True)
    return told


def changes() -> str | None:
    """The uncommitted changes of the repository that the program is in; None where there is none or git fails."""
    try:
        folder = repository_folder(code_place())
        return None if folder is None else uncommitted(folder, lambda _: True, PATCH) or ""
    except (RunyardException, OSError, ValueError) as problem:
        log.debug("Uncommitted changes are not recorded: %s", problem)
        return None


def _line(text: str) -> str:
    """A text that can be sent and stored."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:MAX_LINE]


def _command() -> list[str]:
    return [word.encode("utf-8", "replace").decode() for word in command_line.command()]


def _below() -> str:
    folder = Path.cwd()
    top = repository_folder(code_place())
    return "" if top is None or not folder.is_relative_to(top) else _line(folder.relative_to(top).as_posix())


def _notebook() -> str:
    return _line(next(filter(None, map(os.environ.get, _NOTEBOOK)), "") or "")


def _variables() -> list[Tag]:
    found = ((name, os.environ.get(name, "")) for name in _VARIABLES)
    return [Tag(key=name, value=_line(command_line.masked_text(value))) for name, value in found if value]


def _python() -> str:
    kind = platform.python_implementation()
    return platform.python_version() if kind == "CPython" else f"{platform.python_version()} ({kind})"


_FACTS: dict[str, Callable[[], Any]] = {
    "command": _command,
    "folder": lambda: _line(str(Path.cwd())),
    "below": _below,
    "notebook": _notebook,
    "variables": _variables,
    "python": _python,
    "platform": lambda: _line(machine.system()),
    "packages": lambda: [_line(line)[:MAX_PACKAGE] for line in packages.installed()],
    "host": lambda: _line(machine.host()),
    "processor": lambda: _line(machine.processor()),
    "cores": machine.cores,
    "memory": machine.memory,
    "gpus": lambda: list(map(_line, machine.gpus())),
}
