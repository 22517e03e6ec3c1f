"""Starts training processes and kills them."""

from pathlib import Path

from tests.support.programs import Program, start_program

TRAINING = Path(__file__).with_name("training.py").read_text()


def start_training(uri: str, run_id: str, first: int = 0, count: int = 1_000_000) -> Program:
    """A training process; its output names the acknowledged steps."""
    return start_program(TRAINING, uri, run_id, str(first), str(count))


def killed_after(training: Program, steps: int) -> list[int]:
    """End it as a power cut would, after this number of acknowledged steps; returns all of those, in order."""
    lines = [training.stdout.readline() for _ in range(steps)]
    training.kill()
    _, rest, _ = training.finish()
    text = "".join(lines) + rest
    return [int(line) for line in text.splitlines(keepends=True) if line.endswith("\n") and line.strip()]
