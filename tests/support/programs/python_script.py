"""Stands for `python`: has `python FILE` forked by the process that listens beside it, see `forked_python`."""

# pathlib takes longer to load than all the rest
# ruff: noqa: PTH100, PTH109, PTH113, PTH118, PTH120, PTH123

import json
import os
import signal
import socket
import sys

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))

if len(sys.argv) < 2 or not os.path.isfile(sys.argv[1]):
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
forks = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
forks.connect(os.path.join(HERE, "forks"))
request = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
with open(sys.argv[1]) as program:
    socket.send_fds(forks, [json.dumps(request).encode()], [program.fileno(), 1, 2])
process = int(forks.recv(20))
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(process, number))
code = int(forks.recv(20))
if code < 0:
    if code != -signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
