"""Stands for the program docker: notes how it is called, and runs the commands of containers on this machine.

A container is a process of its own, which ends neither with the program nor by its signals: only by ``docker kill``.
"""

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

HOME = Path(os.environ["X_DOCKER"])


def main(arguments):
    what = arguments[0]
    told = sys.stdin.read() if what == "build" else ""
    call = {"arguments": arguments, "variables": dict(os.environ), "told": told}
    with (HOME / "calls").open("a") as file:
        file.write(json.dumps(call) + "\n")
    if (HOME / f"no-{what}").exists():
        sys.exit("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
    if what == "image":
        print("sha256:0123")
    elif what == "run":
        return run(arguments)
    elif what == "kill":
        os.killpg(int((HOME / arguments[1]).read_text()), signal.SIGKILL)
    return 0


def values_of(option, arguments):
    return [value for name, value in pairwise(arguments) if name == option]


def run(arguments):
    command = arguments[arguments.index("bash") :]
    inside = {"PATH": os.environ["PATH"]}
    for given in values_of("--env", arguments):
        name, pair, value = given.partition("=")
        inside[name] = value if pair else os.environ.get(name, "")
    mounts = {there: here for here, there, *_ in (one.split(":") for one in values_of("--volume", arguments))}
    folder = mounts.get("/mlflow/projects/code", HOME)
    process = subprocess.Popen(command, cwd=folder, env=inside, start_new_session=True)
    (HOME / values_of("--name", arguments)[0]).write_text(str(process.pid))
    return process.wait()


sys.exit(main(sys.argv[1:]))
