"""The folder a server keeps artifacts in, when others are at work in it."""

import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from runyard.artifacts.repository import PARTIAL, submitted
from runyard.artifacts.schemes.local import SYNC_AHEAD, LocalRepository
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException, Unavailable

SECRET = b"the secret"


@pytest.fixture
def store(tmp_path: Path) -> LocalRepository:
    """A store with one file, ``0/run/a.txt``."""
    store = LocalRepository(tmp_path / "store", guarded=True)
    put(store, "0/run/a.txt", b"a")
    return store


def put(store: LocalRepository, path: str, content: bytes) -> None:
    """Store a file."""
    upload = store.put(path)
    upload.write(content)
    upload.finish()


def read(store: LocalRepository, path: str) -> bytes:
    """A file's bytes."""
    with store.open(path).file as file:
        return file.read()


def paths(store: LocalRepository) -> set[str]:
    """All contents of the store's folder, hidden names too."""
    return {str(path.relative_to(store.root)) for path in store.root.rglob("*")}


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do something again and again in another thread."""
    done = threading.Event()

    def repeat() -> None:
        while not done.is_set():
            act()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def moved(source: Path, target: Path) -> None:
    """Move something to a place where the store may just have made a folder again."""
    while True:
        try:
            source.rename(target)
        except OSError:
            shutil.rmtree(target, ignore_errors=True)
        else:
            return


def test_child_of_a_process_that_stored_a_large_file(store: LocalRepository, tmp_path: Path) -> None:
    """Has none of the threads that synced it, and stores files all the same."""
    (tmp_path / "large").write_bytes(bytes(SYNC_AHEAD + 1))
    store.put_file(tmp_path / "large", "0/run/large")
    child = os.fork()
    if not child:
        try:
            store.put_file(tmp_path / "large", "0/run/of child")
        finally:
            os._exit(0)

    os.waitpid(child, 0)
    assert ["0/run/a.txt", "0/run/large", "0/run/of child"] == [info.path for info in store.list("0/run")]


def test_work_for_threads_is_done_when_no_thread_can_be_started() -> None:
    """Files are also stored while the interpreter ends."""
    pool = ThreadPoolExecutor(1)
    pool.shutdown()

    assert 2 == submitted(pool, len, "ab").result()


def test_nothing_is_seen_before_it_is_finished(store: LocalRepository) -> None:
    """Neither the file nor its folders, and what was there before is still there."""
    fresh, replacing = store.put("1/new/folder/b.txt"), store.put("0/run/a.txt")
    fresh.write(b"b")
    replacing.write(b"b")

    assert ["0"] == [info.path for info in store.list("")]
    assert b"a" == read(store, "0/run/a.txt")
    with pytest.raises(DoesNotExist):
        store.open("1/new/folder/b.txt")
    fresh.finish()
    replacing.finish()
    assert b"b" == read(store, "1/new/folder/b.txt") == read(store, "0/run/a.txt")


def test_abandoned_upload_leaves_nothing(store: LocalRepository) -> None:
    """Abandoning twice, or after the end, is harmless."""
    before = paths(store)
    upload = store.put("1/new/folder/b.txt")
    upload.write(b"b")
    upload.abandon()
    upload.abandon()

    assert before == paths(store)
    put(store, "0/run/a.txt", b"b")
    assert before == paths(store)


def test_temporary_names_cannot_be_named(store: LocalRepository) -> None:
    """Somebody else's unfinished upload is nobody's business."""
    upload = store.put("0/run/b.txt")
    [name] = [path.name for path in (store.root / "0" / "run").iterdir() if path.name != "a.txt"]
    assert name.startswith(PARTIAL)

    for act in (store.open, store.put, store.delete, store.list):
        with pytest.raises(InvalidParameter):
            act(f"0/run/{name}")
    assert ["0/run/a.txt"] == [info.path for info in store.list("0/run")]
    upload.abandon()


def test_folder_deleted_while_a_file_is_written_into_it(store: LocalRepository) -> None:
    """The upload is told to try again, and nothing is left of the folder."""
    upload = store.put("0/run/b.txt")
    upload.write(b"b")
    store.delete("0/run")

    with pytest.raises(Unavailable, match="deleted meanwhile"):
        upload.finish()
    upload.abandon()

    assert {"0"} == paths(store)
    put(store, "0/run/b.txt", b"b")
    assert b"b" == read(store, "0/run/b.txt")


def test_writers_and_deleters_of_one_folder(store: LocalRepository) -> None:
    """Each of them gets an answer that is ours, and no temporary name stays."""

    def write() -> None:
        with suppress(Unavailable):
            upload = store.put(f"0/run/{secrets.token_hex(2)}/x.txt")
            try:
                upload.write(b"x")
                upload.finish()
            finally:
                upload.abandon()

    with meanwhile(write), meanwhile(write):
        for _ in range(200):
            store.delete("0/run")
            store.list("0/run")

    assert not [path for path in paths(store) if PARTIAL in path]


def test_listing_while_files_come_and_go(store: LocalRepository) -> None:
    """What stays is in every listing."""

    def churn() -> None:
        put(store, "0/run/b.txt", b"b")
        store.delete("0/run/b.txt")

    with meanwhile(churn):
        seen = [[info.path for info in store.list("0/run")] for _ in range(300)]

    assert all("0/run/a.txt" in found for found in seen)


def test_listing_shows_what_can_be_named(store: LocalRepository) -> None:
    """Names that are not text, and those that no path may hold, would only be errors for those who follow them."""
    folder = os.fsencode(store.root / "0" / "run")
    for name in (b"\xff\xfe", b"new\nline", b"back\\slash"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"x")

    assert ["0/run/a.txt"] == [info.path for info in store.list("0/run")]


@pytest.mark.parametrize("depth", [0, 1])
def test_link_put_in_place_at_the_worst_moment(store: LocalRepository, tmp_path: Path, depth: int) -> None:
    """A folder of the store turns into a link and back while it is used; nothing outside is touched."""
    outside = tmp_path / "outside" / "inner"
    outside.mkdir(parents=True)
    (outside / "a.txt").write_bytes(SECRET)
    put(store, "0/run/inner/a.txt", b"mine")
    inside = store.root / "0" / ("run" if depth == 0 else "run/inner")
    link, aside = tmp_path / "link", tmp_path / "aside"
    link.symlink_to(outside.parent if depth == 0 else outside)

    def swap() -> None:
        inside.rename(aside)
        moved(link, inside)
        inside.rename(link)
        moved(aside, inside)

    read_back = set()
    with meanwhile(swap):
        for number in range(400):
            try:
                read_back.add(read(store, "0/run/inner/a.txt"))
                put(store, f"0/run/inner/{number}.txt", b"new")
                store.delete(f"0/run/inner/{number}.txt")
                store.list("0/run/inner")
            except RunyardException:
                continue

    assert {b"mine"} >= read_back
    assert [outside / "a.txt"] == list(outside.iterdir())
    assert SECRET == (outside / "a.txt").read_bytes()
