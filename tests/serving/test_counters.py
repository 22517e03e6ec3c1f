"""Counters that several processes share."""

import os

from runyard.serving.counters import Counters


def test_what_every_process_counted_is_summed() -> None:
    """A monitor sees the server, whichever process answers it."""
    counters = Counters(2)
    counters.claim()
    counters.begin()
    counters.end(200, 0.002)
    if (child := os.fork()) == 0:
        counters.claim()
        counters.begin()
        counters.end(400, 70.0)
        os._exit(0)
    os.waitpid(child, 0)
    text = counters.text()[0].decode()
    counters.close()
    assert 'runyard_scoring_requests_total{status="200"} 1.0\n' in text
    assert 'runyard_scoring_requests_total{status="400"} 1.0\n' in text
    assert 'runyard_scoring_request_seconds_bucket{le="60"} 1.0\n' in text
    assert 'runyard_scoring_request_seconds_bucket{le="+Inf"} 2.0\n' in text
    assert "runyard_scoring_request_seconds_sum 70.00" in text


def test_counters_of_a_dead_process_are_kept_by_the_one_that_takes_its_place() -> None:
    """Counters never fall, and what was in flight in the dead process no longer is."""
    counters = Counters(1)
    for _ in range(3):
        if (child := os.fork()) == 0:
            counters.claim()
            counters.begin()
            counters.end(200, 0.1)
            counters.begin()
            os._exit(0)
        os.waitpid(child, 0)
    counters.claim()
    text = counters.text()[0].decode()
    counters.close()
    assert 'runyard_scoring_requests_total{status="200"} 3.0\n' in text
    assert "runyard_scoring_requests_in_flight 0.0\n" in text
