"""Explainers as models, and explanations that are kept with the run."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import runyard
from runyard import shap as flavor
from runyard.exceptions import InvalidParameter
from tests.shap.examples import FEW, ROWS, TARGET, forest, line, shap


def test_a_model_of_scikit_learn_is_a_model_beside_its_explainer(store: Path) -> None:
    """It can be loaded by itself; without `serialize_model_using_mlflow` it is in the explainer's file."""
    explainer = shap.ExactExplainer(line().predict, ROWS.to_numpy())
    flavor.save_explainer(explainer, "apart", pip_requirements=[])
    flavor.save_explainer(explainer, "together", serialize_model_using_mlflow=False, pip_requirements=[])

    np.testing.assert_allclose(runyard.sklearn.load_model("apart/underlying_model").predict(ROWS.to_numpy()), TARGET)
    assert not Path("together/underlying_model").exists()
    expected = explainer(FEW.to_numpy()).values
    for folder in ("apart", "together"):
        np.testing.assert_allclose(flavor.load_explainer(folder)(FEW.to_numpy()).values, expected)


def test_an_explainer_that_shap_cannot_read_again_is_kept(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Such as those of trees; and shap's own prints of what it reads do not reach the program."""
    explainer = shap.TreeExplainer(forest())
    flavor.save_explainer(explainer, "trees", pip_requirements=[])

    expected = explainer(FEW.to_numpy()).values
    np.testing.assert_allclose(flavor.load_explainer("trees")(FEW.to_numpy()).values, expected)
    np.testing.assert_allclose(runyard.pyfunc.load_model("trees").predict(FEW.to_numpy()), expected)
    assert capsys.readouterr().out == ""


def test_anything_else_is_refused(store: Path) -> None:
    """With the type that was given."""
    with pytest.raises(InvalidParameter, match="explainer of shap, not LinearRegression"):
        flavor.save_explainer(line(), "model")


def test_an_explanation_is_kept_with_the_run(mlflow: ModuleType, store: Path) -> None:
    """Base values, contributions and a plot; the address of their folder is the answer."""
    with mlflow.start_run() as run:
        address = mlflow.shap.log_explanation(line().predict, ROWS.head(10).to_numpy())

    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=address))
    assert {file.name for file in folder.iterdir()} == {"base_values.npy", "shap_values.npy", "summary_bar_plot.png"}
    assert np.load(folder / "shap_values.npy").shape == (10, 3)
    assert address.endswith(f"{run.info.run_id}/artifacts/model_explanations_shap")
