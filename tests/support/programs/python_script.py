"""Stands for `python`: has files and commands forked by the process that listens beside it, see `forked_python`."""

# pathlib takes longer to load than all the rest
# ruff: noqa: PTH100, PTH109, PTH113, PTH118, PTH120

import json
import os
import signal
import socket
import sys

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
with open(os.path.join(HERE, "modules")) as names:  # noqa: PTH123
    MODULES = names.read().split()
"""What other modules import may matter to those who start them."""

arguments = sys.argv[1:]
is_command = arguments[:1] == ["-m"] and arguments[1] in MODULES
if not arguments or not (os.path.isfile(arguments[0]) or is_command):
    os.execv(sys.executable, [sys.executable, *arguments])
forks = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
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
socket.send_fds(forks, [json.dumps(request).encode()], [1, 2])
process = int(forks.recv(20))


def pass_on(number, _):
    try:
        (os.killpg if leads else os.kill)(process, number)
    except ProcessLookupError:
        return  # it has ended, by a signal of its own, and its code is on the way


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, pass_on)
code = int(forks.recv(20))
if code < 0:
    if code != -signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
