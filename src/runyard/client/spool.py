"""The spool folder: orphaned journals and rejected writes, listed, queued again, exported or discarded on request."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runyard.client.journal import (
    REJECTED,
    SUFFIX,
    Journal,
    Upload,
    address_of,
    copies_of,
    entry_of,
    files_in,
    line_of,
    spool_folder,
    undelivered,
)
from runyard.client.orphans import missing_database
from runyard.core.amounts import plural
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.gate.slices import load_messages

IN_USE, WAITING, UNREADABLE, STORE_GONE, REFUSED = "in use", "waiting", "unreadable", "store is gone", "refused"


@dataclass(frozen=True)
class SpoolFile:
    """One file of the spool folder.

    Attributes
    ----------
    path: The file; its name identifies it.
    state: ``in use`` by a running process, ``waiting`` for delivery, ``refused`` by its store, ``store is gone``
        (the database is not there), or ``unreadable`` by this user.
    address: The store it is for; None when unknown.
    entries: Number of points, changes and files in it.
    reason: Why it is not delivered; the first reason of several.
    """

    path: Path
    state: str
    address: str | None = None
    entries: int = 0
    reason: str | None = None

    def fields(self) -> dict[str, object]:
        """Its fields in JSON output."""
        return {
            "id": self.path.name,
            "state": self.state,
            "store": self.address,
            "entries": self.entries,
            "reason": self.reason,
        }


def spool_files(folder: Path | None = None) -> list[SpoolFile]:
    """All files of the spool folder, journals in use too.

    Raises
    ------
    OSError: The folder cannot be read.
    """
    found = []
    for path in files_in(folder or spool_folder(), SUFFIX, REJECTED):
        try:
            one = _journal(path) if path.suffix == SUFFIX else _rejected(path)
        except FileNotFoundError:  # delivered while we looked
            continue
        except OSError as problem:
            one = SpoolFile(path, UNREADABLE, reason=problem.strerror or str(problem))
        if one is not None:
            found.append(one)
    return found


def _journal(path: Path) -> SpoolFile | None:
    if not path.stat().st_size:
        return None  # its process has written nothing yet, or never did
    address = address_of(path)
    if address is None:
        return SpoolFile(path, UNREADABLE, reason="This is not a journal.")
    if _is_in_use(path):
        return SpoolFile(path, IN_USE, address)
    damaged: list[str] = []
    entries = len(list(undelivered(path, lambda line, _reason: damaged.append(line))))
    if not entries and not damaged:
        return None  # all is delivered: its process was killed before it could remove the file
    gone = missing_database(address)
    if gone is None and not os.access(path, os.W_OK):
        return SpoolFile(path, UNREADABLE, address, entries, "This user may not change the file.")
    return SpoolFile(path, STORE_GONE if gone else WAITING, address, entries, gone)


def _rejected(path: Path) -> SpoolFile:
    lines = _lines(path)
    first = lines[0] if lines else {}
    reason = first.get("reason") or "It cannot be read." if lines else None
    return SpoolFile(path, REFUSED, first.get("store"), len(lines), reason)


def _is_in_use(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of rejected writes; a damaged one under the key ``line``."""
    found = []
    for line in path.read_bytes().splitlines():
        try:
            fields = json.loads(line)
        except ValueError:
            fields = None
        found.append(fields if isinstance(fields, dict) else {"line": line.decode("utf-8", "replace")})
    return found


def requeue_rejected(folder: Path | None = None) -> None:
    """Put rejected writes into journals again, to be delivered with the others. Damaged lines stay.

    Raises
    ------
    OSError: A file cannot be read or written.
    """
    load_messages()
    for path in files_in(folder or spool_folder(), REJECTED):
        if path.with_suffix(SUFFIX).exists():
            continue  # its process may add more
        copies = copies_of(path)
        path = path.rename(path.with_name(f"{path.stem}-again{REJECTED}"))  # later rejections go to another file
        again: dict[str, Journal] = {}
        rest = []
        for fields in _lines(path):
            try:
                entry = entry_of(0, json.dumps(fields["entry"]).encode(), copies)
                address = fields["store"]
                if address not in again:
                    again[address] = Journal(address, path.parent)
                if entry is not None:
                    again[address].add(entry)
            except (ValueError, KeyError, FileNotFoundError):
                rest.append(fields)
        for journal in again.values():
            journal.close()
        shutil.rmtree(copies, ignore_errors=True)
        if not rest:
            path.unlink()
        else:
            path.write_text("".join(json.dumps(fields) + "\n" for fields in rest))


def export(file: Path, folder: Path | None = None) -> tuple[int, list[SpoolFile]]:
    """Write all undelivered entries to a new file, one JSON object a line.

    Returns
    -------
    The number of entries, and the files that could not be read.

    Raises
    ------
    OSError: The file is there already or cannot be written.
    """
    count, unread = 0, []
    with file.open("x", encoding="utf-8") as out:
        for one in spool_files(folder):
            try:
                lines = [] if one.state == IN_USE else list(_exported(one))
            except OSError:
                unread.append(one)
                continue
            for fields in lines:
                out.write(json.dumps({"id": one.path.name, "store": one.address, **fields}) + "\n")
            count += len(lines)
    return count, unread


def _exported(one: SpoolFile) -> Iterator[dict[str, Any]]:
    if one.state == REFUSED:
        for fields in _lines(one.path):
            is_file = isinstance(fields.get("entry"), list) and fields["entry"][0] == "f"
            yield {**fields, "file": str(copies_of(one.path) / fields["entry"][-1])} if is_file else fields
        return
    damaged: list[dict[str, Any]] = []
    for entry in undelivered(one.path, lambda line, reason: damaged.append({"line": line, "reason": reason})):
        file = {"file": str(entry.source)} if isinstance(entry, Upload) else {}
        yield {"entry": json.loads(line_of(entry)), **file}
    yield from damaged


def discard(name: str, folder: Path | None = None) -> SpoolFile:
    """Remove one file of the spool folder with its entries.

    Raises
    ------
    DoesNotExist: There is no file with this name.
    InvalidParameter: A running process is using it.
    OSError: It cannot be removed.
    """
    one = next((one for one in spool_files(folder) if one.path.name == name), None)
    if one is None:
        raise DoesNotExist(f"Nothing in {folder or spool_folder()} is called {name!r}. See: runyard sync --list")
    if one.state == IN_USE:
        raise InvalidParameter(f"{name} belongs to a process that runs. End it first.")
    one.path.unlink()
    if not any(one.path.with_suffix(suffix).exists() for suffix in (SUFFIX, REJECTED)):
        shutil.rmtree(copies_of(one.path), ignore_errors=True)
    return one


def summary() -> str:
    """One line about the spool folder."""
    try:
        folder = spool_folder()
        found = [one for one in spool_files(folder) if one.state != IN_USE]
    except OSError as problem:
        return f"cannot be read: {problem}"
    if not found:
        return f"{folder}, nothing waits"
    states = [one.state for one in found]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    entries = sum(one.entries for one in found)
    waiting = f"{plural(len(found), 'file')} with {plural(entries, 'entry', 'entries')}"
    return f"{folder}, {waiting} not delivered ({counts}); see: runyard sync --list"
