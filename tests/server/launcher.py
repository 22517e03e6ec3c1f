"""Runs a server with settings that the command line does not offer: `launcher.py '{"port": 1, "limits": {…}}'`."""

import json
import sys

from runyard.db import engine
from runyard.http.settings import Limits
from runyard.server.launch import serve
from runyard.server.settings import ServerSettings


def main() -> None:
    """Serve with the settings in the first argument."""
    given = json.loads(sys.argv[1])
    engine.BUSY_TIMEOUT_MS = given.pop("busy_timeout_ms", engine.BUSY_TIMEOUT_MS)
    limits = Limits(**given.pop("limits", {}))
    sys.exit(serve(ServerSettings(**given, limits=limits)))


if __name__ == "__main__":
    main()
