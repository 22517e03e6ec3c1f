"""What holds for artifacts wherever they are kept."""

import os
import time
from pathlib import Path

import pytest

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.ranges import RangedFile, ranged
from runyard.artifacts.repository import ABSENT, ArtifactRepository
from runyard.artifacts.resolve import repositories, repository_for
from runyard.artifacts.schemes.local import LocalRepository
from runyard.artifacts.schemes.s3 import S3Repository
from runyard.artifacts.transfers import download_artifacts, log_artifact, log_artifacts, walk
from runyard.exceptions import ChangedMeanwhile, InvalidParameter, RunyardException
from tests.artifacts import hostile
from tests.artifacts.places import PLACES, TAGGED, WITH_FOLDERS

BIG = bytes(range(256)) * 4096 * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A local folder with files to store."""
    root = tmp_path / "out"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a b.txt").write_text("a")
    (root / "empty").write_bytes(b"")
    (root / "deep" / "er" / "ü.bin").write_bytes(BIG)
    return root


def names(found: list[FileInfo]) -> list[tuple[str, bool, int | None]]:
    """A listing, to be compared."""
    return [(info.path, info.is_dir, info.file_size) for info in found]


def content(repository: ArtifactRepository, path: str) -> bytes:
    """A file's bytes."""
    return b"".join(repository.read(path))


def put(repository: ArtifactRepository, path: str, written: bytes, expected: str | None = None) -> None:
    """Store a file."""
    with repository.put(path) as upload:
        upload.write(written)
        upload.finish(expected)


def test_a_listing_has_dates_where_the_store_keeps_them(repository: ArtifactRepository) -> None:
    """Of two files of one name in two runs, one wants to know which is newer."""
    before = int(time.time() * 1000) - 2000  # stores may keep whole seconds
    put(repository, "a.txt", b"a")
    put(repository, "deep/b.txt", b"b")

    listed = repository.dated()

    assert [("a.txt", False, 1), ("deep", True, None)] == names([info for info, _ in listed])
    assert names(repository.list()) == names([info for info, _ in listed])
    if isinstance(repository, LocalRepository | S3Repository):  # what a server keeps artifacts in
        assert before <= (listed[0][1] or 0) <= time.time() * 1000 + 2000


def test_any_part_of_a_file_can_be_read(repository: ArtifactRepository) -> None:
    """Pages look into large files where they are, and pyarrow reads the end of a file first."""
    put(repository, "big.bin", BIG)

    with ranged(repository, "big.bin") as file:
        assert (len(BIG), b"") == (file.seek(0, os.SEEK_END), file.read(5))
        assert (BIG[-10:], BIG[1000:1300], BIG[1300:1302]) == (_at(file, -10, 10), _at(file, 1000, 300), file.read(2))
        assert BIG[7:] == _at(file, 7, -1)


def _at(file: RangedFile, place: int, count: int) -> bytes:
    file.seek(place, os.SEEK_SET if place >= 0 else os.SEEK_END)
    return file.read(count)


def test_every_class_is_held_to_what_follows(request: pytest.FixtureRequest) -> None:
    """A new scheme has a place in the tests."""
    assert {*repositories().values()} == {type(place(request)) for place in PLACES.values()}


def test_folder_comes_back_as_it_was(repository: ArtifactRepository, folder: Path, tmp_path: Path) -> None:
    """Names, folders and bytes, all of it and a part of it."""
    log_artifacts(repository, str(folder), "results")

    everything = Path(download_artifacts(repository, "", str(tmp_path / "all")))
    part = Path(download_artifacts(repository, "results/deep", str(tmp_path / "part")))

    assert (tmp_path / "all", tmp_path / "part" / "results" / "deep") == (everything, part)
    for root in (everything / "results" / "deep", part):
        assert BIG == (root / "er" / "ü.bin").read_bytes()
    assert "a" == (everything / "results" / "a b.txt").read_text()
    assert b"" == (everything / "results" / "empty").read_bytes()


def test_names_of_all_kinds(repository: ArtifactRepository, tmp_path: Path) -> None:
    """Come back as they were, also when what they name is replaced."""
    names = ("a.txt", "sub/b c.txt", "sub/deeper/日本語 x+%.txt", "empty")
    for name in names:
        (tmp_path / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / name).write_bytes(b"" if name == "empty" else name.encode())

    for _ in range(2):
        log_artifacts(repository, str(tmp_path / "from"), "model")

    assert ["model/a.txt", "model/empty", "model/sub"] == [info.path for info in repository.list("model")]
    assert [5, 0, None] == [info.file_size for info in repository.list("model")]
    copy = Path(download_artifacts(repository, "model", str(tmp_path / "to")))
    assert [(tmp_path / "from" / name).read_bytes() for name in names] == [(copy / name).read_bytes() for name in names]


def test_listing(repository: ArtifactRepository, folder: Path) -> None:
    """One level, by name, paths from the root; nothing for files and for what is not there."""
    log_artifacts(repository, str(folder))

    top = [("a b.txt", False, 1), ("deep", True, None), ("empty", False, 0)]
    assert top == names(repository.list())
    assert top == names(repository.list(""))
    assert [("deep/er", True, None)] == names(repository.list("deep"))
    assert [("deep/er/ü.bin", False, len(BIG))] == names(repository.list("deep/er"))
    assert [] == repository.list("a b.txt")
    assert [] == repository.list("missing")


def test_store_that_answers_says_so(repository: ArtifactRepository) -> None:
    """A server asks this again and again."""
    put(repository, "a", b"1")

    assert repository.reach().endswith((" answers.", " can be written to."))


def test_single_file_goes_under_its_own_name(repository: ArtifactRepository, folder: Path) -> None:
    """And replaces what had it; a folder given as a file goes with its name."""
    local = folder / "a b.txt"
    log_artifact(repository, str(local), "x/y")
    local.write_text("newer")
    log_artifact(repository, str(local), "x/y")
    log_artifact(repository, str(folder / "deep"))

    assert b"newer" == content(repository, "x/y/a b.txt")
    assert BIG == content(repository, "deep/er/ü.bin")


@pytest.mark.parametrize("repository", [name for name in PLACES if name != "s3"], indirect=True)
def test_deleting(repository: ArtifactRepository, folder: Path) -> None:
    """A file, a folder with all it holds, everything; and again, without an error."""
    log_artifacts(repository, str(folder))

    for path in ("a b.txt", "deep", "deep", "missing"):
        repository.delete(path)
    assert ["empty"] == [info.path for info in repository.list()]
    repository.delete()
    assert [] == repository.list()


def test_neighbours_are_left_alone(repository: ArtifactRepository) -> None:
    """A name that begins with another's is not below it."""
    for path in ("a/f", "a/b/f", "ab/f"):
        put(repository, path, b"1")

    repository.delete("a")

    assert [] == list(walk(repository, "a"))
    assert ["ab/f"] == [info.path for info in repository.list("ab")]


def test_open_file(repository: ArtifactRepository) -> None:
    """Is read in pieces and from anywhere, and says how long it is."""
    put(repository, "x/ten", b"0123456789")

    opened = repository.open("x/ten")
    with opened.file as file:
        assert (b"0123", b"456789", b"") == (file.read(4), file.read(), file.read(1))
    assert 10 == opened.size


@pytest.mark.parametrize("repository", [name for name in PLACES if "server" not in name], indirect=True)
def test_open_file_is_read_from_anywhere(repository: ArtifactRepository) -> None:
    """As a range of it is asked for."""
    put(repository, "ten", b"0123456789")

    with repository.open("ten").file as file:
        assert (7, b"789") == (file.seek(7), file.read(100))
        assert (2, b"23") == (file.seek(2), file.read(2))


def test_nothing_is_seen_before_it_is_finished(repository: ArtifactRepository) -> None:
    """What is abandoned leaves nothing, and what was there before stays."""
    put(repository, "x/old", b"old")
    for path in ("x/old", "x/new"):
        with repository.put(path) as upload:
            upload.write(b"never")

    assert ["x/old"] == [info.path for info in repository.list("x")]
    assert b"old" == content(repository, "x/old")
    with pytest.raises(RunyardException):
        repository.open("x/new")


@pytest.mark.parametrize("repository", TAGGED, indirect=True)
def test_write_under_a_condition(repository: ArtifactRepository) -> None:
    """Only a file that is still the same is replaced, and a new one replaces none."""
    put(repository, "f", b"1", ABSENT)
    opened = repository.open("f")
    opened.file.close()
    put(repository, "f", b"2", opened.tag)

    for expected in (opened.tag, ABSENT):
        with pytest.raises(ChangedMeanwhile):
            put(repository, "f", b"3", expected)
    assert b"2" == content(repository, "f")


@pytest.mark.parametrize("repository", TAGGED, indirect=True)
def test_folder_is_not_a_file(repository: ArtifactRepository) -> None:
    """Which is said, instead of that nothing is there."""
    put(repository, "x/f", b"1")

    with pytest.raises(RunyardException, match="is a folder"):
        repository.open("x")


def test_part_of_a_repository_is_one(repository: ArtifactRepository) -> None:
    """Its paths begin there."""
    put(repository.below("x/y"), "z/f", b"1")

    assert ["z"] == [info.path for info in repository.below("x").below("y").list()]
    assert b"1" == content(repository, "x/y/z/f")


def test_missing_file(repository: ArtifactRepository, tmp_path: Path) -> None:
    """The error names it, and no file or folder is made for it."""
    with pytest.raises(RunyardException, match=r"missing\.txt") as problem:
        download_artifacts(repository, "sub/missing.txt", str(tmp_path / "to"))

    assert "RESOURCE_DOES_NOT_EXIST" == problem.value.error_code
    assert [] == list((tmp_path / "to").iterdir())


def test_progress_counts_every_byte(repository: ArtifactRepository, folder: Path, tmp_path: Path) -> None:
    """Both ways, as they move."""
    up: list[int] = []
    down: list[int] = []

    log_artifacts(repository, str(folder), progress=up.append)
    download_artifacts(repository, "", str(tmp_path / "to"), down.append)

    assert len(BIG) + 1 == sum(up) == sum(down)
    assert len(up) > 3
    assert len(down) > 3


def test_hostile_paths_are_refused_before_anything_happens(
    repository: ArtifactRepository, folder: Path, tmp_path: Path
) -> None:
    """By every function that takes a path."""
    log_artifacts(repository, str(folder))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    for path in (*hostile.DOTDOT, *hostile.ABSOLUTE, *hostile.CONTROL, *hostile.OVERLONG):
        for call in (
            lambda path: repository.put_file(folder / "a b.txt", path),
            repository.list,
            lambda path: content(repository, path),
            repository.delete,
            lambda path: log_artifact(repository, str(folder / "a b.txt"), path),
            lambda path: log_artifacts(repository, str(folder), path),
            lambda path: download_artifacts(repository, path),
        ):
            with pytest.raises(InvalidParameter, match="Invalid path"):
                call(path)

    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


@pytest.mark.parametrize("repository", WITH_FOLDERS, indirect=True)
def test_folder_in_the_place_of_a_file(repository: ArtifactRepository, folder: Path) -> None:
    """Neither the folder nor the file that stands in the way is touched."""
    log_artifacts(repository, str(folder))

    for artifact_path in ("a b.txt", "a b.txt/below"):
        with pytest.raises(RunyardException) as problem:
            log_artifact(repository, str(folder / "empty"), artifact_path)
        assert "INVALID_PARAMETER_VALUE" == problem.value.error_code
    (folder.parent / "deep").write_text("a file")
    with pytest.raises(RunyardException) as problem:
        log_artifact(repository, str(folder.parent / "deep"))
    assert "INVALID_PARAMETER_VALUE" == problem.value.error_code

    assert b"a" == content(repository, "a b.txt")
    assert BIG == content(repository, "deep/er/ü.bin")


def test_links_are_stored_as_what_they_show_and_circles_end(
    repository: ArtifactRepository, folder: Path, tmp_path: Path
) -> None:
    """Data sets are often links; one that leads back up must not fill the store."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "d.txt").write_text("d")
    (folder / "linked").symlink_to(tmp_path / "data")
    (folder / "file").symlink_to(folder / "a b.txt")
    (folder / "deep" / "back").symlink_to(folder)

    log_artifacts(repository, str(folder))

    assert b"d" == content(repository, "linked/d.txt")
    assert b"a" == content(repository, "file")
    assert ["deep/er"] == [info.path for info in repository.list("deep")]


def test_what_cannot_be_read_is_said_before_anything_is_stored(repository: ArtifactRepository, folder: Path) -> None:
    """A link to nothing, and a pipe, which would never end."""
    (folder / "broken").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    for name in ("broken", "pipe"):
        with pytest.raises(InvalidParameter, match=name):
            log_artifacts(repository, str(folder))
        with pytest.raises(InvalidParameter, match=name):
            log_artifact(repository, str(folder / name))
        (folder / name).unlink()

    with pytest.raises(InvalidParameter, match="not there"):
        log_artifact(repository, str(folder / "not there"))
    with pytest.raises(InvalidParameter, match="not there"):
        log_artifacts(repository, str(folder / "not there"))
    assert [] == repository.list()


def test_a_link_to_nothing_is_named_with_where_it_leads(repository: ArtifactRepository, folder: Path) -> None:
    """Who has a thousand files must know which one to mend."""
    (folder / "deep" / "broken").symlink_to("nowhere")
    with pytest.raises(InvalidParameter, match=r"deep/broken' is a link that leads nowhere \(to 'nowhere'\)"):
        log_artifacts(repository, str(folder))

    assert [] == repository.list()


def test_empty_folders_are_kept_where_stores_have_folders(tmp_path: Path) -> None:
    """Programs look for folders that they made, also after a copy; a link's are not followed for this."""
    (tmp_path / "out" / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "out" / "linked").symlink_to(tmp_path / "out")
    repository = repository_for(str(tmp_path / "store"))
    log_artifacts(repository, tmp_path / "out", "results")
    log_artifact(repository, tmp_path / "out" / "empty")

    assert ["empty", "results"] == [info.path for info in repository.list()]
    copied = Path(download_artifacts(repository, "", tmp_path / "copy"))
    assert ["empty", "empty/inner", "results", "results/empty", "results/empty/inner"] == sorted(
        path.relative_to(copied).as_posix() for path in copied.rglob("*")
    )
    assert Path(download_artifacts(repository, "empty/inner", tmp_path / "one")).is_dir()


def test_new_files_have_the_permissions_of_new_files(tmp_path: Path, folder: Path) -> None:
    """Others of the same group read a shared store; temporary files would keep them out."""
    (tmp_path / "plain").write_text("x")
    repository = repository_for(str(tmp_path / "store"))
    log_artifacts(repository, str(folder))
    local = Path(download_artifacts(repository, "a b.txt", str(tmp_path / "to")))

    expected = (tmp_path / "plain").stat().st_mode
    assert expected == (tmp_path / "store" / "a b.txt").stat().st_mode == local.stat().st_mode
    assert str(tmp_path / "store" / "deep") == download_artifacts(repository, "deep")
