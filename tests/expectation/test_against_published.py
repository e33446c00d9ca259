"""What `bench` says of a known board: where a result is beyond published figures, and nothing within them."""

import pytest
from msgspec.structs import replace
from support.screens import show
from support.sessions import MS, saved, session, timed

from edgekit.artefact import Model
from edgekit.expectation.against import against
from edgekit.results import Finding, Reference


def benched(*measured, alpha=0.5, resolution=224, family="mobilenet_v1", said=None, **named):
    """A result of a Pi 4, with 4 threads, that knows its model; and what else the device said."""
    model = Model("m", "imagenet", "0", 1, 1, family, alpha, resolution)
    references = tuple(Reference(each.artefact.sha256, None, None, model=model) for each in measured)
    result = session(*measured, **named)
    return replace(result, references=references, device=replace(result.device, **(said or {})))


def took(ms: float, **named):
    given = {"threads": 4, "spread": 0.001, **named}
    return timed(*(ms * MS * by for by in (0.999, 1, 1.001)), **given)


SLOW = (
    "MobileNet v1, alpha 0.5, 224 pixels, int8, is 2.3× slower than published: 30.0 ms with litert 2.3.0 on "
    "4 threads, others measured 9.87 to 12.8 ms. See why: edgekit devices doctor rpi4"
)


def test_a_slowed_board_is_told_by_how_much_and_what_to_do():
    assert against(benched(took(30))) == SLOW


def test_a_faster_one_is_said_without_advice():
    said = against(benched(took(5)))
    assert "is 2.0× faster than published: 5.00 ms" in said
    assert "doctor" not in said


@pytest.mark.parametrize(
    "result",
    [
        benched(took(11)),  # within
        benched(took(12.8)),  # its bounds straddle the range's end
        benched(took(30, threads=1)),
        benched(took(30), alpha=0.1),
        benched(took(30), resolution=96),
        benched(took(30), family="mobilenet_v2"),
        benched(took(30), family=None),
        benched(took(30), device="rpi5"),
        benched(took(30), said={"board": "Raspberry Pi 5 Model B Rev 1.0"}),
        benched(took(30), said={"board": "Raspberry Pi 400 Rev 1.0"}),
        benched(took(30), said={"machine": "x86_64"}),  # a test device that is called rpi4
        benched(took(30), fps=10.0),
        benched(took(30, flaw=Finding("invalid", "throttled", "It was hot."))),
        benched(took(30), emulated=True),
        replace(benched(took(30)), references=()),
        benched(timed(30 * MS, threads=4)),  # a single repeat shows no spread
    ],
)
def test_nothing_is_said_within_the_range_or_where_nothing_is_known(result):
    assert against(result) == ""


def test_the_board_is_known_by_what_it_says_it_is():
    said = {"board": "Raspberry Pi 4 Model B Rev 1.4", "profile": "kitchen"}
    assert "edgekit devices doctor kitchen" in against(benched(took(30), said=said))


def test_of_each_file_the_fastest_runtime_is_judged_and_the_slowest_file_named():
    assert against(benched(took(30), took(11, runtime="onnxruntime"))) == ""
    said = against(benched(took(30), took(60, file="other.tflite")))
    assert "is 4.7× slower" in said


def test_a_size_in_between_is_judged_by_the_estimates_range():
    assert "alpha 0.6, 208 pixels" in against(benched(took(60), alpha=0.6, resolution=208))
    assert against(benched(took(12), alpha=0.6, resolution=208)) == ""


def test_bench_prints_it_under_its_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (path,) = saved(tmp_path, benched(took(30)))
    assert f"• {SLOW}\n" in show("bench some_set", str(path)).out
    assert "published" not in show("bench some_set --json", str(path)).out
