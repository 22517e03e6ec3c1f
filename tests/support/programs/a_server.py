"""Loads what a server does, what its first database makes it load, and the files of its pages."""

import importlib
import tempfile

from runyard.gate.gate import Gate
from runyard.server.settings import ServerSettings
from runyard.server.web import create_web

for _name in (
    "encodings.idna",
    "runyard.cli.main",
    "runyard.cli.server",
    "runyard.server.launch",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
):
    importlib.import_module(_name)
with tempfile.TemporaryDirectory() as _folder:
    _gate = Gate.open(f"sqlite:///{_folder}/runyard.db", artifact_root=_folder)
    create_web(ServerSettings(), _gate)
    _gate.close()
