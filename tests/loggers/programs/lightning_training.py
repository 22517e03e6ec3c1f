"""Trains a straight line with Lightning, which logs through its MLFlowLogger."""

import os

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import MLFlowLogger
from torch.utils.data import DataLoader, TensorDataset


class Line(LightningModule):
    def __init__(self, learning_rate: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, batch_index):
        inputs, targets = batch
        loss = torch.nn.functional.mse_loss(self.layer(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.learning_rate)


seed_everything(1, verbose=False)
inputs = torch.rand(32, 1)
logger = MLFlowLogger(
    experiment_name="lightning",
    run_name="a line",
    tracking_uri=os.environ["MLFLOW_TRACKING_URI"],
    tags={"kind": "test"},
    log_model=True,
)
trainer = Trainer(
    accelerator="cpu",
    max_epochs=3,
    logger=logger,
    log_every_n_steps=1,
    enable_progress_bar=False,
    enable_model_summary=False,
    callbacks=[ModelCheckpoint(dirpath="checkpoints")],
)
trainer.fit(Line(learning_rate=0.1), DataLoader(TensorDataset(inputs, 2 * inputs + 1), batch_size=8))
