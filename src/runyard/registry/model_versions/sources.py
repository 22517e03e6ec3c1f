"""Checks the source of a new version. Nothing is fetched here.

A source is read later by everyone who loads the model, so it must not lead further than its caller may read: a folder
of this machine or a place behind the server's proxy only inside the artifacts of the run or logged model that is named
with it. Places in object stores are guarded by their own credentials.
"""

import json
import posixpath
import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa

from runyard.artifacts.paths import UNPRINTABLE
from runyard.core.credentials import has_password, shown_address
from runyard.core.limits import shown
from runyard.core.model_uri import ModelUri, parse_model_uri, with_small_scheme
from runyard.core.tags import IS_PROMPT_TAG, VERSIONS_TAG
from runyard.db.dialects import upsert
from runyard.db.transaction import Transaction
from runyard.exceptions import Conflict, DoesNotExist, InvalidParameter
from runyard.registry.model_versions.messages import CreateModelVersion
from runyard.registry.model_versions.rows import version_of
from runyard.registry.model_versions.tables import model_versions
from runyard.registry.names import LATEST, version_number
from runyard.registry.registered_models.aliases import aliased_version
from runyard.registry.registered_models.rows import FoundModel, find_model
from runyard.tracking.experiments.stages import DELETED, refuse_while_removed
from runyard.tracking.experiments.tables import experiments
from runyard.tracking.logged_models.tables import logged_model_tags, logged_models
from runyard.tracking.runs.tables import runs

PROMPT_SOURCES = frozenset(("dummy-source", "prompt-template"))
"""What MLflow's clients send for a prompt, whose text is in a tag: there are no files."""

_GUARDED = frozenset(
    ("", "file", "mlflow-artifacts", "http", "https", "ftp", "sftp", "hdfs", "viewfs", "r2", "b2", "abfss")
)
"""Schemes that are read with this server's permissions, or from a host that the caller chose."""


class Source(NamedTuple):
    """A checked source.

    Attributes
    ----------
    text: The source as it is stored.
    location: Where the files are.
    run_id: The run it came from; empty when not known.
    model_id: The logged model it is, or None.
    """

    text: str
    location: str
    run_id: str
    model_id: str | None


def resolved_source(tx: Transaction, message: CreateModelVersion) -> Source:
    """Check the source of a new version.

    Raises
    ------
    InvalidParameter: It is not allowed.
    DoesNotExist: It names a run, logged model or version that does not exist.
    """
    source = message.source
    if _is_prompt(message):
        if source not in PROMPT_SOURCES:
            raise _refused(source, f"a prompt has no files: it is one of {', '.join(sorted(PROMPT_SOURCES))}")
        return Source(source, source, message.run_id, None)
    _refuse_tricks(source)
    scheme = _scheme(source)
    if scheme == "models":
        return _of_model(tx, message)
    run_id = message.run_id
    if scheme == "runs":
        source = with_small_scheme(source)
        run_id = _run_named(message)
    elif (scheme in _GUARDED or len(scheme) == 1) and not (tx.settings.local_callers and scheme in ("", "file")):
        _check_inside(tx, message, source)
    model_id = message.model_id or None
    if model_id:
        _, source_run = _logged_model(tx, model_id)
        run_id = run_id or source_run
    return Source(source, source, run_id, model_id)


def hold_origin(tx: Transaction, source: Source) -> None:
    """Keep the run and the logged model of a new version from being removed until the version is stored.

    Raises
    ------
    Conflict: The removal for good of one, or of its experiment, has begun; its files may be gone.
    """
    stage, number = experiments.c.lifecycle_stage, experiments.c.experiment_id
    if source.run_id:
        of_run = sa.select(number, stage, runs.c.removal_time).join(runs, runs.c.experiment_id == number)
        row = tx.execute(of_run.where(runs.c.run_uuid == source.run_id).with_for_update(read=True)).first()
        if row is not None and row.removal_time is not None:
            raise Conflict(f"Run {shown(source.run_id)} is being removed for good; a version cannot come from it.")
        if row is not None and row.lifecycle_stage == DELETED:
            refuse_while_removed(tx, row.experiment_id)
    if source.model_id:
        of_model = sa.select(number, stage).join(logged_models, logged_models.c.experiment_id == number)
        row = tx.execute(of_model.where(logged_models.c.model_id == source.model_id).with_for_update(read=True)).first()
        if row is not None and row.lifecycle_stage == DELETED:
            refuse_while_removed(tx, row.experiment_id)


def _is_prompt(message: CreateModelVersion) -> bool:
    tags = {tag.key: tag.value for tag in message.tags}
    return tags.get(IS_PROMPT_TAG, "").lower() == "true"


def _run_named(message: CreateModelVersion) -> str:
    """The run that a ``runs:/`` source names; what the request names beside it may not contradict it."""
    parts = urlsplit(message.source)
    named = parts.path.strip("/").partition("/")[0]
    if parts.netloc or not named:
        raise _refused(message.source, "write runs:/<run id>/<path>")
    if message.run_id and named != message.run_id:
        raise _refused(message.source, f"it belongs to run {shown(named)}, and 'run_id' is {shown(message.run_id)}")
    if message.model_id:
        raise _refused(message.source, f"write models:/{message.model_id}, the logged model named with it")
    return named


def _scheme(source: str) -> str:
    try:
        return urlsplit(source).scheme.lower()
    except ValueError:
        raise _refused(source, "it is not a valid URI") from None


def _refuse_tricks(source: str) -> None:
    """Reject ``..`` in any spelling, and URIs that parsers read differently."""
    decoded = source
    for _ in range(4):
        once = unquote(decoded)
        if once == decoded:
            break
        decoded = once
    else:
        raise _refused(source, "it is encoded many times over")
    if UNPRINTABLE.search(decoded) or "\\" in decoded:
        raise _refused(source, "it may hold no backslash or control character")
    if has_password(source):
        raise _refused(source, "it may hold no password, which all who see the version would see")
    if ".." in re.split(r"[/?#;]", decoded):
        raise _refused(source, "it may not contain '..'")


def _refused(source: str, reason: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid model version source {shown(shown_address(source))}: {reason}.")


def _of_model(tx: Transaction, message: CreateModelVersion) -> Source:
    """A source that is itself a model: a logged one, or a version of a registered one."""
    wanted = parse_model_uri(message.source)
    if wanted.path:
        raise _refused(message.source, "it must name a whole model")
    if wanted.model_id:
        if message.model_id and message.model_id != wanted.model_id:
            raise _refused(message.source, f"'model_id' must be left out or be {shown(wanted.model_id)}")
        location, run_id = _logged_model(tx, wanted.model_id)
        return Source(message.source, location, message.run_id or run_id, wanted.model_id)
    model = find_model(tx, wanted.name)
    found = version_of(tx, model, _number(tx, model, wanted))
    for name, given, own in (
        ("run_id", message.run_id, found.run_id),
        ("model_id", message.model_id, found.logged_model_id or ""),
    ):
        if given and given != own:
            raise _refused(message.source, f"'{name}' must be left out or be {own!r}, that of the version it names")
    if found.source in PROMPT_SOURCES:
        raise _refused(message.source, "it is a prompt, which has no files")
    text = f"models:/{wanted.name}/{found.version}"
    return Source(text, found.storage_location, found.run_id, found.logged_model_id)


def _number(tx: Transaction, model: FoundModel, wanted: ModelUri) -> int:
    """The number of the version that an address names by number, alias, stage or as the latest."""
    if wanted.version:
        return version_number(wanted.version)
    if wanted.alias and wanted.alias.lower() != LATEST:
        number = aliased_version(tx, model, wanted.alias)
        if number is None:
            raise InvalidParameter(f"Registered model {model.name!r} has no alias {shown(wanted.alias)}.")
        return number
    columns = model_versions.c
    newest = sa.select(sa.func.max(columns.version)).where(columns.registered_model_id == model.id)
    if wanted.stage:
        newest = newest.where(columns.current_stage == wanted.stage)
    highest: int | None = tx.scalar(newest)
    if highest is None:
        where = f" in {wanted.stage}" if wanted.stage else ""
        raise DoesNotExist(f"Registered model {model.name!r} has no version{where}.")
    return highest


def _check_inside(tx: Transaction, message: CreateModelVersion, source: str) -> None:
    """Check that a source is inside the artifacts of the run or logged model named with it."""
    if message.model_id:
        root, owner = _logged_model(tx, message.model_id)[0], "logged model"
    elif message.run_id:
        found = tx.scalar(sa.select(runs.c.artifact_uri).where(runs.c.run_uuid == message.run_id))
        if found is None and tx.settings.local_callers:
            return  # the run is in another store of theirs, whose client has found the files
        if found is None:
            raise _refused(source, f"no run has the id {shown(message.run_id)}")
        root, owner = str(found), "run"
    else:
        raise _refused(source, "name the run or logged model it belongs to with 'run_id' or 'model_id'")
    inside, outside = _place(source), _place(root)
    below = (inside[2] + "/").startswith(outside[2].rstrip("/") + "/")
    if _is_relative(source) or inside[:2] != outside[:2] or not below:
        raise _refused(source, f"it must be inside the artifacts of the {owner} named with it, at {shown(root)}")


def _is_relative(uri: str) -> bool:
    """Whether this depends on the working directory."""
    parts = urlsplit(uri)
    return parts.scheme.lower() in ("", "file") and not parts.path.startswith("/")


def _place(uri: str) -> tuple[str, str, str]:
    """Scheme, host and path of a location, such that two spellings of one place are equal."""
    parts = urlsplit(uri)
    scheme = parts.scheme.lower() or "file"
    host = "" if scheme == "file" and parts.netloc == "localhost" else parts.netloc
    path = unquote(parts.path) if parts.scheme else uri
    return scheme, host, posixpath.normpath("/" + path.lstrip("/"))


def _logged_model(tx: Transaction, model_id: str) -> tuple[str, str]:
    """Where the files of a logged model are, and the run it came from."""
    columns = logged_models.c
    chosen = sa.select(columns.artifact_location, columns.source_run_id)
    row = tx.execute(chosen.where(columns.model_id == model_id, columns.lifecycle_stage == "active")).first()
    if row is None:
        raise DoesNotExist(f"No logged model has the id {shown(model_id)}, or it is deleted.")
    return row[0], row[1]


def link_logged_model(tx: Transaction, model_id: str, name: str, version: int) -> None:
    """Note a version in the tag of its logged model, a JSON list of names and numbers as MLflow keeps it."""
    tags = logged_model_tags.c
    chosen = sa.select(logged_models.c.id, tags.value).outerjoin(
        logged_model_tags, sa.and_(tags.logged_model_id == logged_models.c.id, tags.key == VERSIONS_TAG)
    )
    row = tx.execute(chosen.where(logged_models.c.model_id == model_id).with_for_update(of=logged_models)).first()
    if row is None:
        return  # its row was removed for good
    try:
        known = json.loads(row[1]) if row[1] else []
    except ValueError:
        known = []
    listed = [*(known if isinstance(known, list) else []), {"name": name, "version": version}]
    text = json.dumps(listed)
    statement = upsert(tx, logged_model_tags).values(logged_model_id=row[0], key=VERSIONS_TAG, value=text)
    unique = [tags.logged_model_id, tags.key]
    tx.execute(statement.on_conflict_do_update(index_elements=unique, set_={"value": text}))
