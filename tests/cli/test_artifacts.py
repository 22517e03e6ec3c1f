"""`runyard artifacts`, on the local store and through a server."""

from pathlib import Path

import pytest

from runyard.client import RunyardClient
from tests.cli.conftest import Runyard
from tests.support.server import RunningServer


@pytest.fixture(params=["local", "server"])
def run_id(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run on the local store, then one on a server that passes artifacts through."""
    if request.param == "server":
        server: RunningServer = request.getfixturevalue("server")
        monkeypatch.setenv("RUNYARD_TRACKING_URI", server.url)
    return str(RunyardClient().create_run("0").info.run_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files to upload."""
    (tmp_path / "out" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "out" / "a.txt").write_text("a")
    (tmp_path / "out" / "deep" / "er" / "b.bin").write_bytes(bytes(range(256)))
    return tmp_path / "out"


def test_uploaded_folder_comes_back_as_it_was(runyard: Runyard, run_id: str, folder: Path, tmp_path: Path) -> None:
    """Names, folders and bytes."""
    uploaded = runyard("artifacts", "log-artifacts", "-l", str(folder), "-r", run_id, "-a", "results")
    downloaded = runyard("artifacts", "download", "-r", run_id, "-a", "results", "-d", str(tmp_path / "back"))

    assert (0, 0) == (uploaded.code, downloaded.code), uploaded.err + downloaded.err
    assert "Logged 2 artifacts" in uploaded.out
    back = Path(downloaded.out.strip())
    assert tmp_path / "back" / "results" == back
    assert b"a" == (back / "a.txt").read_bytes()
    assert bytes(range(256)) == (back / "deep" / "er" / "b.bin").read_bytes()


def test_single_file_is_listed_and_downloaded(runyard: Runyard, run_id: str, folder: Path) -> None:
    """Without a folder to write to, a new temporary one is used and printed."""
    runyard("artifacts", "log-artifact", "-l", str(folder / "a.txt"), "-r", run_id)

    listed = runyard("artifacts", "list", "-r", run_id)
    downloaded = runyard("artifacts", "download", "-r", run_id, "-a", "a.txt")

    assert [{"path": "a.txt", "is_dir": False, "file_size": 1}] == listed.json
    assert "a" == Path(downloaded.out.strip()).read_text()


def test_missing_artifact_is_an_error(runyard: Runyard, run_id: str) -> None:
    """It names the path."""
    done = runyard("artifacts", "download", "-r", run_id, "-a", "nothing.txt")

    assert done.code == 1
    assert "nothing.txt" in done.err


def test_download_needs_one_source(runyard: Runyard) -> None:
    """A run or an address, not both and not neither."""
    assert 2 == runyard("artifacts", "download").code
    assert 2 == runyard("artifacts", "download", "-r", "1", "-u", "file:///tmp/x").code


def test_upload_to_an_unknown_run_is_an_error(runyard: Runyard, folder: Path) -> None:
    """Nothing is left behind in a folder of a run that is not there."""
    done = runyard("artifacts", "log-artifact", "-l", str(folder / "a.txt"), "-r", "0" * 32)

    assert done.code == 1
    assert "0" * 32 in done.err
