"""Predicting for a folder of files on many cores or machines, and going on where it was interrupted."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.models.enforcement import enforce_params
from runyard.models.loading import local_folder, read_flavor
from runyard.models.mlmodel import MLMODEL, PYFUNC
from runyard.models.model import Model
from runyard.pyfunc.script import config_of
from runyard.scoring.engines import ENGINES, Work, reports
from runyard.scoring.inputs import Inputs
from runyard.scoring.job import FileReport, FolderJob
from runyard.scoring.places import OWN, Found, Place
from runyard.scoring.shipping import digest_of
from runyard.scoring.tables import FORMATS, format_of
from runyard.scoring.worker import Scorer, checked_manager

_SETTINGS = f"{OWN}/job.json"
BATCH_ROWS = 10_000


@dataclass
class FolderScores:
    """How predicting for a folder went.

    Attributes
    ----------
    done: The files that have predictions now.
    failed: Those that have none, and why.
    skipped: How many had predictions before.
    rows: How many rows were predicted for, those of files that were skipped left out.
    seconds: How long it took.
    """

    done: list[FileReport] = field(default_factory=list)
    failed: list[FileReport] = field(default_factory=list)
    skipped: int = 0
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows were predicted for."""
        return sum(one.rows for one in self.done)

    def add(self, report: FileReport) -> None:
        """Note how a file went."""
        (self.done if report.problem is None else self.failed).append(report)


@dataclass(frozen=True)
class Plan:
    """What there is to do, before it begins.

    Attributes
    ----------
    files: The files to predict for.
    skipped: How many have predictions already.
    """

    files: Sequence[Found]
    skipped: int


def predict_folder(
    model_uri: str,
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str],
    engine: str = "dask",
    *,
    address: str | None = None,
    workers: int | None = None,
    keep: Sequence[str] = (),
    output_format: str | None = None,
    batch_rows: int = BATCH_ROWS,
    params: Mapping[str, Any] | None = None,
    model_config: str | Path | Mapping[str, Any] | None = None,
    env_manager: str | None = None,
    extra_env: Mapping[str, str] | None = None,
    restart: bool = False,
    on_plan: Callable[[Plan], None] | None = None,
    on_file: Callable[[FileReport], None] | None = None,
) -> FolderScores:
    """Predict for the Parquet and CSV files of a folder: a file of predictions for each, of the same name.

    A file is read in batches, so it may be larger than memory; its predictions appear whole or not at all. A file that
    fails does not keep the others from being done. Called again, it goes on: files with predictions are skipped unless
    they have changed. One call at a time writes to a folder.

    Parameters
    ----------
    model_uri: The model's address.
    input_path: A folder, or ``s3://…`` or another address that pyarrow reads; folders in it are read too. Names that
        begin with a dot or an underscore are left out.
    output_path: The folder for the predictions, not in the other one. What is done is noted in ``_runyard`` there.
    engine: ``spark``, ``dask`` or ``ray``.
    address: The cluster: Spark's master or ``sc://…``, Dask's scheduler, Ray's head. Its machines need Runyard, what
        the model needs, and both folders under the same address. Workers on this machine when left out.
    workers: How many of these; one for each core when left out.
    keep: Columns of the input to write beside the predictions; ``["*"]`` for all.
    output_format: ``parquet`` or ``csv``; that of each input when left out.
    batch_rows: Maximum number of rows of a call of the model.
    params: Parameters of each call.
    model_config: Overrides the configuration that the model was saved with.
    env_manager: What makes the environment that the model runs in on each machine, as for ``spark_udf``; ``local``
        when left out.
    extra_env: Variables to set in the workers.
    restart: Predict for all files again, also if another model's predictions are there.
    on_plan: Called with what there is to do, once that is known.
    on_file: Called with each file's report.

    Raises
    ------
    InvalidParameter: The folder of predictions has those of another model or of other options; or an argument is wrong.
    DoesNotExist: There is no such model, or no file to predict for.
    MissingPackage: The engine is not installed.
    """
    began = time.monotonic()
    if engine not in ENGINES:
        raise InvalidParameter(f"The engine {engine!r} is none of {', '.join(ENGINES)}.")
    if output_format not in (None, *FORMATS):
        raise InvalidParameter(f"The format {output_format!r} is none of {', '.join(FORMATS)}.")
    folder = local_folder(model_uri)
    scorer, inputs = _prepared(folder, checked_manager(env_manager), params, model_config, extra_env)
    given, wanted = Place.at(input_path), Place.at(output_path)
    job = FolderJob(scorer, inputs, given, wanted, output_format or "", tuple(keep), batch_rows)
    plan = _planned(job, restart)
    if on_plan:
        on_plan(plan)
    scores = FolderScores(skipped=plan.skipped)
    work = Work(job, plan.files, folder, address or "", workers or os.cpu_count() or 1)
    if plan.files:
        with closing(reports(engine, work)) as found:
            for report in found:
                scores.add(report)
                if on_file:
                    on_file(report)
    job.wanted.remove_folder(f"{OWN}/parts")
    scores.seconds = time.monotonic() - began
    return scores


def _prepared(
    folder: Path,
    manager: str,
    params: Mapping[str, Any] | None,
    model_config: str | Path | Mapping[str, Any] | None,
    extra_env: Mapping[str, str] | None,
) -> tuple[Scorer, Inputs]:
    """What predicts, and what it takes: the model of a folder, its parameters checked."""
    read_flavor(folder, PYFUNC)
    signature = Model.read(folder / MLMODEL).signature
    known = enforce_params(dict(params), signature.params if signature else None) if params else None
    config, environment = config_of(model_config), dict(extra_env or {})
    scorer = Scorer(digest_of(folder), manager=manager, params=known, model_config=config, environment=environment)
    return scorer, Inputs(signature.inputs if signature else None)


def _planned(job: FolderJob, restart: bool) -> Plan:
    """What there is to do. The folder of predictions is made ready for it."""
    if job.given.holds(job.wanted) or job.wanted.holds(job.given):
        raise InvalidParameter("Predictions go to another folder than the input, and neither may be in the other.")
    files = [one for one in job.given.files() if format_of(one.name)]
    if not files:
        raise DoesNotExist(f"There is no .parquet, .csv or .csv.gz file in {job.given.address!r}.")
    outputs: dict[str, str] = {}
    for one in files:
        other = outputs.setdefault(job.output_of(one.name), one.name)
        if other != one.name:
            raise InvalidParameter(
                f"{other!r} and {one.name!r} would have the same file of predictions, {job.output_of(one.name)!r}. "
                "Leave the output's format to the input's, or rename one."
            )
    _same_job(job, restart)
    there = {one.name for one in job.wanted.files()}
    left = [one for one in files if not {job.output_of(one.name), job.record_of(one)} <= there]
    return Plan(left, len(files) - len(left))


def _same_job(job: FolderJob, restart: bool) -> None:
    """Note what the predictions of the folder are of.

    Raises
    ------
    InvalidParameter: They are of something else.
    """
    mine = {
        "model": job.scorer.name,
        "params": repr(job.scorer.params),
        "model_config": repr(job.scorer.model_config),
        "keep": list(job.keep),
        "format": job.kind,
        "input": job.given.address,
    }
    before = job.wanted.read_json(_SETTINGS)
    if restart:
        job.wanted.remove_folder(OWN)
    elif before is not None and before != mine:
        differing = ", ".join(name for name in mine if before.get(name) != mine[name])
        raise InvalidParameter(
            f"{job.wanted.address!r} has predictions with another {differing}. Choose another folder, or begin again "
            "with restart."
        )
    job.wanted.remove_folder(f"{OWN}/parts")  # of one that was killed
    if restart or before is None:
        job.wanted.write_json(_SETTINGS, mine)
