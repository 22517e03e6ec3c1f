"""Makes a Python fork programs before it runs its own: see `tests/support/programs/__init__.py`.

Python imports this module at its start, when PYTHONPATH names the folder. Only forks leave it, and then go on as any
Python does: each reads its program, runs it and ends by itself. The frames of a program are those it always has.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import site
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


def _next_program(requests: socket.socket, owner: socket.socket) -> socket.socket:
    """Fork for each request until the owner is gone; returns in the forks, with the connection of the one who asks."""
    while True:
        ready, _, _ = select.select([requests, owner], [], [])
        if owner in ready:
            os._exit(0)
        connection, _ = requests.accept()
        if os.fork() == 0:
            requests.close()
            owner.close()
            return connection
        connection.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def _begin(connection: socket.socket) -> None:
    """Become the program that is asked for; another fork stays to tell how it ends."""
    message, streams, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
    child = os.fork()
    if child:
        connection.send(str(child).encode())
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(OSError):  # nobody waits for it any more
            connection.send(str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    request = json.loads(message)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[:] = request["arguments"]
    if request["arguments"][0] != "-":
        _start_like_a_file()


def _start_like_a_file() -> None:
    """Do what Python does at its start for ``python FILE``, when its variables are known."""
    file = os.path.abspath(sys.argv[0])  # noqa: PTH100  (programs would find pathlib loaded)
    vars(sys.modules["__main__"])["__file__"] = file
    if os.environ.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.path[:0] = [os.path.dirname(file), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]  # noqa: PTH120
    this = sys.modules.pop("sitecustomize")
    site.execsitecustomize()
    sys.modules.setdefault("sitecustomize", this)


if "RUNYARD_TEST_FORKS" in os.environ:
    sys.path.remove(os.path.dirname(__file__))  # noqa: PTH120  (as it stands in PYTHONPATH)
    for _name in [*_modules_of_a_run(), *os.environ["RUNYARD_TEST_LOADED"].split()]:
        importlib.import_module(_name)
    gc.freeze()  # else each program would look at all objects of these modules when it ends, longer than it runs
    _sockets = [socket.socket(fileno=int(number)) for number in os.environ["RUNYARD_TEST_FORKS"].split()]
    _begin(_next_program(*_sockets))
