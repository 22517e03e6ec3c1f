"""Phases of the model registry: many registered models with many versions, fetched one at a time and searched by page."""

import itertools
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from benchkit.connection import RequestFailed, encode_request
from benchkit.phases.target import Scale, Target, phase
from benchkit.report import Figures
from benchkit.workload import API, post


def model_name(number: int) -> str:
    """The name of a seeded model."""
    return f"model-{number:05d}"


def seeding(scale: Scale, first: int) -> Iterator[bytes]:
    """The requests of one client: its share of the models, each with its versions and an alias."""
    for number in range(first, scale.models, scale.seed_clients):
        name = model_name(number)
        tags = [{"key": "team", "value": f"team-{number % 10}"}]
        yield post("registered-models/create", {"name": name, "tags": tags})
        for version in range(scale.versions):
            yield post("model-versions/create", {"name": name, "source": f"s3://models/{name}/{version}"})
        yield post("registered-models/alias", {"name": name, "alias": "champion", "version": str(scale.versions)})


@phase("registry: seed", once=True)
def seed(target: Target, scale: Scale) -> Figures:
    """Register `models` models of `versions` versions each through the API."""
    streams = [seeding(scale, first) for first in range(scale.seed_clients)]
    load = target.hammer(streams, seconds=3600)
    return {"versions/s": scale.models * scale.versions / load.elapsed}


@phase("registry: get a registered model")
def get_model(target: Target, scale: Scale) -> Figures:
    """One model after the other, with its latest versions and aliases."""
    return _timed(target, scale, "registered-models/get", ({"name": name} for name in _names(scale)))


@phase("registry: get a version")
def get_version(target: Target, scale: Scale) -> Figures:
    """One version after the other."""
    queries = ({"name": name, "version": "7"} for name in _names(scale))
    return _timed(target, scale, "model-versions/get", queries)


@phase("registry: get a version by alias")
def get_by_alias(target: Target, scale: Scale) -> Figures:
    """What every start of a service asks."""
    queries = ({"name": name, "alias": "champion"} for name in _names(scale))
    return _timed(target, scale, "registered-models/alias", queries)


@phase("registry: search 100 models")
def search_models(target: Target, scale: Scale) -> Figures:
    """A page of 100 models by name and tag."""
    query = {"filter": "name LIKE 'model-%' AND tags.team = 'team-3'", "max_results": "100"}
    return _timed(target, scale, "registered-models/search", itertools.repeat(query))


@phase("registry: search 100 versions")
def search_versions(target: Target, scale: Scale) -> Figures:
    """The 100 versions changed last."""
    return _timed(target, scale, "model-versions/search", itertools.repeat({"max_results": "100"}))


def _names(scale: Scale) -> Iterator[str]:
    return (model_name(number * 7 % scale.models) for number in itertools.count())


def _timed(target: Target, scale: Scale, path: str, queries: Iterator[dict[str, str]]) -> Figures:
    latencies: list[float] = []
    began = time.perf_counter()
    with target.server.connection() as connection:
        while len(latencies) < 20 * scale.repeats and time.perf_counter() - began < scale.seconds:
            request = encode_request("GET", f"{API}{path}?{urlencode(next(queries))}")
            start = time.perf_counter()
            reply = connection.exchange(request)
            latencies.append(time.perf_counter() - start)
            if reply.status != 200:
                raise RequestFailed(path, reply)
    return {"p50 ms": statistics.median(latencies) * 1e3}
