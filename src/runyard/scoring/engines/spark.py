"""Predicts for files with Spark, classic or Connect: each file is a job of one task."""

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from typing import Any

from runyard.core.libraries import required
from runyard.exceptions import RunyardException
from runyard.scoring.engines import Work
from runyard.scoring.job import FileReport, FolderJob, encoded, failed
from runyard.scoring.places import Found
from runyard.scoring.shipping import packed
from runyard.scoring.spark_udf import archive_in_spark, files_in_spark, send, shared

_AT_ONCE = 64
"""How many files Spark is given at the same time; it lets those wait that it has no core for."""


def reports(work: Work) -> Iterator[FileReport]:
    """The report of each file, as it is done."""
    with ExitStack() as stack:
        session = _session(work, stack)
        job = work.here() if shared(session, work.model) else work.job
        if not job.scorer.folder:
            send(session, packed(work.model))
        pool = ThreadPoolExecutor(_AT_ONCE if work.address else work.workers)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        waiting = iter(work.files)
        given: dict[Future[FileReport], Found] = {}

        def hand_out(count: int) -> None:
            given.update((pool.submit(_run, session, job, one), one) for one in islice(waiting, count))

        hand_out(_AT_ONCE)
        while given:
            done, _ = wait(given, return_when=FIRST_COMPLETED)
            for future in done:
                found = given.pop(future)
                problem = future.exception()
                yield future.result() if problem is None else failed(found, problem)
            hand_out(len(done))


def _session(work: Work, stack: ExitStack) -> Any:
    sql = required("pyspark.sql", "Predicting with Spark")
    active = sql.SparkSession.getActiveSession()
    if active is not None:
        return active
    builder = sql.SparkSession.builder.appName("runyard models predict")
    if not work.address:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    master = work.address or f"local[{work.workers}]"
    try:
        session = (builder.remote(master) if master.startswith("sc://") else builder.master(master)).getOrCreate()
    except Exception as problem:  # PySpark's own classes, and py4j's
        raise RunyardException(f"Spark does not start on {master!r}: {problem}. Is Java 17 installed?") from problem
    stack.callback(session.stop)
    return session


def _run(session: Any, job: FolderJob, found: Found) -> FileReport:
    """The report of one file, from a worker."""
    pa = required("pyarrow", "Predicting with Spark")

    def score(batches: Any) -> Any:
        for batch in batches:
            done = [_score(job, text) for text in batch.column(0).to_pylist()]
            yield pa.RecordBatch.from_pydict({"report": done})

    table = session.createDataFrame([(encoded(found),)], "task string").coalesce(1)
    (row,) = table.mapInArrow(score, "report string").collect()
    return FileReport(**json.loads(row.report))


def _score(job: FolderJob, text: str) -> str:
    found = Found(**json.loads(text))
    return encoded(job.score(found, lambda: archive_in_spark(job.scorer.name), files_in_spark))
