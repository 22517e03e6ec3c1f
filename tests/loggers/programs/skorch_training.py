"""A network of skorch learns a line, and its callback logs the epochs."""

import mlflow
import numpy as np
import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import MlflowLogger

torch.manual_seed(0)
x = np.linspace(-1, 1, 64, dtype="float32").reshape(-1, 1)
mlflow.set_experiment("skorch")
with mlflow.start_run():
    logger = MlflowLogger(terminate_after_train=False)
    net = NeuralNetRegressor(torch.nn.Linear(1, 1), max_epochs=3, lr=0.1, callbacks=[logger], verbose=0)
    net.fit(x, 3 * x)
