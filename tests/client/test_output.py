"""The files of a run's output: bounded, and their beginning and end are kept."""

from pathlib import Path

import pytest

from runyard.client import RunyardClient, output
from runyard.client.output_parts import opened
from runyard.core.tags import OUTPUT_TAG


def test_of_too_much_output_the_beginning_and_the_end_are_kept(
    client: RunyardClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings are printed first and the error last; how much is left out between them is said there."""
    monkeypatch.setattr(output, "PART_BYTES", 1000)
    monkeypatch.setattr("runyard.client.output_parts.PART_BYTES", 1000)
    run_id = client.create_run("0").info.run_id
    printed = [f"line {number:04}" for number in range(2000)]

    kept = opened(run_id, client.tracking_uri, resumed=False, limit=3000)
    for line in printed:
        kept.add(line)
    kept.close()

    parts = [Path(client.download_artifacts(run_id, f"logs/{name}")).read_text() for name in _names(client, run_id)]
    assert ["output-2.log", "output-3.log", "output.log"] == _names(client, run_id)
    assert printed[:200] == (parts[2] + parts[0]).splitlines()
    note, *end = parts[1].splitlines()
    assert printed[-len(end) :] == end
    assert 50 <= len(end) < 100
    assert f"[{10 * (2000 - 200 - len(end))} bytes of the output are left out here" in note
    size = sum(map(len, parts))
    assert str(size) == client.get_run(run_id).data.tags[OUTPUT_TAG]
    assert size < 3100


def _names(client: RunyardClient, run_id: str) -> list[str]:
    return sorted(file.path.removeprefix("logs/") for file in client.list_artifacts(run_id, "logs"))
