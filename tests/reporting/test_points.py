"""The figures of a sweep, and which of its sizes nothing beats."""

from support.sessions import board, counted, timed
from support.sweeps import PUBLISHED, planted, sized, swept

from edgekit.reporting.points import points
from edgekit.results import Finding


def _front(sweep):
    return [(point.cell.alpha, point.cell.resolution) for point in points(sweep) if point.front]


def test_a_point_is_a_measurement_with_its_size():
    (point,) = points(planted({(0.5, 192): (12, 50)}))
    assert (point.family, point.cell.title, point.device.profile) == (
        "mobilenet_v1",
        "alpha 0.5 at 192 pixels",
        "rpi4",
    )
    assert point.cost == point.row.latency.p50
    assert round(point.cost.value / 1e6, 1) == 12.0
    assert (point.accuracy.value, point.accuracy.images, point.accuracy.published) == (0.9, 500, False)
    assert point.accuracy.interval[0] < 0.9 < point.accuracy.interval[1]


def test_the_front_is_what_no_other_size_surely_beats():
    sweep = planted({(1, 224): (40, 20), (0.75, 224): (30, 100), (0.5, 224): (15, 60), (0.25, 224): (6, 200)})
    assert _front(sweep) == [(1, 224), (0.5, 224), (0.25, 224)]


def test_what_cannot_be_told_apart_stays_on_the_front():
    assert _front(planted({(0.5, 192): (15, 60), (0.75, 128): (15.01, 61)})) == [(0.5, 192), (0.75, 128)]
    # as right, and significantly slower
    assert _front(planted({(0.5, 192): (15, 60), (0.75, 128): (15.5, 61)})) == [(0.5, 192)]
    # significantly less right, at the same time
    assert _front(planted({(0.5, 192): (15, 60), (0.75, 128): (15.01, 160)})) == [(0.5, 192)]


def test_an_invalid_measurement_beats_nothing_and_is_on_no_front():
    flaw = Finding("invalid", "throttled", "It throttled.")
    cells = (
        sized(0.5, 192, timed(15e6, 15e6, 15e6)),
        sized(0.25, 128, timed(1e6, 1e6, 1e6, wrong=0, flaw=flaw, model="other")),
    )
    assert _front(swept(*cells)) == [(0.5, 192)]


def test_numbers_of_threads_and_devices_have_fronts_of_their_own():
    small = sized(0.25, 128, timed(5e6, 5e6, 5e6, threads=4, wrong=9))
    large = sized(0.5, 128, timed(9e6, 9e6, 9e6, wrong=9, model="large"))
    host = sized(1, 128, timed(50e6, 50e6, 50e6, threads=4, wrong=9, model="largest"), device="host")
    assert len(_front(swept(small, large, host))) == 3


def test_random_weights_have_the_published_accuracy_or_none():
    random = timed(15e6, 15e6, 15e6, wrong=None)
    (point,) = points(swept(sized(0.5, 192, random, published=PUBLISHED), dataset=None))
    assert (point.accuracy.value, point.accuracy.published, point.front) == (0.7, True, True)
    assert point.accuracy.interval[1] - point.accuracy.interval[0] < 0.01
    (point,) = points(swept(sized(0.5, 192, random), dataset=None))
    assert (point.accuracy, point.front) == (None, False)


def test_where_nothing_is_timed_instructions_are_what_it_costs():
    from msgspec.structs import replace

    sweep = swept(replace(sized(0.5, 192), results=(board(counted(7_000_000)),)))
    (point,) = points(sweep)
    assert (point.cost.value, point.front) == (7_000_000, True)
