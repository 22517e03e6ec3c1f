"""Stands for `python`: has files and commands forked by the process that listens beside it, see `forked_python`."""

# other modules, such as pathlib, json and socket, take longer to load than all the rest
# ruff: noqa: PTH100, PTH109, PTH113, PTH118, PTH120

import _signal
import _socket
import marshal
import os
import sys

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
with open(os.path.join(HERE, "modules")) as names:  # noqa: PTH123
    MODULES = names.read().split()
"""What other modules import may matter to those who start them."""

arguments = sys.argv[1:]
is_command = arguments[:1] == ["-m"] and arguments[1] in MODULES
if not arguments or not (os.path.isfile(arguments[0]) or is_command):
    os.execv(sys.executable, [sys.executable, *arguments])
forks = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
forks.connect(os.path.join(HERE, "forks"))
leads = os.getpgrp() == os.getpid()
request = {
    "arguments": arguments,
    "folder": os.getcwd(),
    "environment": dict(os.environ),
    "executable": os.path.join(HERE, "python"),
    "ignored": [],
    "group": 0 if leads else os.getpgrp(),
}
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (1, 2))
forks.sendmsg([marshal.dumps(request)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
process = int(forks.recv(20))


def pass_on(number, _):
    try:
        (os.killpg if leads else os.kill)(process, number)
    except ProcessLookupError:
        return  # it has ended, by a signal of its own, and its code is on the way


for number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP):
    _signal.signal(number, pass_on)
code = int(forks.recv(20))
if code < 0:
    if code != -_signal.SIGKILL:
        _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
