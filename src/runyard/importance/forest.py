"""How much params tell about a metric together: what an ensemble of trees loses when one of them is shuffled."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runyard.core.libraries import np
from runyard.importance.ranks import Value, ranks

FEWEST_RUNS = 20
MOST_RUNS = 1_200
TREES, FOLDS, SHUFFLES = 64, 3, 3
_LEAF, _TRIED = 2, 0.7
Array = Any


@dataclass(frozen=True)
class Forest:
    """What the trees found.

    Attributes
    ----------
    runs: How many runs they were grown and tested on.
    explained: R² of the predicted ranks of the metric, of runs that the trees had not seen; below 0 where the mean
        would have been the better guess.
    importances: For each param the mean loss of that when its values are shuffled.
    deviations: How far these are apart between the shuffles.
    """

    runs: int
    explained: float
    importances: Sequence[float]
    deviations: Sequence[float]


def grow(params: Sequence[Sequence[Value]], metric: Sequence[float]) -> Forest:
    """Permutation importance (L. Breiman, 2001) of params, by extremely randomised trees on held-out runs.

    Ranks of the metric are predicted, so that one run that diverged does not decide it.

    Parameters
    ----------
    params: For each param its values, None where a run has none.
    metric: The metric of each run: finite numbers.

    Raises
    ------
    ImportError: scikit-learn is not installed.
    """
    ensemble, selection = (importlib.import_module(f"sklearn.{name}") for name in ("ensemble", "model_selection"))
    chance = np.random.default_rng(0)
    kept = sorted(chance.permutation(len(metric))[:MOST_RUNS].tolist())
    target = np.array(ranks([metric[place] for place in kept])) / len(kept)
    table = np.column_stack([_numbers([values[place] for place in kept]) for values in params])
    scores, losses = [], []
    for known, held in selection.KFold(FOLDS, shuffle=True, random_state=0).split(table):
        trees = ensemble.ExtraTreesRegressor(TREES, min_samples_leaf=_LEAF, max_features=_TRIED, random_state=0)
        trees.fit(table[known], target[known])
        scores.append(_explained(target[held], trees.predict(table[held])))
        losses.append(scores[-1] - _shuffled(trees, table[held], target[held], chance))
    of_shuffles = np.concatenate(losses)
    means, deviations = of_shuffles.mean(axis=0).tolist(), of_shuffles.std(axis=0).tolist()
    return Forest(len(kept), float(np.mean(scores)), means, deviations)


def _shuffled(trees: Any, table: Array, target: Array, chance: Any) -> Array:
    """What is explained when a param's values are in another order, for each shuffle and param."""
    left = np.zeros((SHUFFLES, table.shape[1]))
    for shuffle in range(SHUFFLES):
        for place in range(table.shape[1]):
            changed = table.copy()
            changed[:, place] = chance.permutation(changed[:, place])
            left[shuffle, place] = _explained(target, trees.predict(changed))
    return left


def _explained(target: Array, predicted: Array) -> float:
    total = float(((target - target.mean()) ** 2).sum())
    return 1 - float(((target - predicted) ** 2).sum()) / total if total else 0.0


def _numbers(values: Sequence[Value]) -> Array:
    """A param as the trees take it: the places of its values in their order, texts behind numbers, -1 for none."""
    known = sorted({value for value in values if value is not None}, key=lambda value: (isinstance(value, str), value))
    places = {value: float(place) for place, value in enumerate(known)}
    return np.array([-1.0 if value is None else places[value] for value in values])
