"""Loads the modules that a program with a run does, found out by one, and those that reach a server."""

import importlib
import os
import sys
import tempfile


def _names() -> list[str]:
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"RUNYARD_TRACKING_URI": f"sqlite:///{folder}/runyard.db", "RUNYARD_SPOOL_DIR": folder}
            import runyard  # noqa: PLC0415  (this is what is measured)

            with runyard.start_run():
                runyard.log_metric("m", 1.0)
        with os.fdopen(write, "w") as report:
            report.write(" ".join(sys.modules))
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as report:
        names = report.read().split()
    os.wait()
    return names


for _name in (*_names(), "encodings.idna", "runyard.fluent.files", "urllib3"):
    importlib.import_module(_name)
