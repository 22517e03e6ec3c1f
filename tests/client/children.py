"""Starts training processes and kills them."""

import os
import subprocess
import sys
from pathlib import Path

TRAINING = Path(__file__).with_name("training.py")


def start_training(uri: str, run_id: str, first: int = 0, count: int = 1_000_000) -> "subprocess.Popen[bytes]":
    """A training process; its output names the acknowledged steps."""
    command = [sys.executable, str(TRAINING), uri, run_id, str(first), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ))


def killed_after(training: "subprocess.Popen[bytes]", steps: int) -> list[int]:
    """End it as a power cut would, when so many steps were acknowledged; all that were, in order."""
    assert training.stdout is not None
    lines = [training.stdout.readline() for _ in range(steps)]
    training.kill()
    text = b"".join(lines) + training.stdout.read()  # communicate() would leave out what readline() read ahead
    training.communicate()
    return [int(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n") and line.strip()]
