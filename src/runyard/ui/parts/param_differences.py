"""How much params tell runs apart: which of them are shown first."""

from runyard.core.numbers import as_numbers
from runyard.tracking.runs.messages import ParamKey
from runyard.ui.parts.metric_names import words_of

_SEEDS = frozenset(("seed", "seeds"))


def difference(param: ParamKey, runs: int) -> float:
    """How much a param tells two runs apart: the chance that they differ in it, or that one of them lacks it.

    A text that is another in each run is a name, and a seed is a number of no meaning.
    """
    share = param.runs / runs if runs else 0.0
    told = share * param.differing / 1000 + 2 * share * (1 - share) * 0.5
    if param.distinct == param.runs > 2 and as_numbers([param.example]) is None:
        return told * 0.05
    return told * 0.3 if _SEEDS & set(words_of(param.key)) else told
