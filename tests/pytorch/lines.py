"""Straight lines for Lightning to find."""

from typing import Any

import lightning
import pytorch_lightning
import torch
from torch.utils.data import DataLoader, TensorDataset


class _Steps:
    """What the modules of both packages do."""

    layer: Any
    log: Any
    parameters: Any

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.layer(rows)

    def _loss(self, batch: Any) -> torch.Tensor:
        return torch.nn.functional.mse_loss(self.forward(batch[0]), batch[1])

    def training_step(self, batch: Any, index: int) -> torch.Tensor:
        loss = self._loss(batch)
        self.log("train_loss", loss)
        self.log("both", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self.log("val_loss", self._loss(batch))

    def test_step(self, batch: Any, index: int) -> None:
        """Lightning's own name for it."""
        self.log("test_loss", self._loss(batch))

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=0.05)


class Line(_Steps, lightning.LightningModule):  # type: ignore[misc]
    """For the package called lightning."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)


class OldLine(_Steps, pytorch_lightning.LightningModule):  # type: ignore[misc]
    """For the package called pytorch_lightning."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)


def batches() -> Any:
    """Three batches of eight rows."""
    rows = torch.randn(24, 3, generator=torch.Generator().manual_seed(7))
    return DataLoader(TensorDataset(rows, rows.sum(1, keepdim=True)), batch_size=8)


def trainer(package: Any, epochs: int = 2, **options: Any) -> Any:
    """A quiet trainer of one of the packages."""
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    options = {"enable_checkpointing": False, "log_every_n_steps": 1, **quiet, **options}
    return package.Trainer(max_epochs=epochs, accelerator="cpu", devices=1, **options)
