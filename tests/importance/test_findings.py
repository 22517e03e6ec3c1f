"""Which params matter for a metric, on values of which it is known."""

import builtins
import math
import random
from typing import Any

import pytest
from scipy import stats

from runyard.importance import findings
from runyard.importance.findings import RANKS, TREES, find
from runyard.importance.ranks import direction


def a_sweep(runs: int, seed: int = 0) -> tuple[list[float], dict[str, list[Any]]]:
    """Runs whose loss is least in the middle of ``lr``, a little lower with adam, and does not know of ``depth``."""
    chance = random.Random(seed)
    rates = [10 ** chance.uniform(-5, -1) for _ in range(runs)]
    optimizers = [chance.choice(("adam", "sgd")) for _ in range(runs)]
    noise = [chance.gauss(0, 0.1) for _ in range(runs)]
    loss = [
        (math.log10(rate) + 3) ** 2 + (0.5 if optimizer == "sgd" else 0) + extra
        for rate, optimizer, extra in zip(rates, optimizers, noise, strict=True)
    ]
    params: dict[str, list[Any]] = {
        "lr": rates,
        "optimizer": optimizers,
        "depth": [float(chance.randrange(2, 9)) for _ in range(runs)],
    }
    return loss, params


def test_trees_find_the_param_that_matters() -> None:
    """A best value in the middle has no correlation, and matters most of all."""
    loss, params = a_sweep(150)

    found = find(loss, params)

    assert (TREES, 150) == (found.method, found.runs)
    assert ["lr", "optimizer", "depth"] == [each.key for each in found.params]
    assert found.explained is not None
    assert found.explained > 0.8
    lr, optimizer, depth = found.params
    assert lr.importance > 5 * optimizer.importance > 10 * max(depth.importance, 0.001)
    assert ("sgd", "adam") == (optimizer.direction.highest, optimizer.direction.lowest)
    assert not depth.direction.clear


def test_without_scikit_learn_ranks_are_correlated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with its base install answers too, and says which of both it did."""
    loss, params = a_sweep(60)

    def missing(*_: Any) -> None:
        raise ImportError("No module named 'sklearn'")

    monkeypatch.setattr(findings, "grow", missing)
    params["twice"] = [2 * value for value in loss]
    params["seconds"] = [-value for value in loss]

    found = find(loss, params)

    assert (RANKS, False, None) == (found.method, found.installed, found.explained)
    assert {"twice", "seconds"} == {each.key for each in found.params[:2]}
    signs = {each.key: each.direction.rho for each in found.params}
    assert (1.0, -1.0) == (signs["twice"], signs["seconds"])
    assert builtins.all(each.deviation is None for each in found.params)


def test_few_runs_are_not_put_to_trees() -> None:
    """With ten runs trees would tell chance for knowledge."""
    loss, params = a_sweep(10)

    assert (RANKS, True, 10) == ((found := find(loss, params)).method, found.installed, found.runs)
    assert () == find(loss[:2], {"lr": params["lr"][:2]}).params


def test_what_cannot_tell_is_left_out_and_counted() -> None:
    """Equal params, names of runs and runs without the metric."""
    loss, params = a_sweep(40)
    params |= {"same": ["x"] * 40, "folder": [f"out/{place}" for place in range(40)], "none": [None] * 40}
    given: list[float | None] = [None, math.nan, math.inf, *loss[3:]]

    found = find(given, params)

    assert (37, 3, 2, ["folder"]) == (found.runs, found.left_out, found.same, found.names)
    assert {"lr", "optimizer", "depth"} == {each.key for each in found.params}


@pytest.mark.parametrize("seed", range(3))
def test_ranks_are_those_of_scipy(seed: int) -> None:
    """With ties and missing values."""
    chance = random.Random(seed)
    param: list[float | None] = [chance.choice((None, 1.0, 2.0, 3.5, 10.0)) for _ in range(50)]
    metric = [chance.choice((0.1, 0.2, 0.3)) + (value or 0) * 0.01 for value in param]
    pairs = [(value, number) for value, number in zip(param, metric, strict=True) if value is not None]

    found = direction(param, metric)

    expected = stats.spearmanr([value for value, _ in pairs], [number for _, number in pairs])
    assert len(pairs) == found.runs
    assert pytest.approx(expected.statistic) == found.rho
    assert (expected.pvalue < 0.05) == found.clear


def test_texts_are_told_by_what_is_between_them() -> None:
    """A text that decides accounts for nearly all, one that does not for nearly nothing."""
    metric = [float(place % 3 * 100 + place) for place in range(60)]

    decides = direction([("a", "b", "c")[place % 3] for place in range(60)], metric)
    not_so = direction([("a", "b")[place // 3 % 2] for place in range(60)], metric)

    assert decides.explained > 0.8 > 0.1 > not_so.explained
    assert ("c", "a", None) == (decides.highest, decides.lowest, decides.rho)
