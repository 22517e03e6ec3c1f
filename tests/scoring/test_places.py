"""Folders of files, which workers change meanwhile."""

import threading
from contextlib import suppress
from pathlib import Path

from runyard.scoring.places import Place


def test_a_folder_that_changes_meanwhile_is_deleted(tmp_path: Path) -> None:
    """As by a worker that is still busy with a job that was interrupted."""
    parts, begun = tmp_path / "parts", threading.Event()
    parts.mkdir()

    def write() -> None:
        for number in range(5_000):
            with suppress(FileNotFoundError):
                (parts / str(number)).write_text("")
            begun.set()

    busy = threading.Thread(target=write)
    busy.start()
    begun.wait()
    Place.at(tmp_path).remove_folder("parts")
    busy.join()

    assert not parts.exists()
    Place.at(tmp_path).remove_folder("parts")  # what is not there need not be deleted
