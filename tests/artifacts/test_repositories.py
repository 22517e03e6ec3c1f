"""What holds for artifacts wherever they are kept."""

import os
from pathlib import Path

import pytest

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.repository import ArtifactRepository, download_artifacts, log_artifact, log_artifacts
from runyard.artifacts.resolve import repository_for
from runyard.exceptions import InvalidParameter, RunyardException
from tests.artifacts import hostile

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


def test_listing(repository: ArtifactRepository, folder: Path) -> None:
    """One level, by name, paths from the root; nothing for files and for what is not there."""
    log_artifacts(repository, str(folder))

    top = [("a b.txt", False, 1), ("deep", True, None), ("empty", False, 0)]
    assert top == names(repository.list_artifacts())
    assert top == names(repository.list_artifacts(""))
    assert [("deep/er", True, None)] == names(repository.list_artifacts("deep"))
    assert [("deep/er/ü.bin", False, len(BIG))] == names(repository.list_artifacts("deep/er"))
    assert [] == repository.list_artifacts("a b.txt")
    assert [] == repository.list_artifacts("missing")


def test_single_file_goes_under_its_own_name(repository: ArtifactRepository, folder: Path) -> None:
    """And replaces what had it; a folder given as a file goes with its name."""
    local = folder / "a b.txt"
    log_artifact(repository, str(local), "x/y")
    local.write_text("newer")
    log_artifact(repository, str(local), "x/y")
    log_artifact(repository, str(folder / "deep"))

    assert b"newer" == content(repository, "x/y/a b.txt")
    assert BIG == content(repository, "deep/er/ü.bin")


def test_deleting(repository: ArtifactRepository, folder: Path) -> None:
    """A file, a folder with all it holds, everything; and again, which is no error."""
    log_artifacts(repository, str(folder))

    for path in ("a b.txt", "deep", "deep", "missing"):
        repository.delete_artifacts(path)
    assert ["empty"] == [info.path for info in repository.list_artifacts()]
    repository.delete_artifacts()
    assert [] == repository.list_artifacts()


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
            lambda path: repository.put(folder / "a b.txt", path),
            repository.list_artifacts,
            lambda path: content(repository, path),
            repository.delete_artifacts,
            lambda path: log_artifact(repository, str(folder / "a b.txt"), path),
            lambda path: log_artifacts(repository, str(folder), path),
            lambda path: download_artifacts(repository, path),
        ):
            with pytest.raises(InvalidParameter, match="Invalid path"):
                call(path)

    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


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
    assert ["deep/er"] == [info.path for info in repository.list_artifacts("deep")]


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
    assert [] == repository.list_artifacts()


def test_a_link_to_nothing_is_named_with_where_it_leads(repository: ArtifactRepository, folder: Path) -> None:
    """Who has a thousand files must know which one to mend."""
    (folder / "deep" / "broken").symlink_to("nowhere")
    with pytest.raises(InvalidParameter, match=r"deep/broken' is a link that leads nowhere \(to 'nowhere'\)"):
        log_artifacts(repository, str(folder))

    assert [] == repository.list_artifacts()


def test_empty_folders_are_kept_where_stores_have_folders(tmp_path: Path) -> None:
    """Programs look for folders that they made, also after a copy; a link's are not followed for this."""
    (tmp_path / "out" / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "out" / "linked").symlink_to(tmp_path / "out")
    repository = repository_for(str(tmp_path / "store"))
    log_artifacts(repository, tmp_path / "out", "results")
    log_artifact(repository, tmp_path / "out" / "empty")

    assert ["empty", "results"] == [info.path for info in repository.list_artifacts()]
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
