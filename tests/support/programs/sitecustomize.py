"""Makes a Python fork programs before it runs its own: see `tests/support/programs/__init__.py`.

Python imports this module at its start, when PYTHONPATH names the folder. Only forks leave it, and then go on as any
Python does: each reads its program, runs it and ends by itself. The frames of a program are those it always has.
"""

import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import tempfile

REQUEST_BYTES = 2**20


def _modules_of_a_run() -> list[str]:
    """The names of the modules that a program with a run loads, found out by one."""
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


def _fork_programs(channel: socket.socket) -> None:
    """Fork a program for each request, until the one who asks is gone."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, REQUEST_BYTES, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            break
        for descriptor in descriptors:
            os.close(descriptor)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
    channel.close()
    *streams, report = descriptors
    child = os.fork()
    if child:
        os.write(report, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(report)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    request = json.loads(message)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]


if "RUNYARD_TEST_CHANNEL" in os.environ:
    sys.path.remove(os.path.dirname(__file__))  # noqa: PTH120  (as it stands in PYTHONPATH)
    for _name in [*_modules_of_a_run(), *os.environ["RUNYARD_TEST_LOADED"].split()]:
        importlib.import_module(_name)
    gc.freeze()  # else each program would look at all objects of these modules when it ends, longer than it runs
    _fork_programs(socket.socket(fileno=int(os.environ["RUNYARD_TEST_CHANNEL"])))
