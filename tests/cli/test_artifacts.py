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


def test_downloading_nothing_is_an_error(runyard: Runyard, run_id: str, tmp_path: Path) -> None:
    """A script that goes on with an empty folder would fail later, where nobody sees why."""
    for source in (("-r", run_id), ("-u", f"runs:/{run_id}")):
        done = runyard("artifacts", "download", *source, "-d", str(tmp_path / "to"))

        assert (1, "") == (done.code, done.out)
        assert done.err.startswith("Error: There are no artifacts to download in ")
    assert not (tmp_path / "to").exists()


def test_download_needs_one_source(runyard: Runyard) -> None:
    """A run or an address, not both and not neither."""
    assert 2 == runyard("artifacts", "download").code
    assert 2 == runyard("artifacts", "download", "-r", "1", "-u", "file:///tmp/x").code


def test_upload_to_an_unknown_run_is_an_error(runyard: Runyard, folder: Path) -> None:
    """Nothing is left behind in a folder of a run that is not there."""
    done = runyard("artifacts", "log-artifact", "-l", str(folder / "a.txt"), "-r", "0" * 32)

    assert done.code == 1
    assert "0" * 32 in done.err


@pytest.fixture
def model(run_id: str, folder: Path) -> str:
    """The name of a registered model: version 1, in Production, the champion."""
    client, name = RunyardClient(), f"m {run_id}"
    client.log_artifacts(run_id, str(folder), "model")
    client.create_registered_model(name)
    client.create_model_version(name, f"runs:/{run_id}/model", run_id=run_id)
    client.set_registered_model_alias(name, "champion", "1")
    with pytest.warns(FutureWarning, match="aliases do the same"):
        client.transition_model_version_stage(name, "1", "Production")
    return name


@pytest.mark.parametrize("which", ["/1", "/latest", "/Production", "@champion", "runs"])
def test_models_and_runs_are_addresses(runyard: Runyard, run_id: str, model: str, which: str, tmp_path: Path) -> None:
    """Whole, a folder or a file of them; the copy is called what it was called."""
    address = f"runs:/{run_id}/model" if which == "runs" else f"models:/{model}{which}"

    listed = runyard("artifacts", "list", "-u", f"{address}/deep")
    whole = runyard("artifacts", "download", "-u", address, "-d", str(tmp_path / "whole"))
    part = runyard("artifacts", "download", "-u", f"{address}/deep/er/b.bin", "-d", str(tmp_path / "part"))

    assert ["er"] == [Path(file["path"]).name for file in listed.json], listed.err
    assert b"a" == (Path(whole.out.strip()) / "a.txt").read_bytes()
    assert tmp_path / "part" / "b.bin" == Path(part.out.strip())
    assert bytes(range(256)) == Path(part.out.strip()).read_bytes()


def test_logged_model_is_an_address(runyard: Runyard, run_id: str, folder: Path, tmp_path: Path) -> None:
    """By its id."""
    client = RunyardClient()
    model_id = client.create_logged_model("0", name="m", source_run_id=run_id).model_id
    client.log_model_artifacts(model_id, str(folder))

    done = runyard("artifacts", "download", "-u", f"models:/{model_id}/a.txt", "-d", str(tmp_path / "to"))

    assert "a" == Path(done.out.strip()).read_text(), done.err


def test_repository_of_a_model_is_that_of_its_files(run_id: str, model: str) -> None:
    """Everything that takes an address of artifacts takes a model's."""
    repository = RunyardClient().repository(f"models:/{model}@champion/deep")

    assert ["er"] == [info.path for info in repository.list()]


@pytest.mark.parametrize("address", ["models:/nothing/1", "models:/nothing@champion", "models:/m-0/x", "runs:/0/x"])
def test_addresses_of_nothing_are_errors(runyard: Runyard, run_id: str, address: str) -> None:
    """They name what is missing."""
    done = runyard("artifacts", "download", "-u", address)

    assert (1, False) == (done.code, "Traceback" in done.err)
    assert address.rpartition(":/")[2].partition("/")[0].partition("@")[0] in done.err
