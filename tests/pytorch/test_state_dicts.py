"""State dictionaries: stored with a run, read back into a module, by us and by MLflow."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import runyard
from runyard.exceptions import DoesNotExist, InvalidParameter, RunyardException


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_state_dictionary_is_an_artifact_of_the_run(store: Path) -> None:
    """It fits into a new module of the same kind."""
    model = torch.nn.Linear(3, 2)
    with runyard.start_run() as run:
        runyard.pytorch.log_state_dict(model.state_dict(), "weights")

    loaded = runyard.pytorch.load_state_dict(f"runs:/{run.info.run_id}/weights")
    assert _same(model.state_dict(), loaded)
    torch.nn.Linear(3, 2).load_state_dict(loaded)


def test_a_checkpoint_of_several_dictionaries_is_kept(store: Path) -> None:
    """A module's, its optimizer's and the epoch, as training loops store them."""
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    runyard.pytorch.save_state_dict(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, "state"
    )

    loaded = runyard.pytorch.load_state_dict("state")
    assert 3 == loaded["epoch"]
    optimizer.load_state_dict(loaded["optimizer"])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_mlflow_reads_ours_and_we_read_its(store: Path) -> None:
    """The folder has the same file."""
    runyard.pytorch.save_state_dict(torch.nn.Linear(3, 2).state_dict(), "ours")
    program = (
        "import torch, mlflow.pytorch as flavor\n"
        "loaded = flavor.load_state_dict('ours')\n"
        "flavor.save_state_dict({name: 2 * tensor for name, tensor in loaded.items()}, 'theirs')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=240)

    ours, theirs = (runyard.pytorch.load_state_dict(folder) for folder in ("ours", "theirs"))
    assert _same({name: 2 * tensor for name, tensor in ours.items()}, theirs)


def test_what_is_not_a_state_dictionary_is_refused(store: Path) -> None:
    """The messages say what to give, what is missing, and what to do with more than tensors."""
    with pytest.raises(InvalidParameter, match=r"give module\.state_dict\(\)"):
        runyard.pytorch.save_state_dict(torch.nn.Linear(3, 2), "state")
    Path("empty").mkdir()
    with pytest.raises(DoesNotExist, match=r"'state_dict\.pth'"):
        runyard.pytorch.load_state_dict("empty")
    runyard.pytorch.save_state_dict({"module": torch.nn.Linear(3, 2)}, "module")
    with pytest.raises(RunyardException, match="weights_only=False"):
        runyard.pytorch.load_state_dict("module")
    assert 3 == runyard.pytorch.load_state_dict("module", weights_only=False)["module"].in_features
