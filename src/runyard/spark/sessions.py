"""Spark's sessions, and files on their way between this machine and the cluster's file system."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from runyard import settings
from runyard.core.libraries import required
from runyard.exceptions import RunyardException

_LOCAL = "local"


def session() -> Any:
    """The program's session of Spark; a local one on one core when it has none."""
    sql = required("pyspark.sql", "Spark's models")
    found = sql.SparkSession.getActiveSession()
    if found is not None:
        return found
    builder = sql.SparkSession.builder.appName("runyard").config("spark.ui.enabled", "false")
    return builder.master("local[1]").getOrCreate()


@contextmanager
def written_through(spark: Any, target: Path, dfs_tmpdir: str | None) -> Iterator[str]:
    """The address that Spark writes to, so that its files are in a folder of this machine afterwards.

    Parameters
    ----------
    target: The folder; Spark makes it.
    dfs_tmpdir: A folder of the cluster's file system to write through.
    """
    through = _through(spark, dfs_tmpdir)
    if through is None:
        yield target.absolute().as_uri()
        return
    with _removed_after(spark, through):
        yield through
        _system(spark, through).copyToLocalFile(
            False, _path(spark, through), _path(spark, target.absolute().as_uri()), True
        )


@contextmanager
def read_through(spark: Any, source: Path, dfs_tmpdir: str | None) -> Iterator[str]:
    """The address that Spark reads a folder of this machine from.

    Parameters
    ----------
    source: The folder.
    dfs_tmpdir: A folder of the cluster's file system to read through.
    """
    through = _through(spark, dfs_tmpdir)
    if through is None:
        yield source.absolute().as_uri()
        return
    with _removed_after(spark, through):
        _system(spark, through).copyFromLocalFile(_path(spark, source.absolute().as_uri()), _path(spark, through))
        yield through


def _through(spark: Any, dfs_tmpdir: str | None) -> str | None:
    """A new address on the cluster's file system; None where Spark's workers are processes of this machine."""
    context = getattr(spark, "sparkContext", None)
    if context is None:
        raise RunyardException("Spark Connect cannot read and write models here: use a session of Spark's own.")
    folder = dfs_tmpdir or (None if context.master.startswith(_LOCAL) else settings.DFS_TMP.get())
    return f"{folder.rstrip('/')}/{uuid4().hex}" if folder else None


@contextmanager
def _removed_after(spark: Any, address: str) -> Iterator[None]:
    try:
        yield
    finally:
        _system(spark, address).delete(_path(spark, address), True)


def _path(spark: Any, address: str) -> Any:
    return spark.sparkContext._jvm.org.apache.hadoop.fs.Path(address)


def _system(spark: Any, address: str) -> Any:
    return _path(spark, address).getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
