"""Published figures of MobileNet v1: found again, estimated in between, refused beyond."""

import re
from pathlib import Path

import pytest

import edgekit
from edgekit.errors import UsageError
from edgekit.expectation import BOARDS
from edgekit.expectation.expect import ALPHAS, RESOLUTIONS
from edgekit.expectation.fit import fit_of, parts
from edgekit.expectation.table import series_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "published.md"
SERIES = [
    (board, precision, series)
    for board in BOARDS.values()
    for precision in ("int8", "float32")
    for series in series_of(board, precision)
]


def test_every_published_figure_is_within_the_range_that_is_printed_for_it():
    seen = 0
    for board, precision, series in SERIES:
        for (alpha, resolution), figure in series.sizes.items():
            found = edgekit.expect(board.name, alpha=alpha, resolution=resolution, int8=precision == "int8")
            where = (found.series[0].repository.rpartition("_")[0] + f"_{series.round}", figure.path)
            (line,) = [line for line in found.series if (line.repository, line.path) == where]
            assert line.low_ms <= figure.p50_ms <= line.high_ms
            if not line.apart:
                assert found.low_ms <= figure.p50_ms <= found.high_ms
            seen += 1
    assert seen == 1088  # the table, but for one result on a server


def test_only_sound_series_are_shipped():
    for _, _, series in SERIES:
        assert len(series.sizes) == 16
        for figure in series.sizes.values():
            assert figure.p50_ms / figure.fastest_ms < 1.301
            assert figure.fastest_ms <= figure.p50_ms <= figure.p90_ms


def test_the_page_says_how_far_estimates_are_off():
    rows = re.findall(
        r"^\| (\w+) \| (v[\d.]+) \| (.+?) \| (\w+) \| ([\d.]+) % \| ([\d.]+) % \|$", PAGE.read_text(), re.M
    )
    fits = [(board, precision, series, fit_of(series)) for board, precision, series in SERIES]
    assert rows == [
        (b.name, s.round, s.runtime, p, f"{f.mean_error * 100:.1f}", f"{f.worst_error * 100:.1f}")
        for b, p, s, f in fits
    ]


def test_estimates_on_a_raspberry_pi_4_are_good_to_a_few_percent():
    (series,) = [
        s for s in series_of(BOARDS["rpi4"], "int8") if (s.round, s.runtime) == ("v2.0", "TFLite 2.7.1")
    ]
    fitted = fit_of(series)
    assert fitted.mean_error <= 0.05
    assert fitted.worst_error <= 0.15


@pytest.mark.parametrize(
    ("alpha", "resolution", "millions"),
    [
        (1, 224, 569),
        (0.75, 224, 325),
        (0.5, 224, 149),
        (0.25, 224, 41),
        (1, 192, 418),
        (1, 160, 290),
        (1, 128, 186),
    ],
)
def test_the_work_that_estimates_go_by_is_that_of_the_paper(alpha, resolution, millions):
    """Howard et al. 2017, tables 6 and 7; the last digits differ there by a million."""
    dense, depthwise, _, one = parts(alpha, resolution)
    assert dense + depthwise == pytest.approx(millions, abs=1)
    assert one == 1


def test_an_estimate_is_between_its_published_neighbours():
    found = edgekit.expect("rpi4", alpha=0.6, resolution=208, runtime="tflite 2.7")
    smaller, larger = (
        edgekit.expect("rpi4", alpha=alpha, resolution=resolution, runtime="TFLite 2.7")
        for alpha, resolution in ((0.5, 192), (0.75, 224))
    )
    assert not found.published
    for low, line, high in zip(smaller.series, found.series, larger.series, strict=True):
        assert low.p50_ms < line.p50_ms < high.p50_ms
        assert line.low_ms < line.p50_ms < line.high_ms
        assert line.top1_percent is None


def test_energy_is_said_where_it_was_measured():
    assert edgekit.expect("rpi4", alpha=0.5, resolution=224).energy_mj == 66
    assert edgekit.expect("rpi4", alpha=0.5, resolution=224, int8=False).energy_mj == 158
    assert edgekit.expect("rpi4", alpha=0.75).energy_mj is None


@pytest.mark.parametrize(
    ("request_", "what"),
    [
        ({"alpha": 0.2}, f"alpha 0.2, only with {ALPHAS[0]:g} to {ALPHAS[1]:g}"),
        ({"alpha": float("nan")}, "alpha nan"),
        ({"resolution": 300}, f"resolution 300, only with {RESOLUTIONS[0]} to {RESOLUTIONS[1]}"),
        ({"device": "rpi5"}, "no board with published figures 'rpi5'"),
        ({"runtime": "ncnn"}, "has a runtime 'ncnn'"),
    ],
)
def test_nothing_is_guessed_beyond_what_was_published(request_, what):
    with pytest.raises(UsageError, match=re.escape(what)) as caught:
        edgekit.expect(**request_)
    assert caught.value.hint
