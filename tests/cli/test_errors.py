"""What a command says that was refused: one line for people, and an object for programs that asked for JSON."""

from pathlib import Path

import pytest

from runyard.client import RunyardClient
from tests.cli.conftest import Runyard

REFUSED: list[tuple[list[str], str]] = [
    (["artifacts", "list", "-r", "nosuch"], "No run has the id 'nosuch'"),
    (["artifacts", "download", "-u", "models:/Nope/1"], "No registered model is named 'Nope'"),
    (["artifacts", "log-artifact", "-l", "text", "-r", "nosuch"], "No run has the id 'nosuch'"),
    (["experiments", "create", "-n", ""], "Missing value for required parameter 'name'"),
    (["experiments", "csv", "-x", "77"], "No experiment has the id 77"),
    (["experiments", "csv", "-x", "0", "-o", "no/such/folder.csv"], "no/such/folder.csv: No such file or directory"),
    (["experiments", "rename", "-x", "0", "--new-name", ""], "Missing value for required parameter 'new_name'"),
    (["db", "upgrade", "sqlite:///text"], "no SQLite database"),
    (["gc", "--run-ids", "nosuch", "--backend-store-uri", "sqlite:///runyard.db"], "No run has the id 'nosuch'"),
    (["models", "predict", "-m", "text"], "'{folder}/text' is not a model's folder"),
    (["models", "predict", "-m", "broken", "--env-manager", "local"], "cannot be read as a model's description: line"),
    (["registry", "create-version", "M", "--source", ""], "Missing value for required parameter 'source'"),
    (["registry", "delete-alias", "M", ""], "Missing value for required parameter 'alias'"),
    (["registry", "create-version", "M", "--source", "s3://[b/m"], "'s3://[b/m' is not a valid address"),
    (["models", "predict", "-m", "s3://[b/m"], "'s3://[b/m' is not a valid address"),
    (["registry", "show", "Nope"], "No registered model is named 'Nope'"),
    (["run", "text"], "There is no project at 'text'"),
    (["run", "http://[b/p"], "'http://[b/p' is not a valid address"),
    (["runs", "list", "-x", "77"], "No experiment has the id 77"),
    (["runs", "list", "-x", "0", "--filter", "bad ="], "params.bad or tags.bad. (character 1)"),
    (["runs", "delete", "-r", "nosuch"], "No run has the id 'nosuch'"),
    (["sync", "--export", "no/such/file"], "no/such/file: No such file or directory"),
]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A registered model, a file that is neither a database nor a model, and a model's folder with a broken file."""
    RunyardClient().create_registered_model("M")
    (tmp_path / "text").write_text("neither a database nor a model")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "MLmodel").write_text("flavors: [unclosed\n")
    monkeypatch.setenv("RUNYARD_SPOOL_DIR", str(tmp_path / "spool"))


@pytest.mark.parametrize(("arguments", "reason"), REFUSED, ids=[" ".join(arguments) for arguments, _ in REFUSED])
def test_a_refused_command_says_why_in_one_line(
    runyard: Runyard, tmp_path: Path, arguments: list[str], reason: str
) -> None:
    """Neither a traceback nor a success that did nothing."""
    done = runyard(*arguments)

    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("Error: ")
    assert reason.format(folder=tmp_path) in done.err
    assert 1 == len(done.err.splitlines())
    assert "report it" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["experiments", "get", "-x", "77"],
        ["runs", "list", "-x", "77"],
        ["registry", "show", "M", "9"],
        ["registry", "set-alias", "M", "a", "9"],
        ["registry", "promote", "M", "9", "--alias", "a", "--if", "metrics.f1 > 1"],
        ["artifacts", "list", "-u", "models:/M/9"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_who_asks_for_json_gets_errors_as_json(runyard: Runyard, arguments: list[str]) -> None:
    """A program reads the reason from the same place as the answer; people still have their line."""
    done = runyard(*arguments, "--output", "json")

    assert (1, "RESOURCE_DOES_NOT_EXIST") == (done.code, done.json["error_code"])
    assert done.err == f"Error: {done.json['message']}\n"
