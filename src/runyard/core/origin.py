"""Tags for the origin of a run: its user, program and commit."""

import getpass
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.core.git import git_tags
from runyard.core.tags import SOURCE_NAME_TAG, SOURCE_TYPE_TAG, USER_TAG

log = logging.getLogger(__name__)

CONSOLE = "<console>"


def resolve_tags(tags: Mapping[Any, Any] | None = None) -> dict[Any, Any]:
    """The tags of a new run: of its origin, overridden by MLFLOW_RUN_CONTEXT, overridden by the given ones."""
    return default_tags() | git_tags(code_place()) | context_of_environment() | dict(tags or {})


def default_tags() -> dict[str, str]:
    """User and program."""
    return {USER_TAG: user(), SOURCE_NAME_TAG: source_name(), SOURCE_TYPE_TAG: "LOCAL"}


def user() -> str:
    """The tracking server's user if credentials are set, else the operating system's."""
    if name := settings.TRACKING_USERNAME.get():
        return str(name)
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container's user id may have no name
        return "unknown"


def source_name() -> str:
    """The script's path as it was called."""
    return sys.argv[0] if sys.argv and sys.argv[0] else CONSOLE


def main_program() -> Path | None:
    """The file that was started, if it is one."""
    path = Path(source_name())
    return path.absolute() if path.is_file() else None


def code_place() -> Path:
    """Where the user's code is: the program's file, unless that is an installed one, such as a notebook's kernel.

    Else a file in the working folder.
    """
    program = main_program()
    return Path.cwd() / CONSOLE if program is None or program.is_relative_to(sys.prefix) else program


def context_of_environment() -> dict[str, Any]:
    """The tags in MLFLOW_RUN_CONTEXT. A value that is not a JSON object is reported and left out."""
    text = settings.RUN_CONTEXT.get()
    if not text:
        return {}
    try:
        tags = json.loads(text)
    except ValueError as problem:
        log.warning("MLFLOW_RUN_CONTEXT is not JSON (%s); its tags are left out.", problem)
        return {}
    if not isinstance(tags, dict):
        log.warning("MLFLOW_RUN_CONTEXT is %r, not a JSON object; its tags are left out.", tags)
        return {}
    return tags
