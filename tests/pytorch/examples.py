"""Models of PyTorch."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import torch

from tests.flavors.examples import Example
from tests.pytorch.nets import Net

_RANDOM = np.random.default_rng(7)
ROWS = _RANDOM.normal(size=(40, 3)).astype(np.float32)
TABLE = pd.DataFrame(ROWS, columns=["a", "b", "c"])
TARGET = np.stack([ROWS.sum(axis=1), ROWS[:, 0] - ROWS[:, 2]], axis=1)
PICKLE = {"serialization_format": "pickle"}


def trained(model: Any, *inputs: Any) -> Any:
    """A module after a few steps, on a device of this machine."""
    torch.manual_seed(7)
    tensors = [torch.from_numpy(one) for one in inputs or (ROWS,)]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(*tensors), torch.from_numpy(TARGET))
        loss.backward()
        optimizer.step()
    return model.eval()


def _network() -> Any:
    torch.manual_seed(7)
    return trained(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2)))


def _scripted() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(_network())


def _by_tensor(model: Any, rows: Any) -> Any:
    values = rows.to_numpy() if isinstance(rows, pd.DataFrame) else rows
    with torch.no_grad():
        return model(torch.tensor(values, dtype=torch.float32)).numpy()


EXAMPLES = [
    Example("pickled", _network, ROWS, _by_tensor, options=PICKLE, forms={"table": TABLE}),
    Example("exported", _network, ROWS, _by_tensor, options={"input_example": ROWS}),
    Example("table", _network, TABLE, _by_tensor, options=PICKLE, forms={"array": ROWS}),
    Example("scripted", _scripted, ROWS, _by_tensor, options=PICKLE),
    Example("custom", lambda: trained(Net()), ROWS, _by_tensor, options=PICKLE),
]
