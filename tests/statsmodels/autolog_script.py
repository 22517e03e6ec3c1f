"""Fits models of statsmodels with automatic logging, and prints what the runs have.

    python autolog_script.py MODULE

MODULE is `mlflow` or `runyard`; the store is in the working directory.
"""

import importlib
import json
import sys
import warnings

import statsmodels.api as sm
import statsmodels.formula.api as smf

from tests.statsmodels.examples import CLASSES, ROWS, SERIES, TARGET

warnings.simplefilter("ignore")
sdk = importlib.import_module(sys.argv[1])
sdk.set_tracking_uri("sqlite:///runs.db")
sdk.statsmodels.autolog(registered_model_name="fits", extra_tags={"team": "red"})

FITS = {
    "linear": lambda: sm.OLS(TARGET, ROWS).fit(),
    "robust": lambda: sm.OLS(TARGET, ROWS).fit(cov_type="HC1", use_t=True),
    "glm": lambda: sm.GLM(CLASSES, ROWS, family=sm.families.Binomial()).fit(),
    "logit": lambda: sm.Logit(CLASSES, ROWS).fit(disp=0, maxiter=20),
    "formula": lambda: smf.ols("y ~ a + b", ROWS.assign(y=TARGET)).fit(),
    "series": lambda: sm.tsa.ARIMA(SERIES, order=(1, 0, 0)).fit(),
    "regularized": lambda: sm.OLS(TARGET, ROWS).fit_regularized(alpha=0.1),
    "rlm": lambda: sm.RLM(TARGET, ROWS).fit(),
}
client = sdk.tracking.MlflowClient() if sys.argv[1] == "mlflow" else sdk.RunyardClient()
found = {}
known: set[str] = set()
for name, fit in FITS.items():
    sdk.set_experiment(name)
    fit()
    experiment = client.get_experiment_by_name(name).experiment_id
    runs = client.search_runs([experiment])
    found[name] = []
    for run in runs:
        outputs = client.get_run(run.info.run_id).outputs
        models = [client.get_logged_model(output.model_id) for output in outputs.model_outputs]
        found[name].append(
            {
                "status": run.info.status,
                "tags": {key: value for key, value in run.data.tags.items() if key in ("mlflow.autologging", "team")},
                "params": run.data.params,
                "metrics": run.data.metrics,
                "artifacts": [file.path for file in client.list_artifacts(run.info.run_id)],
                "datasets": len(run.inputs.dataset_inputs),
                "models": [
                    {
                        "name": model.name,
                        "status": str(model.status),
                        "params": model.params,
                        "metrics": sorted(metric.key for metric in model.metrics or ()),
                    }
                    for model in models
                ],
            }
        )
found["versions"] = len(client.search_model_versions("name = 'fits'"))
print(json.dumps(found))
