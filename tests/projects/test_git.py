"""Projects from git repositories: which commit is run, and what stays untouched."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from runyard.exceptions import ExecutionException
from tests.projects.building import Repository, all_runs, command, output, project
from tests.projects.conftest import Refused
from tests.support.postgres import free_port

pytestmark = pytest.mark.usefixtures("forked_python")

COMMIT, BRANCH, ADDRESS = (f"mlflow.source.git.{name}" for name in ("commit", "branch", "repoURL"))


def saying(word: str) -> str:
    """A project that says a word."""
    return command(f"echo {word}")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with the commits ``one`` (tag v1), ``two`` (branch more/work) and ``three`` (main)."""
    made = Repository(tmp_path_factory.mktemp("first") / "origin")
    made.commit(saying("one"))
    made.git("tag", "v1")
    made.git("switch", "--quiet", "--create", "more/work")
    made.commit(saying("two"))
    made.git("switch", "--quiet", "main")
    (made.folder / "sub").mkdir()
    project(made.folder / "sub", saying("three-below"))
    made.commit(saying("three"))
    return made


@pytest.fixture
def origin(first: Repository, tmp_path: Path) -> Repository:
    """The same, for a test to change."""
    return Repository(tmp_path / "origin", like=first)


@pytest.fixture(scope="module")
def bare(first: Repository) -> Path:
    """The same, as on a server. Nothing writes to it."""
    folder = first.folder.with_name("bare.git")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(first.folder), str(folder)], check=True)
    return folder


@pytest.fixture(scope="module")
def daemon(bare: Path) -> Iterator[str]:
    """The same, at an address that git's own server answers."""
    port = free_port()
    options = ["--export-all", f"--base-path={bare.parent}", "--listen=127.0.0.1", f"--port={port}", "--reuseaddr"]
    server = subprocess.Popen(["git", "daemon", *options], stderr=subprocess.DEVNULL, start_new_session=True)
    address = f"git://127.0.0.1:{port}/bare.git"
    while subprocess.run(["git", "ls-remote", address], capture_output=True, check=False).returncode:
        time.sleep(0.05)
    yield address
    os.killpg(server.pid, 15)
    server.wait()


def ran(mlflow: ModuleType, uri: str, version: str | None = None) -> tuple[str, dict[str, str]]:
    """What a run of it says, and its tags."""
    run = mlflow.projects.run(uri, version=version)
    return output(run.run_id).strip(), mlflow.get_run(run.run_id).data.tags


@pytest.mark.parametrize("kind", ["daemon", "bare", "origin"])
def test_every_kind_of_version_is_found(
    mlflow: ModuleType, origin: Repository, request: pytest.FixtureRequest, kind: str
) -> None:
    """Branches, tags, commits and their short forms, from a server and from this machine."""
    first, second = origin.git("rev-parse", "v1"), origin.git("rev-parse", "more/work")
    place = request.getfixturevalue(kind)
    uri = str(place.folder if kind == "origin" else place)
    versions = {"v1": "one", "more/work": "two", "main": "three", first: "one", second: "two", second[:9]: "two"}
    for version, word in versions.items():
        said, tags = ran(mlflow, uri, version)

        assert (word, origin.git("rev-parse", version)) == (said, tags[COMMIT]), version
        assert tags.get(BRANCH) == (version if version in ("more/work", "main") else None)
        assert (version, uri) == (tags["runyard.project.version"], tags["mlflow.source.name"])


def test_the_default_branch_is_run_when_nothing_is_chosen(
    mlflow: ModuleType, origin: Repository, bare: Path, daemon: str
) -> None:
    """Without a version a repository gives what a clone gives."""
    for uri in (daemon, str(bare), bare.as_uri(), f"{bare.as_uri()}#sub"):
        said, tags = ran(mlflow, uri)

        assert ("three-below" if uri.endswith("#sub") else "three") == said
        assert origin.git("rev-parse", "main") == tags[COMMIT]
    assert daemon == ran(mlflow, daemon)[1][ADDRESS]


def test_a_folder_of_a_repository_is_run_at_a_version(mlflow: ModuleType, origin: Repository) -> None:
    """The folder that was named, as it was then: also by its path, or from a worktree."""
    for uri in (f"{origin.folder}/sub", f"{origin.folder}#sub", f"file://{origin.folder}#sub"):
        assert "three-below" == ran(mlflow, uri, "main")[0]
    origin.git("worktree", "add", "--quiet", "../tree", "more/work")

    assert "one" == ran(mlflow, str(origin.folder.parent / "tree"), "v1")[0]
    assert "two" == ran(mlflow, str(origin.folder.parent / "tree"))[0]


def test_a_folder_that_a_version_does_not_have_is_told(refused: Refused, origin: Repository) -> None:
    """It is there now, and was not then."""
    for uri in (f"{origin.folder}/sub", f"{origin.folder}#sub"):
        said = refused(uri, version="v1", experiment_name="new")

        assert "v1" in said
        assert "sub" in said


@pytest.mark.parametrize(
    "version", ["none", "0123456789012345678901234567890123456789", "0123456", "refs/heads/none", "origin/none", "v1/x"]
)
def test_a_version_that_is_not_there_is_told(refused: Refused, daemon: str, version: str) -> None:
    """Nothing is run instead of it, and nothing is left."""
    said = refused(daemon, version=version, experiment_name="new")

    assert f"{daemon} has no branch, tag or commit '{version}'" in said


@pytest.mark.parametrize(
    "version",
    ["-x", "--upload-pack=touch pwned", "v1..main", "main:MLproject", "main~1", "main^", "@{-1}", "HEAD@{1}", "a b",
     "", "+main", "main\n", "main;touch pwned", "$(touch pwned)", "*", "..", "/main"],
)  # fmt: skip
def test_a_version_is_a_name_and_nothing_else_to_git(
    refused: Refused, origin: Repository, bare: Path, version: str
) -> None:
    """Options, ranges and expressions are refused before git sees them."""
    for uri in (str(origin.folder), str(bare), "git://127.0.0.1:1/x.git"):
        assert "is not the name of a branch, a tag or a commit" in refused(uri, version=version)
    assert not list(origin.folder.parent.rglob("pwned"))


@pytest.mark.parametrize("uri", ["ssh://-oProxyCommand=touch%20pwned/x", "git@-oProxyCommand=touch:x", "file://x/y"])
def test_an_address_is_not_an_option(refused: Refused, tmp_path: Path, uri: str) -> None:
    """Hosts that begin with a dash were how git ran programs of strangers."""
    refused(uri)

    assert not list(tmp_path.rglob("pwned"))


def test_the_users_checkout_stays_as_it_is(
    mlflow: ModuleType, origin: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running an old version leaves the working copy as it is: also from within a hook, where git sets variables."""
    project(origin.folder, saying("changed"), staged__txt="", new__txt="")
    origin.git("add", "staged.txt")
    os.utime(origin.folder / "sub" / "MLproject")
    before = origin.state()
    for _ in range(2):
        assert "one" == ran(mlflow, str(origin.folder), "v1")[0]
        assert "changed" == ran(mlflow, str(origin.folder))[0]
        assert before == origin.state()
        monkeypatch.setenv("GIT_INDEX_FILE", str(origin.folder / ".git" / "index"))
        monkeypatch.setenv("GIT_DIR", str(origin.folder / ".git"))
    for name in ("GIT_INDEX_FILE", "GIT_DIR"):
        monkeypatch.delenv(name)
    assert before == origin.state()


@pytest.mark.parametrize("password", ["secret", "sec%40ret", "secret@more"])
def test_credentials_of_an_address_are_shown_nowhere(
    refused: Refused, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], password: str
) -> None:
    """Tokens in addresses are common, and error messages end in tickets."""
    address = f"https://user:{password}@127.0.0.1:1/x.git"
    for uri in (address, f"{address}#sub"):
        said = refused(uri, version="main")
        printed = "".join([said, caplog.text, *capfd.readouterr()])

        assert "https://127.0.0.1:1/x.git could not be fetched; git says" in said
        assert not any(word in printed for word in ("user", "sec", "ret", "more"))


def test_credentials_are_in_no_tag(mlflow: ModuleType, origin: Repository) -> None:
    """The address of a checkout's origin often has a token in it."""
    origin.git("remote", "add", "origin", "https://user:se@cret@example.org/x.git")
    _, tags = ran(mlflow, str(origin.folder))

    assert "https://example.org/x.git" == tags[ADDRESS]
    assert not any("cret" in text for text in tags.values())


def test_credentials_are_used_and_not_passed_on(mlflow: ModuleType, bare: Path, tmp_path: Path, web: str) -> None:
    """Neither tags nor the program, which may log where it comes from, have them; plain file servers do for git."""
    shutil.copytree(bare, tmp_path / "web" / "x.git")
    subprocess.run(["git", "update-server-info"], cwd=tmp_path / "web" / "x.git", check=True)
    uri = web.replace("http://", "http://user:secret@") + "/x.git"
    made = Repository(tmp_path / "asking")
    commit = made.commit(command("git remote -v; git config --get-regexp url"))
    made.git("push", "--quiet", str(tmp_path / "web" / "x.git"), "main:asking")
    subprocess.run(["git", "update-server-info"], cwd=tmp_path / "web" / "x.git", check=True)
    for version, word in ((None, "three"), ("v1", "one"), ("asking", "origin"), (commit[:10], "origin")):
        said, tags = ran(mlflow, uri, version)

        assert word in said
        assert (f"{web}/x.git", f"{web}/x.git") == (tags["mlflow.source.name"], tags[ADDRESS])
        assert not any("secret" in text for text in (said, *tags.values()))


def test_submodules_come_along(mlflow: ModuleType, origin: Repository, tmp_path: Path, daemon: str) -> None:
    """Code that a repository takes from another one is there, at the commit that it names."""
    outer = Repository(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", daemon, "inner")
    outer.commit(command("cat inner/MLproject"))

    assert "echo three" in ran(mlflow, str(outer.folder), "main")[0]


def test_a_submodule_cannot_run_a_program(refused: Refused, tmp_path: Path) -> None:
    """Addresses in a repository are as foreign as the repository."""
    outer = Repository(tmp_path / "outer")
    (outer.folder / ".gitmodules").write_text(f'[submodule "x"]\npath = x\nurl = "ext::touch {tmp_path}/pwned"\n')
    outer.commit(saying("outer"))
    outer.git("update-index", "--add", "--cacheinfo", f"160000,{outer.git('rev-parse', 'HEAD')},x")
    outer.git("commit", "--quiet", "--message", "module")

    assert "could not be fetched" in refused(str(outer.folder), version="main")
    assert not (tmp_path / "pwned").exists()


def test_a_repository_without_commits_is_told(refused: Refused, tmp_path: Path) -> None:
    """There is nothing to run in it yet."""
    empty = Repository(tmp_path / "empty")

    assert "has no branch, tag or commit 'main'" in refused(str(empty.folder), version="main")
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "empty.git")], check=True)
    assert "has no branch, tag or commit 'HEAD'" in refused(str(tmp_path / "empty.git"))


def test_without_git_the_error_says_so(
    refused: Refused, mlflow: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projects in folders do not need it."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "echo"):
        (programs / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(programs))
    said = refused("https://127.0.0.1:1/x.git", kind=ExecutionException)

    assert "'git' is not installed" in said
    mlflow.projects.run(str(project(tmp_path / "code", saying("fine"))))
    assert "FINISHED" == all_runs()[-1].info.status
