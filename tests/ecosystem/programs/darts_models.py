"""A forecast of darts, logged by the automatic logging and the flavor that darts brings."""

import mlflow
import numpy as np
from darts import TimeSeries
from darts.metrics import mae
from darts.models import LinearRegressionModel
from darts.utils import mlflow as flavor

series = TimeSeries.from_values(np.arange(40) * 2.0)
mlflow.set_experiment("darts")
flavor.autolog(log_models=False, log_torch_metrics=False)
with mlflow.start_run():
    model = LinearRegressionModel(lags=4)
    model.fit(series[:-5])
    forecast = model.predict(5)
    mae(series[-5:], forecast)
    info = flavor.log_model(model, name="forecaster")
loaded = flavor.load_model(info.model_uri)
assert np.allclose(forecast.values(), loaded.predict(5, series=series[:-5]).values())
