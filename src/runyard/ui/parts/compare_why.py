"""Why runs differ: all that differs between two of them, or what goes along with a metric where there are more."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runyard.core.numbers import as_numbers
from runyard.core.tags import COMMIT_TAG, SOURCE_NAME_TAG
from runyard.tracking.origins.messages import Origin
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.compare_code import CodeDifference, changes_in_words, code_difference, code_of, origins_of
from runyard.ui.parts.compare_data import data_of
from runyard.ui.parts.compare_facts import metrics_of, params_of, tags_of
from runyard.ui.parts.compare_models import model_files, models_of
from runyard.ui.parts.compare_origins import hardware_of, packages_of
from runyard.ui.parts.compare_state import Comparison
from runyard.ui.parts.compare_table import Compared, Table, table_of
from runyard.ui.parts.format import number, shortened
from runyard.ui.parts.metric_names import weight_of
from runyard.ui.parts.origin import gpus_in_words
from runyard.ui.parts.presentation import context, datasets, own_run_tags, user
from runyard.ui.parts.statistics import Explained, explained_by_groups, explained_by_rank
from runyard.ui.site import Site

MAX_RANKED = 60
MAX_METRICS = 300
MAX_LOOKED_AT = 2_000
"""Params, tags and facts that are looked at, params first; a part of a name finds others."""
_SHOWN_GROUPS = 4
_FEWEST = 3
_PAIR_ELEMENTS = 1_800


@dataclass(frozen=True)
class PairWhy:
    """All that differs between two runs.

    Attributes
    ----------
    equal: What is the same in both, with how many keys it has.
    """

    table: Table
    code: CodeDifference
    equal: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Ranked:
    """Something that varies among the runs, and how much it goes along with the metric.

    Attributes
    ----------
    names: Its name; after it those that split the runs in just the same way.
    groups: Values of it with the metric's mean and how many runs have them.
    more: How many further values there are.
    """

    names: tuple[str, ...]
    explained: Explained
    groups: tuple[tuple[str, str, int], ...]
    more: int

    @property
    def percent(self) -> str:
        """The corrected share, for people."""
        return f"{self.explained.share:.0%}"

    @property
    def tenths(self) -> int:
        """The same for the style sheet, in steps of a tenth."""
        return round(self.explained.share * 10)

    @property
    def found_by(self) -> str:
        """How the share was found."""
        if self.explained.correlation is None:
            return f"η² {self.explained.raw:.2f} of {self.explained.groups} groups"
        return f"rank correlation {self.explained.correlation:+.2f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Ranking:
    """What varies among runs, by how much it explains a metric.

    Attributes
    ----------
    metrics: The metrics that can be explained.
    runs: How many runs have a number for it.
    alone: What has a value of its own in every run, so that nothing can be said.
    more: How many further entries are not shown.
    unseen: How many further params, tags and facts were not looked at.
    """

    metrics: tuple[str, ...]
    metric: str
    runs: int
    ranked: tuple[Ranked, ...]
    alone: tuple[str, ...]
    more: int
    unseen: int


def why_two_differ(site: Site, comparison: Comparison) -> PairWhy:
    """Everything that differs between two runs, equal parts hidden."""
    runs = comparison.runs
    origins = origins_of(site, runs, packages=True)
    models = model_files(site, runs, requirements=any(not origin.packages for origin in origins))
    compared = [
        params_of(runs), metrics_of(runs), tags_of(runs), code_of(runs, origins), packages_of(origins, models),
        *hardware_of(origins), *_named("Data", data_of(runs)), *_named("Model", models_of(models)),
    ]  # fmt: skip
    differing = [one for one in compared if any(map(one.differs, one.keys()))]
    equal = tuple((one.title, len(one.keys())) for one in compared if one not in differing and one.keys())
    table = table_of(comparison, differing, elements=_PAIR_ELEMENTS, only=True) if differing else Table((), only=True)
    return PairWhy(table, code_difference(site, comparison, whole=False), equal)


def _named(of: str, compared: Sequence[Compared]) -> Iterator[Compared]:
    """The same with what they are of in front of their titles."""
    for one in compared:
        title = one.title if one.title.startswith(of) else f"{of}: {one.title}"
        yield Compared(title, one.columns, in_order=one.in_order)


def why_many_differ(site: Site, comparison: Comparison) -> Ranking:
    """What varies among the runs, ranked by how much it explains the chosen metric."""
    runs = comparison.runs
    counts: dict[str, int] = {}
    for run in runs:
        for key, value in run.data.metrics.items():
            counts[key] = counts.get(key, 0) + math.isfinite(value)
    known = sorted((key for key, many in counts.items() if many >= _FEWEST), key=lambda key: (-weight_of(key), key))
    asked = comparison.state.text("metric")
    metric = asked if asked in known else next(iter(known), "")
    measured = [place for place, run in enumerate(runs) if math.isfinite(run.data.metrics.get(metric, math.nan))]
    values = [runs[place].data.metrics[metric] for place in measured]
    texts = [_texts(run, origin) for run, origin in zip(runs, origins_of(site, runs), strict=True)]
    wanted = {name for text in texts for name in text if comparison.find.lower() in name.lower()} if metric else set()
    names = sorted(wanted, key=lambda name: (not name.startswith("params."), name))
    ranked, alone = _ranked(values, [texts[place] for place in measured], names[:MAX_LOOKED_AT])
    return Ranking(
        metrics=tuple(sorted(dict.fromkeys((metric, *known[:MAX_METRICS])))) if metric else (),
        metric=metric,
        runs=len(values),
        ranked=tuple(ranked[:MAX_RANKED]),
        alone=tuple(alone),
        more=len(ranked[MAX_RANKED:]),
        unseen=len(names[MAX_LOOKED_AT:]),
    )


def _texts(run: Run, origin: Origin) -> dict[str, str]:
    """All that may vary, by name."""
    found = {f"params.{key}": value for key, value in run.data.params.items()}
    found |= {f"tags.{key}": value for key, value in own_run_tags(run.data.tags).items()}
    facts = {
        "user": user(run),
        "source": run.data.tags.get(SOURCE_NAME_TAG, ""),
        "commit": run.data.tags.get(COMMIT_TAG, "")[:12],
        "uncommitted changes": changes_in_words(origin),
        "packages": origin.environment[:8],
        "Python": origin.python,
        "machine": origin.host,
        "processor": origin.processor,
        "GPUs": gpus_in_words(origin),
    }
    facts |= {f"variable {one.key}": one.value for one in origin.variables}
    for used in datasets(run):
        purpose = context(used)
        facts[f"dataset {used.dataset.name}{f' ({purpose})' if purpose else ''}"] = used.dataset.digest
    return found | {key: value for key, value in facts.items() if value}


def _ranked(
    values: Sequence[float], texts: Sequence[Mapping[str, str]], names: Sequence[str]
) -> tuple[list[Ranked], list[str]]:
    """What varies, the most explaining first; and the names of what has a value of its own in every run."""
    found: dict[tuple[int, ...], tuple[list[str], Explained | None, list[str | None]]] = {}
    alone = list[str]()
    for name in names:
        labels = [text.get(name) for text in texts]
        if len(set(labels)) < 2:
            continue
        first_of: dict[str | None, int] = {}
        split = tuple(first_of.setdefault(label, place) for place, label in enumerate(labels))
        explained = _explained(values, labels)
        if explained is None:
            alone.append(name)
        elif split in found and explained == found[split][1]:
            found[split][0].append(name)
        else:
            found[split] = ([name], explained, labels)
    ranked = [_entry(names, explained, values, labels) for names, explained, labels in found.values() if explained]
    return sorted(ranked, key=lambda one: (-one.explained.share, -one.explained.raw, one.names)), alone


def _explained(values: Sequence[float], labels: Sequence[str | None]) -> Explained | None:
    """By groups, and by rank where all labels are numbers: whichever explains more."""
    having = [(value, label) for value, label in zip(values, labels, strict=True) if label is not None]
    numbers = as_numbers(label for _, label in having)
    by_rank = explained_by_rank([value for value, _ in having], numbers) if numbers and len(set(numbers)) > 2 else None
    by_groups = explained_by_groups(values, ["" if label is None else f"={label}" for label in labels])
    return max((one for one in (by_rank, by_groups) if one is not None), key=lambda one: one.share, default=None)


def _entry(names: Sequence[str], explained: Explained, values: Sequence[float], labels: Sequence[str | None]) -> Ranked:
    groups: dict[str, list[float]] = {}
    for value, label in zip(values, labels, strict=True):
        groups.setdefault("not set" if label is None else shortened(label, 30), []).append(value)
    means = sorted(((math.fsum(some) / len(some), label, len(some)) for label, some in groups.items()), reverse=True)
    shown = [(label, number(mean), many) for mean, label, many in means]
    if len(shown) > _SHOWN_GROUPS:
        half = _SHOWN_GROUPS // 2
        shown = [*shown[:half], *shown[-half:]]
    return Ranked(tuple(names), explained, tuple(shown), len(means) - len(shown))
