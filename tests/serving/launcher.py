"""Serves a model made by hand: `python -m tests.serving.launcher NAME SETTINGS`, the settings as JSON."""

import json
import sys

from runyard.serving.launch import serve
from runyard.serving.settings import ServingSettings
from tests.serving.served import served

if __name__ == "__main__":
    name, settings = sys.argv[1:]
    sys.exit(serve(lambda: served(name), ServingSettings(**json.loads(settings))))
