"""Loads what a server does, what its first database makes it load, and the files of its pages."""

import importlib
import tempfile

from runyard._resources import web
from runyard.gate.gate import Gate
from runyard.ui.navigation import Urls
from runyard.ui.static import StaticFiles

for _name in (
    "encodings.idna",
    "runyard.cli.main",
    "runyard.cli.server",
    "runyard.server.launch",
    "runyard.server.web",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
):
    importlib.import_module(_name)
with tempfile.TemporaryDirectory() as _folder:
    Gate.open(f"sqlite:///{_folder}/runyard.db", artifact_root=_folder).close()
StaticFiles(web() / "static", Urls(""))
