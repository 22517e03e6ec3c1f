"""Requirements as they are stored with a model: so that others can install them, and nothing secret is in them."""

import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from runyard.exceptions import InvalidParameter
from runyard.models.environment.requirements import editable, is_place, without_secrets

WHEELS = "wheels"
_LOCAL_OPTION = re.compile(r"(-i|--index-url|--extra-index-url|-f|--find-links)[ =]\s*(file:\S+|(?!\S+://)\S+)")
_FILE = re.compile(
    r"(?:[\w.-]+\s*(?P<named>\[[^\]]*\])?\s*@\s*)?(?P<path>[^;\[]+?)\s*(?P<extras>\[[^\]]*\])?\s*(?P<marker>;.*)?"
)

log = logging.getLogger(__name__)


def check_places(lines: Sequence[str]) -> None:
    """Check that files on this machine can be stored with a model.

    Raises
    ------
    InvalidParameter: A line names a folder, or a file that is not there.
    """
    for line in lines:
        place = editable(line) or line
        if not is_place(place):
            continue
        path = _path_in(place)
        if path.is_dir():
            raise InvalidParameter(
                f"The requirement {line!r} is a folder of this machine, which others do not have. Build a wheel of it "
                "and name that, which is stored with the model; or give the code in code_paths."
            )
        if not path.is_file():
            raise InvalidParameter(f"The requirement {line!r} names a file that does not exist.")


def stored(lines: Sequence[str], folder: Path) -> list[str]:
    """The lines for a model's folder, with the files that they name copied into it."""
    found = []
    for line in lines:
        if _LOCAL_OPTION.fullmatch(line):
            log.warning("%s is left out of the model's requirements: it is a place on this machine.", line)
        elif is_place(editable(line) or line):
            found.append(_copied(editable(line) or line, folder))
        else:
            found.append(without_login(line))
    return found


def without_login(line: str) -> str:
    """A line without user and password, with a warning that they are missing."""
    clean = without_secrets(line)
    if clean != line:
        log.warning(
            "The model is saved without the user and password of %s; write them as ${NAME} to have pip take them from "
            "the environment.",
            clean,
        )
    return clean


def _path_in(line: str) -> Path:
    found = _FILE.fullmatch(line)
    text = found["path"] if found else line
    return Path(unquote(urlsplit(text).path) if text.startswith("file:") else text).expanduser()


def _copied(line: str, folder: Path) -> str:
    path, found = _path_in(line), _FILE.fullmatch(line)
    (folder / WHEELS).mkdir(exist_ok=True)
    shutil.copy2(path, folder / WHEELS / path.name)
    extras = (found["named"] or found["extras"] or "") if found else ""
    marker = f" {found['marker']}" if found and found["marker"] else ""
    return f"./{WHEELS}/{path.name}{extras}{marker}"
