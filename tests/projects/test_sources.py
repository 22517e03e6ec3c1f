"""Where projects come from: folders and zip files, here and on a server."""

import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException, InvalidProject
from runyard.projects import sources
from tests.projects.building import SHOW, artifacts, command, output, project, shown, zipped
from tests.projects.conftest import Refused

pytestmark = pytest.mark.usefixtures("forked_python")


def test_a_folder_is_run_in_place(mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative or absolute, as a path or an address, with spaces or without: it is the same folder."""
    folder = project(tmp_path / "my code", command("python show.py"), show__py=SHOW)
    monkeypatch.chdir(folder)
    for uri in (str(folder), folder, "../my code", ".", folder.as_uri(), f"file://localhost{folder}", "./../my code/"):
        run = mlflow.projects.run(uri)

        assert str(folder) == shown(run.run_id)["folder"]
        assert str(folder) == mlflow.get_run(run.run_id).data.tags["mlflow.source.name"]


def test_a_part_of_a_folder_is_a_project(mlflow: ModuleType, tmp_path: Path) -> None:
    """What follows a # is a folder in it; the run says which."""
    folder = project(tmp_path / "code" / "parts" / "a b", command("python show.py"), show__py=SHOW)
    for uri in (f"{tmp_path}/code#parts/a b", f"file://{tmp_path}/code#parts/a b"):
        run = mlflow.projects.run(uri)

        assert str(folder) == shown(run.run_id)["folder"]
        assert f"{tmp_path}/code#parts/a b" == mlflow.get_run(run.run_id).data.tags["mlflow.source.name"]


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("none", "There is no project at 'none'"),
        ("file:///none", "There is no project at 'file:///none'"),
        ("file://host/code", "names the host 'host'"),
        ("code#none", "There is no folder 'none' in code"),
        ("code#../outside", "leads out of the project"),
        ("code#a/../../outside", "leads out of the project"),
        ("code#/etc", "leads out of the project"),
        ("code#MLproject", "no folder 'MLproject'"),
        ("code/MLproject", "There is no project at"),
        ("~nobody-of-that-name/code", "There is no project at"),
        ("none.zip", "There is no zip file at 'none.zip'"),
        ("code.zip", "no zip file"),
        ("s3://bucket/code", "is not an address of a project"),
        ("s3://bucket/code.zip", "is not an address of a project"),
        ("ftp://user:secret@host/code", "'ftp://host/code' is not an address of a project"),
        ("ext::sh -c 'touch pwned'", "is not an address of a project"),
        ("ext::sh%20-c%20touch%20pwned", "is not an address of a project"),
        ("-code", "is not an address of a project"),
        ("--upload-pack=touch pwned", "is not an address of a project"),
        ("nul\0", "is not an address of a project"),
        ("#code", "There is no folder 'code'"),
    ],
)
def test_what_is_not_a_project_is_refused(refused: Refused, tmp_path: Path, uri: str, problem: str) -> None:
    """A mistake in an address is told, runs nothing, and leaves nothing."""
    project(tmp_path / "code", command("true"))
    project(tmp_path / "outside", command("touch pwned"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "code.zip").mkdir()
    if uri == "#code":
        os.chdir(tmp_path / "elsewhere")
    said = refused(uri, experiment_name="new")

    assert problem in said
    assert "secret" not in said
    assert not list(tmp_path.rglob("pwned"))


def test_a_version_needs_a_repository(refused: Refused, tmp_path: Path) -> None:
    """A version that cannot be honoured must not be passed over."""
    folder = project(tmp_path / "code", command("true"))
    zipped(tmp_path / "code.zip", MLproject=command("true"))

    for uri in (str(folder), folder.as_uri(), f"{tmp_path}/code.zip", "http://127.0.0.1:1/code.zip"):
        assert "A version ('v1') can be chosen of git repositories only" in refused(uri, version="v1")


def test_a_zip_file_is_unpacked_for_the_run(mlflow: ModuleType, tmp_path: Path, temporary: Path) -> None:
    """Each run has the files to itself, and they go with it."""
    content = {"MLproject": command("python show.py; touch here"), "show__py": SHOW, "sub/run__sh": "echo part"}
    archive = zipped(tmp_path / "code.zip", **content)
    for uri in (str(archive), "code.zip", archive.as_uri()):
        run = mlflow.projects.run(uri)

        tags = mlflow.get_run(run.run_id).data.tags
        assert str(temporary) in shown(run.run_id)["folder"]
        assert not Path(shown(run.run_id)["folder"]).exists()
        assert str(archive) == tags["mlflow.source.name"]
        assert not any(name.startswith("mlflow.source.git") for name in tags)
    assert "part\n" == output(mlflow.projects.run("code.zip#sub", "run.sh").run_id)


def test_a_zip_file_of_a_server_is_fetched(mlflow: ModuleType, refused: Refused, tmp_path: Path, web: str) -> None:
    """Its address is shown without a password."""
    zipped(tmp_path / "web" / "code.zip", MLproject=command("echo fetched"))
    with_password = web.replace("http://", "http://user:secret@") + "/code.zip"
    run = mlflow.projects.run(with_password)

    assert "fetched\n" == output(run.run_id)
    assert f"{web}/code.zip" == mlflow.get_run(run.run_id).data.tags["mlflow.source.name"]
    said = refused(with_password.replace("code.zip", "none.zip"))
    assert f"{web}/none.zip answered 404" in said
    (tmp_path / "web" / "text.zip").write_text("no zip")
    assert "cannot be unpacked" in refused(f"{web}/text.zip")


def test_a_server_that_is_not_there_is_told(refused: Refused) -> None:
    """Without the password of the address."""
    said = refused("http://user:secret@127.0.0.1:1/code.zip", kind=ExecutionException)

    assert "http://127.0.0.1:1/code.zip could not be fetched" in said
    assert "secret" not in said


def test_a_program_in_a_zip_file_can_be_executed(mlflow: ModuleType, tmp_path: Path) -> None:
    """Archives keep which files are programs."""
    script = project(tmp_path / "code", command("./run.sh"), run__sh="#!/bin/sh\necho executed\n") / "run.sh"
    script.chmod(0o755)
    shutil.make_archive(str(tmp_path / "code"), "zip", tmp_path / "code")

    assert "executed\n" == output(mlflow.projects.run("code.zip").run_id)


def test_what_was_fetched_goes_when_the_project_is_unusable(refused: Refused, tmp_path: Path) -> None:
    """Failed attempts do not fill the disk; the fixture looks for what is left."""
    zipped(tmp_path / "code.zip", MLproject=command("run {a}", "{a: float}"))

    assert "needs values" in refused("code.zip")
    assert "type float" in refused("code.zip", parameters={"a": "x"})
    assert "no entry point" in refused("code.zip", "other")


def test_a_fetched_project_can_be_kept(tmp_path: Path) -> None:
    """Backends of others run it later; until then nobody removes it."""
    source = sources.fetch(str(zipped(tmp_path / "code.zip", MLproject=command("true"))))
    source.keep()
    source.close()

    assert (source.folder / "MLproject").exists()
    shutil.rmtree(source.folder.parent)
    with pytest.raises(InvalidProject):
        sources.fetch(str(tmp_path / "none"))


def test_the_requirements_of_the_environment_are_noted(mlflow: ModuleType, tmp_path: Path) -> None:
    """Months later somebody asks which versions a result came from."""
    run = mlflow.projects.run(str(project(tmp_path / "code", command("true"))))

    lines = artifacts(run.run_id, "project")["requirements.txt"].decode().splitlines()
    assert any(line.startswith("pytest==") for line in lines)
    assert sorted(lines, key=str.lower) == lines
