"""``runyard models predict --engine``: folders of files, from the command line."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Runyard
from tests.scoring.folders import a_model, an_input, failing_model

pytestmark = [pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore::ResourceWarning")]


def test_a_folder_is_predicted_for_and_the_file_that_fails_is_named(runyard: Runyard, store: Path) -> None:
    """The exit code tells; the second time only what failed is tried again."""
    an_input(store / "in")
    pd.DataFrame({"id": ["1"], "a": [-1.0], "b": [1.0]}).to_parquet(store / "in" / "negative.parquet")
    command = ["models", "predict", "-m", failing_model(store), "-i", "in", "-o", "out", "--engine", "dask"]
    command += ["--workers", "2", "--keep", "id", "--output-format", "csv"]

    done = runyard(*command)

    assert 1 == done.code
    assert "negative.parquet failed: ValueError: -1.0 is negative" in done.err
    assert done.out.startswith("4 files, 86 rows in ")
    assert done.out.endswith("s; 1 failed\n")
    assert ["id", "prediction"] == list(pd.read_csv(store / "out" / "part-0.csv").columns)
    (store / "in" / "negative.parquet").unlink()
    again = runyard(*command)
    assert 0 == again.code
    assert again.out.endswith("s; 4 were done before\n")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--engine", "dask", "-i", "in"], "needs two folders"),
        (["--engine", "dask", "-t", "csv"], "--content-type is not for folders"),
        (["--keep", "id"], "--keep is for folders: it needs --engine"),
        (["-i", "in"], "a folder needs --engine"),
        (["--engine", "dask", "--params", "7"], "not an object of names and values"),
        (["--engine", "dask", "-i", "nowhere", "-o", "out"], "no .parquet, .csv or .csv.gz file in"),
        (["--engine", "hadoop"], "'hadoop' is not one of 'spark', 'dask', 'ray'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    runyard: Runyard, store: Path, options: list[str], says: str
) -> None:
    """With the option that is wrong or missing."""
    (store / "in").mkdir()

    done = runyard("models", "predict", "-m", a_model(store), *options)

    assert 0 != done.code
    assert says in done.err


def test_one_request_is_answered_as_before(runyard: Runyard, store: Path) -> None:
    """Without an engine the input is a request's body."""
    (store / "request.json").write_text('{"dataframe_records": [{"a": 1.0, "b": 0.5}]}')

    done = runyard("models", "predict", "-m", a_model(store), "-i", "request.json", "--env-manager", "local")

    assert {"predictions": [2.5]} == json.loads(done.out)
