"""Makes a Python fork programs before it runs its own: see `tests/support/programs/__init__.py`.

Python imports this module at its start, when PYTHONPATH names the folder. Only forks leave it, and then go on as any
Python does: each reads its program, runs it and ends by itself. The frames of a program are those it always has.
"""

import atexit
import contextlib
import gc
import importlib
import marshal
import os
import select
import signal
import site
import socket
import sys

REQUEST_BYTES = 2**20

_MODULE = "import runpy\nrunpy.run_module({!r}, run_name='__main__', alter_sys=True)\n"


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


def _begin(connection: socket.socket) -> list[int]:
    """Become the program that is asked for; another fork stays to tell how it ends.

    A fork that is to load more modules becomes another one that forks: returns the sockets that it is given for that.
    """
    message, streams, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
    request = marshal.loads(message)
    if "load" in request:
        connection.close()
        _load(request["load"])
        return streams
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
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.remove(os.path.dirname(__file__))  # noqa: PTH120  (as it stands in PYTHONPATH)
    gc.set_threshold(10_000, 10, 10)
    gc.enable()
    with contextlib.suppress(PermissionError):  # the group is of another session
        os.setpgid(0, request["group"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[:] = request["arguments"]
    sys.executable = request["executable"]
    for number in request["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    for number, stream in enumerate(reversed(streams)):
        os.dup2(stream, 2 - number)
        os.close(stream)
    if sys.argv[0] != "-":
        program = _start_like_a_module() if sys.argv[0] == "-m" else _start_like_a_file()
        os.dup2(program, 0)
        os.close(program)
    return []


def _load(names: list[str]) -> None:
    """Import modules that all programs are to find loaded."""
    for name in names:
        importlib.import_module(name)
    _loaded.update(sys.modules)
    gc.freeze()  # else each program would look at all objects of these modules when it ends, longer than it runs


def _start_like_a_file() -> int:
    """Do what Python does at its start for ``python FILE``, when its variables are known; returns the open file."""
    file = os.path.abspath(sys.argv[0])  # noqa: PTH100  (programs would find pathlib loaded)
    vars(sys.modules["__main__"])["__file__"] = file
    _read_variables()
    sys.path.insert(0, os.path.dirname(file))  # noqa: PTH120
    return os.open(file, os.O_RDONLY)


def _start_like_a_module() -> int:
    """The same for ``python -m MODULE``; returns a program that runs the module."""
    del sys.argv[0]
    _read_variables()
    read, write = os.pipe()
    os.write(write, _MODULE.format(sys.argv[0]).encode())
    os.close(write)
    return read


def _read_variables() -> None:
    if os.environ.get("PYTHONUNBUFFERED"):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    this = sys.modules.pop("sitecustomize")
    site.execsitecustomize()
    sys.modules.setdefault("sitecustomize", this)


_kept: list[object] = []
_kept.append(_kept)  # it refers to itself, and is frozen below: nothing ends it


def _keep_loaded(before: frozenset[str]) -> None:
    """Leave the modules that were loaded for all programs as they are, once the handlers of this one are through.

    To take them apart object by object, as Python does in the end, takes longer than most programs run. The program's
    own modules are taken apart.
    """
    _kept.extend([sys.modules.pop(name) for name in list(sys.modules) if name in _loaded and name not in before])


if "RUNYARD_TEST_FORKS" in os.environ:
    _loaded: set[str] = set()
    gc.disable()  # until a program begins: what modules make stays
    atexit.register(_keep_loaded, frozenset(sys.modules))  # the first of the handlers is called last
    _load(os.environ["RUNYARD_TEST_LOADED"].split())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _sockets = [int(number) for number in os.environ["RUNYARD_TEST_FORKS"].split()]
    while _sockets:
        _sockets = _begin(_next_program(*(socket.socket(fileno=number) for number in _sockets)))
