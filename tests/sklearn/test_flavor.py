"""Models of scikit-learn: formats, methods, signatures."""

import logging
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import runyard
from runyard import sklearn
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models import infer_signature
from runyard.sklearn.pyfunc import SklearnModel

ROWS = pd.DataFrame({"a": [0.5, 1.5, 2.5, 4.0], "b": ["x", "y", "x", "y"]})
CLASSES = pd.Series(["no", "yes", "no", "yes"])
NONE: dict[str, Any] = {"pip_requirements": []}


def _pipeline() -> Any:
    columns = ColumnTransformer([("a", StandardScaler(), ["a"]), ("b", OneHotEncoder(), ["b"])])
    return make_pipeline(columns, LogisticRegression()).fit(ROWS, CLASSES)


@pytest.mark.parametrize("chosen", sklearn.SUPPORTED_SERIALIZATION_FORMATS)
def test_a_pipeline_is_saved_in_every_format(chosen: str, store: Path) -> None:
    """It predicts as before, as itself and as a pyfunc; the description names the format and the version."""
    model = _pipeline()
    sklearn.save_model(model, "model", serialization_format=chosen, **NONE)
    assert sklearn.load_model("model").predict(ROWS).tolist() == model.predict(ROWS).tolist()
    assert list(runyard.pyfunc.load_model("model").predict(ROWS)) == list(model.predict(ROWS))
    flavor = yaml.safe_load(Path("model/MLmodel").read_text(encoding="utf-8"))["flavors"]["sklearn"]
    assert flavor["serialization_format"] == chosen
    assert flavor["sklearn_version"]
    assert Path("model", flavor["pickled_model"]).suffix == (".skops" if chosen == "skops" else ".pkl")


def test_skops_is_chosen_where_it_can_hold_the_model(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Code of one's own cannot be held by it: such a model is pickled, and that is said."""
    sklearn.save_model(LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0]), "plain", **NONE)
    assert Path("plain/model.skops").exists()
    own = make_pipeline(FunctionTransformer(lambda rows: rows * 2), LinearRegression()).fit(ROWS[["a"]], [1, 2, 3, 4])
    with caplog.at_level(logging.WARNING, logger="runyard"):
        sklearn.save_model(own, "own", **NONE)
    assert Path("own/model.pkl").exists()
    assert "pickle" in caplog.text


@pytest.mark.parametrize("method", ["predict_proba", "predict_log_proba", "decision_function"])
def test_a_pyfunc_can_use_another_method(method: str, store: Path) -> None:
    """Such as the probabilities instead of the classes."""
    model = _pipeline()
    sklearn.save_model(model, "model", pyfunc_predict_fn=method, **NONE)
    answer = runyard.pyfunc.load_model("model").predict(ROWS)
    assert np.allclose(answer, getattr(model, method)(ROWS))


def test_a_signature_comes_from_the_example(store: Path) -> None:
    """It has the input's columns and the answer's type; the raw model can be had from the pyfunc."""
    sklearn.save_model(_pipeline(), "model", input_example=ROWS.head(2), **NONE)
    loaded = runyard.pyfunc.load_model("model")
    assert loaded.metadata.signature == infer_signature(ROWS, CLASSES.to_numpy())
    assert isinstance(loaded.get_raw_model()[-1], LogisticRegression)


def test_inferred_requirements_are_pinned(store: Path) -> None:
    """What the model needs is found by loading it."""
    sklearn.save_model(_pipeline(), "model", input_example=ROWS.head(2))
    lines = Path("model/requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("==")[0]: line.partition("==")[2] for line in lines}
    assert names["scikit-learn"]
    assert names["pandas"] == pd.__version__
    assert "runyard" not in names


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "an unknown format": (LinearRegression(), {"serialization_format": "joblib"}, "'joblib'"),
    "an unknown method": (LinearRegression(), {"pyfunc_predict_fn": "guess"}, "'guess'"),
    "a class": (LinearRegression, {}, "give LinearRegression()"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_saved_is_refused(name: str, store: Path) -> None:
    """The message names the value."""
    model, arguments, says = BAD[name]
    with pytest.raises(RunyardException) as refused:
        sklearn.save_model(model, "model", **NONE, **arguments)
    assert says in refused.value.message


def test_a_model_that_cannot_be_pickled_is_refused(store: Path) -> None:
    """Plain pickle cannot hold a lambda; the message says what to do."""
    own = make_pipeline(FunctionTransformer(lambda rows: rows), LinearRegression()).fit(ROWS[["a"]], [1, 2, 3, 4])
    with pytest.raises(InvalidParameter, match="serialization_format"):
        sklearn.save_model(own, "model", serialization_format="pickle", **NONE)


def test_a_file_that_is_not_a_model_is_told_in_words(store: Path) -> None:
    """A broken pickle is an error with the file's name, not a crash of the library."""
    sklearn.save_model(LinearRegression().fit([[1.0]], [1]), "model", serialization_format="pickle", **NONE)
    Path("model/model.pkl").write_bytes(pickle.dumps(3)[:-1])
    with pytest.raises(RunyardException, match="model"):
        sklearn.load_model("model")


def _numbers() -> pd.DataFrame:
    return pd.DataFrame({"a": [0.5, 1.5, 2.5, 4.0], "n": [1, 2, 3, 4]})


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RandomForestClassifier(5, random_state=0),
        SVC(),
        KNeighborsClassifier(2),
        VotingClassifier([("one", make_pipeline(ColumnTransformer([("a", StandardScaler(), ["a"])]), GaussianNB()))]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_that_is_served_predicts_as_before(model: Any) -> None:
    """Tables are handed over as arrays where the model makes some itself, without warnings, and only then."""
    rows = _numbers()
    model.fit(rows, CLASSES)
    plain, served = SklearnModel(model, "predict"), SklearnModel(model, "predict")
    with warnings.catch_warnings():
        served.prepare_to_serve()
        assert list(served.predict(rows)) == list(plain.predict(rows))
        for other in (rows[["n", "a"]], rows.rename(columns={"a": "b"}), rows.astype({"n": "Int64"})):
            assert _outcome(served, other) == _outcome(plain, other)


def _outcome(model: SklearnModel, rows: pd.DataFrame) -> Any:
    try:
        return list(model.predict(rows))
    except ValueError as problem:
        return str(problem)
