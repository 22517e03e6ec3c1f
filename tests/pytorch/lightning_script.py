"""Trains with Lightning while everything is logged automatically, and prints what each run has.

    python lightning_script.py MODULE

MODULE is `mlflow` or `runyard`.
"""

import importlib
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import lightning
import pytorch_lightning
import torch
from torch.utils.tensorboard import SummaryWriter

from tests.pytorch.lines import Line, OldLine, batches, trainer

NAME = sys.argv[1]
_OF_NOW = ("mlflow.source", "mlflow.user", "mlflow.runName")
sdk = importlib.import_module(NAME)
logging.getLogger(NAME).setLevel(logging.ERROR)
CASES: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {}


def case(**options: Any) -> Callable[[Callable[[], Any]], None]:
    """A training to try with these options of `autolog`."""

    def kept(train: Callable[[], Any]) -> None:
        CASES[train.__name__] = options, train

    return kept


@case(extra_tags={"team": "x"}, registered_model_name="line")
def fit() -> None:
    """With a model that is registered."""
    trainer(lightning).fit(Line(), batches(), batches())


@case(log_models=False, log_every_n_step=2, checkpoint_save_best_only=False, checkpoint_save_freq=2)
def steps() -> None:
    """Metrics and checkpoints of steps."""
    trainer(lightning).fit(Line(), batches(), batches())


@case(log_models=False, log_every_n_epoch=2, checkpoint_save_best_only=False, checkpoint_save_weights_only=True)
def epochs() -> None:
    """Every second epoch."""
    trainer(lightning, epochs=3).fit(Line(), batches(), batches())


@case(log_models=False, checkpoint=False)
def without_validation() -> None:
    """No metric for checkpoints."""
    trainer(lightning).fit(Line(), batches())


@case()
def early_stopping() -> None:
    """By the package's own callback."""
    stopping = pytorch_lightning.callbacks.EarlyStopping("val_loss", min_delta=100.0, patience=1)
    tried = trainer(pytorch_lightning, epochs=6, callbacks=[stopping], enable_checkpointing=True)
    tried.fit(OldLine(), batches(), batches())


@case(log_models=False)
def tested_afterwards() -> None:
    """And trained again, in one run."""
    with sdk.start_run():
        tried, model = trainer(lightning), Line()
        tried.fit(model, batches(), batches())
        tried.test(model, batches(), verbose=False)
        trainer(lightning).fit(model, batches())


@case(log_every_n_step=2)
def tensorboard() -> None:
    """Without Lightning."""
    with sdk.start_run(), SummaryWriter("events") as writer:
        for step in range(4):
            writer.add_scalar("loss", 0.5 * step, step)
        writer.add_hparams({"lr": 0.1}, {"accuracy": 0.5})


@case(exclusive=True)
def exclusive() -> None:
    """In a run of the program."""
    with sdk.start_run():
        trainer(lightning).fit(Line(), batches())


def described(run: Any) -> dict[str, Any]:
    """A run, without what is another each time."""
    client = sdk.MlflowClient()
    run_id = run.info.run_id
    histories = {
        key: sorted((point.step, round(point.value, 5)) for point in client.get_metric_history(run_id, key))
        for key in run.data.metrics
    }
    models = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'")
    return {
        "status": run.info.status,
        "params": run.data.params,
        "metrics": histories,
        "tags": {key: tag for key, tag in run.data.tags.items() if not key.startswith(_OF_NOW)},
        "artifacts": sorted(_files(client, run_id, None)),
        "models": [
            {
                "name": model.name,
                "status": str(model.status),
                "metrics": sorted((metric.key, metric.step) for metric in model.metrics or []),
                "signature": str(sdk.models.get_model_info(f"models:/{model.model_id}").signature),
            }
            for model in models
        ],
    }


def _files(client: Any, run_id: str, folder: str | None) -> list[str]:
    found = client.list_artifacts(run_id, folder)
    return [path for one in found for path in (_files(client, run_id, one.path) if one.is_dir else [one.path])]


answers = {}
for name, (options, train) in CASES.items():
    torch.manual_seed(7)
    sdk.set_experiment(name)
    sdk.pytorch.autolog(**options)
    train()
    sdk.pytorch.autolog(disable=True)
    answers[name] = [described(run) for run in sdk.search_runs(experiment_names=[name], output_format="list")]
print(json.dumps(answers))
