"""What the name of a metric tells: whether less of it is better, how much it tells of a run, and its unit."""

import re
from itertools import pairwise
from typing import Literal

Goal = Literal["least", "most"]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NUMBER = re.compile(r"([0-9]+)")
_FALLING = frozenset(
    "loss losses error err rmse mse mae mape rmsle rmspe perplexity ppl wer cer fid kl nll bpc bpb brier ece logloss "
    "crossentropy entropy deviance regret bpp lpips".split()
)
_RISING = frozenset(
    "acc accuracy auc auroc auprc roc f1 f2 fbeta r2 precision recall map ndcg mrr bleu rouge meteor iou dice jaccard "
    "score reward return psnr ssim hit hits kappa mcc specificity sensitivity top1 top5 winrate elo".split()
)
_CHECKED = frozenset("val valid validation test eval dev holdout cv".split())
_BOOKKEEPING = frozenset(
    "epoch epochs step steps iter iteration iterations lr rate time seconds sec ms minutes hours duration memory mem "
    "samples tokens throughput grad norm gpu cpu batch batches global progress elapsed count".split()
)
_UNITS = {
    **dict.fromkeys(("seconds", "second", "secs", "sec"), "seconds"),
    **dict.fromkeys(("ms", "millis", "milliseconds"), "milliseconds"),
    **dict.fromkeys(("bytes",), "bytes"),
}


def words_of(key: str) -> list[str]:
    """The words that a key is made of, in small letters: ``val/RMSE_mean`` is val, rmse and mean."""
    return [word.lower() for word in _WORD.findall(key.replace("R2", "r2").replace("F1", "f1"))]


def goal_of(key: str) -> Goal | None:
    """Whether the least value of a metric is the best, or the greatest; None where its name does not tell."""
    words = _joined(words_of(key))
    if words & _FALLING:
        return "least"
    return "most" if words & _RISING else None


def weight_of(key: str) -> float:
    """How much a metric of this name tells of how good a run is, from 0 to 1."""
    words = _joined(words_of(key))
    if words & (_FALLING | _RISING):
        return 1.0 if words & _CHECKED else 0.9
    return 0.3 if words & _BOOKKEEPING else 0.6


def unit_of(key: str) -> str:
    """What a metric of this name is measured in: ``seconds``, ``milliseconds``, ``bytes`` or nothing."""
    words = words_of(key)
    if len(words) > 2 and words[-2] == "per":
        return ""
    return _UNITS.get(words[-1], "") if words else ""


def natural(key: str) -> list[str | int]:
    """What keys are ordered by for people: numbers in them count as numbers, so that m2 comes before m10."""
    return [int(part) if place % 2 else part for place, part in enumerate(_NUMBER.split(key))]


def _joined(words: list[str]) -> set[str]:
    """The words, and each with the one behind it: a number may be part of a name, as in f1 and top5."""
    return {*words, *(f"{first}{second}" for first, second in pairwise(words))}
