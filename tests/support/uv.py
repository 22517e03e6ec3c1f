"""uv with the settings of pip, which it does not read: where packages are found is what people tell pip.

`python -m tests.support.uv pip install …` runs it.
"""

import functools
import os
import subprocess
import sys

_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "cert": "SSL_CERT_FILE",
}
"""Setting of pip → the variable that uv reads for the same."""


def uv(*arguments: object) -> None:
    """Run uv with these arguments.

    Raises
    ------
    subprocess.CalledProcessError: It failed.
    """
    command = [sys.executable, "-m", "uv", "--quiet", *map(str, arguments)]
    subprocess.run(command, env={**_settings_of_pip(), **os.environ}, check=True)


@functools.cache
def _settings_of_pip() -> dict[str, str]:
    """What pip's files and variables say, a variable for each; pip takes the best version of all places."""
    asked = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    found = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for name, value in (line.split("=", 1) for line in lines if "=" in line):
        if variable := _NAMES.get(name.rpartition(".")[2]):
            found[variable] = " ".join(value.strip("'").replace("\\n", " ").split())
    return found


if __name__ == "__main__":
    uv(*sys.argv[1:])
