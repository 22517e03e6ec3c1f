"""Sweeps on a real Dask cluster of two worker processes; prints the workers' process ids and the outcomes."""

import json
import sys

import distributed

import runyard


def swept(cluster, project, mode):
    done = []

    def progress(outcome, ended, total):
        done.append(outcome.run_id)
        if mode == "interrupted":
            raise KeyboardInterrupt

    try:
        result = runyard.projects.sweep(
            project,
            {"depth": [1, 2, 3, 4]},
            parameters={"bad": "3"},
            experiment_name=mode,
            engine="dask",
            engine_config={"address": cluster.scheduler_address},
            on_progress=progress,
        )
        outcomes = [[one.values["depth"], one.status, one.run_id] for one in result.outcomes]
    except KeyboardInterrupt:
        outcomes = []
    return {"outcomes": outcomes, "done": done}


if __name__ == "__main__":
    tracking_uri, project = sys.argv[1:]
    runyard.set_tracking_uri(tracking_uri)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        answers = {mode: swept(cluster, project, mode) for mode in ("plain", "interrupted")}
        answers["workers"] = [nanny.pid for nanny in cluster.workers.values()]
    print(json.dumps(answers))
