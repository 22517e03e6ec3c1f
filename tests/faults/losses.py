"""Ways to lose the file of a database; as a program: the number of one, and the file."""

import sys
from collections.abc import Callable
from pathlib import Path

from runyard.client import RunyardClient
from runyard.client.connection import close_all


def _replaced(file: Path) -> None:
    RunyardClient(f"sqlite:///{file.parent / 'other.db'}").create_run("0")
    close_all()
    (file.parent / "other.db").rename(file)


def _moved_away(file: Path) -> None:
    file.rename(file.parent / "moved.db")


def _without_its_log(file: Path) -> None:
    Path(f"{file}-wal").unlink()


LOSSES: list[Callable[[Path], object]] = [Path.unlink, _replaced, _moved_away, _without_its_log]

if __name__ == "__main__":
    LOSSES[int(sys.argv[1])](Path(sys.argv[2]))
