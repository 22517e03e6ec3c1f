"""Log a forecaster with sktime's own flavor (`log`), and load what another program has logged (`load`)."""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from sktime.datasets import load_airline
from sktime.forecasting.naive import NaiveForecaster
from sktime.utils import mlflow_sktime

predictions = Path("predictions.json")
if sys.argv[1] == "log":
    forecaster = NaiveForecaster(strategy="drift").fit(load_airline(), fh=[1, 2, 3])
    predictions.write_text(json.dumps(forecaster.predict().tolist()))
    mlflow_sktime.save_model(forecaster, "saved")
    with mlflow.start_run():
        mlflow_sktime.log_model(forecaster, "model", registered_model_name="airline", extra_pip_requirements=["pandas"])
expected = json.loads(predictions.read_text())
for model in ("saved", "models:/airline/1"):
    assert np.allclose(expected, mlflow_sktime.load_model(model).predict())
    assert np.allclose(expected, mlflow.pyfunc.load_model(model).predict(pd.DataFrame()))
