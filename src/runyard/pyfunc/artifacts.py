"""The files of a Python model: each is stored under its own name in the model's folder, from wherever it is."""

import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from runyard.artifacts.addresses import PROXY_ROOT, address_parts, local_path
from runyard.artifacts.paths import safe_path
from runyard.artifacts.repository import PIECE
from runyard.artifacts.transfers import download_artifacts, placed
from runyard.client import RunyardClient
from runyard.client.addresses import folder_and_name, located
from runyard.core.connections import downloading, reason_of
from runyard.core.credentials import without_credentials
from runyard.core.libraries import urllib3
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException
from runyard.pyfunc.folder import copy_folder

FOLDER, EXTRA_FOLDER = "artifacts", "extra_files"


def check_artifacts(given: Any) -> None:
    """Check that these are names with paths or addresses.

    Raises
    ------
    InvalidParameter: They are not.
    """
    if given is None:
        return
    if not isinstance(given, Mapping):
        raise InvalidParameter(f"'artifacts' names files: {{'weights': 'path/of/file'}}; it is {given!r}.")
    for name, place in given.items():
        if not isinstance(name, str) or not isinstance(place, str | Path) or not str(place):
            raise InvalidParameter(
                f"'artifacts' has {name!r}: {place!r}, which is not a name with a path or an address."
            )


def stored_extra(given: Any, folder: Path) -> list[str]:
    """Copy files that the caller wants to keep with a model; their paths in its folder.

    Parameters
    ----------
    given: A list of paths or addresses, or None.

    Raises
    ------
    InvalidParameter: It is not.
    DoesNotExist: One of them is not there.
    """
    if given is None:
        return []
    if (
        isinstance(given, str)
        or not isinstance(given, Sequence)
        or not all(isinstance(one, str | Path) for one in given)
    ):
        raise InvalidParameter(f"'extra_files' is a list of paths or addresses, not {given!r}.")
    places = stored({str(number): str(place) for number, place in enumerate(given)}, folder, EXTRA_FOLDER)
    return [described["path"] for described in places.values()]


def stored(artifacts: Mapping[str, str | Path], folder: Path, below: str = FOLDER) -> dict[str, dict[str, str]]:
    """Copy files and folders into a model's folder.

    Parameters
    ----------
    artifacts: What the model calls each, and its path or address.
    below: The folder in the model's that they go to.

    Returns
    -------
    For each where it is in the folder, and where it came from, without credentials.

    Raises
    ------
    DoesNotExist: One of them is not there.
    """
    origins = {name: _Origin(str(place)) for name, place in artifacts.items()}
    ends = {name: origin.name or re.sub(r"[^\w-]", "_", name) for name, origin in origins.items()}
    often = Counter(end.casefold() for end in ends.values())
    found, number = {}, 0
    for name, end in ends.items():
        place = f"{below}/{end}"
        if often[end.casefold()] > 1:  # of several with one name each has a folder of its own
            while str(number) in often:
                number += 1
            place, number = f"{below}/{number}/{end}", number + 1
        origins[name].copy_to(folder / place, folder)
        found[name] = {"path": place, "uri": origins[name].shown}
    return found


class _Origin:
    """Where one of the files is.

    Attributes
    ----------
    name: The last part of its path; empty when it is all that is at an address.
    """

    def __init__(self, address: str) -> None:
        self._address, self.shown = address, _shown(address)
        self._local = local_path(address) if address_parts(address).scheme else Path(address).absolute()
        parts = urlsplit(address)
        self._is_of_web = parts.scheme in ("http", "https") and PROXY_ROOT not in parts.path
        if self._local is not None:
            self.name = self._local.resolve().name
        elif self._is_of_web:
            self.name = safe_path(unquote(parts.path).rpartition("/")[2])
        else:
            client = RunyardClient()
            self._repository, self.name = folder_and_name(client, *located(client, address))

    def copy_to(self, target: Path, model: Path) -> None:
        """Copy it into the folder of a model: the target is the file or the folder then."""
        if self._local is not None:
            copy_local(self._local, target, model)
        elif self._is_of_web:
            _fetch(self._address, target)
        else:
            # a folder of its own, since what is fetched keeps the name that it has where it is
            inside = target if not self.name else target.parent
            download_artifacts(self._repository, self.name, str(inside))


def _shown(address: str) -> str:
    """An address as it may be kept: what lets one in is in its user, its query or its fragment."""
    parts = urlsplit(without_credentials(address))
    return urlunsplit(parts._replace(query="", fragment="")) if parts.scheme in ("http", "https") else urlunsplit(parts)


def copy_local(source: Path, target: Path, model: Path) -> None:
    """Copy a file or folder of this machine into the folder of a model.

    Raises
    ------
    DoesNotExist: It is not there.
    InvalidParameter: Something in it cannot be copied.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        copy_folder(source, target, model)
    elif source.exists():
        shutil.copy2(source, target)
    else:
        raise DoesNotExist(f"There is no file or folder at {str(source)!r}, which is to be part of the model.")


def _fetch(address: str, target: Path) -> None:
    """Copy a file from any web server."""
    try:
        with downloading(address) as answer:
            if answer.status != 200:
                raise DoesNotExist(f"{_shown(address)} answered {answer.status}: there is nothing to fetch.")
            with placed(target) as file:
                for piece in answer.stream(PIECE):
                    file.write(piece)
    except urllib3.exceptions.HTTPError as problem:
        raise RunyardException(f"{_shown(address)} could not be fetched: {reason_of(problem)}.") from None
