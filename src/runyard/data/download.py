"""Downloads of data from the web."""

import shutil
import tempfile
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from runyard.core.connections import downloading, reason_of
from runyard.core.credentials import without_credentials
from runyard.core.libraries import urllib3
from runyard.exceptions import RunyardException


def downloaded(url: str, folder: str | None) -> Path:
    """Fetch a file into a folder (a new temporary one if none is given); its path.

    Raises
    ------
    RunyardException: The server cannot be reached or answers with an error.
    """
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    if name in ("", ".", "..") or "\\" in name or "\x00" in name:
        name = "dataset_source"
    shown = without_credentials(url)
    target = Path(folder or tempfile.mkdtemp()) / name
    try:
        with downloading(url) as answer:
            if answer.status != 200:
                raise RunyardException(f"{shown} answered with status {answer.status}; nothing was downloaded.")
            with target.open("wb") as file:
                shutil.copyfileobj(answer, file)
    except urllib3.exceptions.HTTPError as problem:
        raise RunyardException(f"{shown} could not be downloaded: {reason_of(problem)}") from problem
    return target
