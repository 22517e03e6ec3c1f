"""Logs tensors of PyTorch wherever a number is taken. Its warnings are errors."""

import torch

import runyard
from runyard.entities import Metric

with runyard.start_run() as run:
    loss = torch.tensor([2.0], requires_grad=True) * 1.5
    step = torch.tensor([[3]])
    runyard.log_metric("loss", loss, step)
    runyard.log_metrics({"same": loss.sum(), "true": torch.tensor(True)}, step)
    runyard.MlflowClient().log_batch(run.info.run_id, [Metric("batch", loss, step, torch.tensor(3))])
    runyard.log_dict({"weights": torch.ones(2, requires_grad=True)}, "weights.yaml")
    try:
        runyard.log_metric("many", torch.ones(2))
    except runyard.RunyardException as refusal:
        runyard.set_tag("refusal", refusal.message)
