"""Modules of PyTorch that tests train. Models bring this file in their code."""

import threading

import torch


class Net(torch.nn.Module):  # type: ignore[misc]
    """A layer, whose result may be scaled by a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, rows: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        return self.layer(rows) * scale


class Two(torch.nn.Module):  # type: ignore[misc]
    """Takes two tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return self.layer(left + right)


class Named(torch.nn.Module):  # type: ignore[misc]
    """Gives a dictionary of tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)

    def forward(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        scores = self.layer(rows)
        return {"scores": scores, "best": scores.argmax(1)}


class Pair(torch.nn.Module):  # type: ignore[misc]
    """Gives two tensors."""

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return rows, rows


class Branching(torch.nn.Module):  # type: ignore[misc]
    """What it does depends on the numbers, which no traced program can tell."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows if float(rows.sum()) > 0 else -rows


class Unpicklable(torch.nn.Module):  # type: ignore[misc]
    """Holds something of this process only."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
