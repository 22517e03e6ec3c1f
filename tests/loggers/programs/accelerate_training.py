"""Trains a straight line with Accelerate, which logs through its MLflow tracker."""

import torch
from accelerate import Accelerator

torch.manual_seed(1)
accelerator = Accelerator(log_with="mlflow", cpu=True)
accelerator.init_trackers(
    "accelerate",
    config={"learning_rate": 0.1, "epochs": 5},
    init_kwargs={"mlflow": {"run_name": "a line", "tags": {"kind": "test"}}},
)
inputs = torch.rand(32, 1)
model = torch.nn.Linear(1, 1)
model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
for epoch in range(5):
    loss = torch.nn.functional.mse_loss(model(inputs), 2 * inputs + 1)
    accelerator.backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    accelerator.log({"loss": loss.item()}, step=epoch)
accelerator.end_training()
