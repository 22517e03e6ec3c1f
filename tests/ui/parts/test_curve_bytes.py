"""Curves as bytes: what is read is what was written, in few bytes."""

import math
import random
from collections.abc import Callable

import pytest

from runyard.tracking.metrics.messages import MetricCurve
from runyard.ui.parts.curve_bytes import encoded
from tests.factories import NOW
from tests.ui.curves import decoded

MOST = 2**53
"""Integers that a browser's numbers hold."""
SEED = 7


def _curve(steps: list[int], times: list[int], values: list[float]) -> MetricCurve:
    return MetricCurve(run_id="a", points=len(steps), steps=steps, timestamps=times, values=values, x_values=values)


def _random(some: random.Random) -> MetricCurve:
    count, far = some.choice((1, 2, 50)), some.choice((0, 3, 10**4, MOST // 4))
    steps = sorted(some.randint(-far, far) for _ in range(count))
    times = [some.randint(0, some.choice((5, NOW, MOST))) for _ in range(count)]
    pick: Callable[[], float] = some.choice(
        (
            lambda: some.gauss(0, 1),
            lambda: float(some.randint(-9, 9)),
            lambda: some.choice((math.inf, -math.inf, math.nan, 1e308, 5e-324, -0.0, 0.1)),
        )
    )
    return _curve(steps, times, [pick() for _ in range(count)])


def test_what_is_read_is_what_was_written() -> None:
    """Steps and times of any size and order, numbers to their last bit, NaN and infinities."""
    some = random.Random(SEED)
    for _ in range(200):
        curve = _random(some)

        [found, without] = decoded(encoded("m", ["a", "b"], {"a": 3, "b": 4}, {"a": curve}))

        assert (curve.steps, curve.timestamps) == (found.steps, found.times)
        assert list(map(repr, curve.values)) == list(map(repr, found.values)) == list(map(repr, found.x))
        assert ("a", 3, curve.points) == (found.run, found.look, found.points)
        assert ("b", 4, []) == (without.run, without.look, without.steps)


@pytest.mark.parametrize("exact", [True, False])
def test_a_point_takes_at_most_twelve_bytes(exact: bool) -> None:
    """A thinned series whose times are nearly even; half of that where values are those of 32-bit training."""
    some = random.Random(SEED)
    steps = sorted(some.sample(range(1_000_000), 1000))
    times = [NOW + step * 137 + some.randrange(20_000) for step in steps]
    values = [some.gauss(0, 1) if exact else some.randrange(1000) / 1024 for _ in steps]
    curve = MetricCurve(run_id="a", points=1_000_000, steps=steps, timestamps=times, values=values)

    [found] = decoded(encoded("m", ["a"], {"a": 0}, {"a": curve}))

    assert found.bytes <= (12 if exact else 8) * 1000
    assert values == found.values
