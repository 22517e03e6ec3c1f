"""A project of Kedro whose datasets are those of kedro-mlflow: metrics, a history, an artifact and a model."""

import os
import sys
from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

FILES = {
    "pyproject.toml": """
[tool.kedro]
package_name = "houses"
project_name = "houses"
kedro_init_version = "1.7.0"
source_dir = "src"
""",
    "src/houses/__init__.py": "",
    "src/houses/settings.py": "",
    "src/houses/pipeline_registry.py": """
import pandas as pd
from kedro.pipeline import node, pipeline
from sklearn.linear_model import LinearRegression

def train(slope):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    model = LinearRegression().fit(frame, frame["x"] * slope)
    return model, float(model.coef_[0]), [{"step": step, "value": 1.0 / (step + 1)} for step in range(3)], frame

def check(model):
    return float(model.predict(pd.DataFrame({"x": [10.0]}))[0])

def register_pipelines():
    nodes = [
        node(train, "params:slope", ["model", "slope", "losses", "frame"]), node(check, "model", "predicted"),
    ]
    return {"__default__": pipeline(nodes)}
""",
    "conf/base/parameters.yml": "slope: 2.0\n",
    "conf/base/catalog.yml": """
model:
  type: kedro_mlflow.io.models.MlflowModelTrackingDataset
  flavor: mlflow.sklearn
  save_args: {name: model, pip_requirements: [scikit-learn], serialization_format: cloudpickle}
slope:
  type: kedro_mlflow.io.metrics.MlflowMetricDataset
losses:
  type: kedro_mlflow.io.metrics.MlflowMetricHistoryDataset
  save_args: {mode: history}
predicted:
  type: kedro_mlflow.io.metrics.MlflowMetricDataset
frame:
  type: kedro_mlflow.io.artifacts.MlflowArtifactDataset
  dataset: {type: pandas.CSVDataset, filepath: data/frame.csv}
""",
    "conf/base/mlflow.yml": """
server: {mlflow_tracking_uri: null}
tracking: {experiment: {name: kedro}}
""",
    "conf/local/.keep": "",
}

for name, text in FILES.items():
    file = Path("houses", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
os.chdir("houses")
sys.path.insert(0, "src")
bootstrap_project(Path.cwd())
with KedroSession.create(project_path=Path.cwd()) as session:
    session.run()
