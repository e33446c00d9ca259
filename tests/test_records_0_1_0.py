"""What 0.1.0 wrote is read today, and comes to the same figures.

The records in `records_0_1_0/` were made by 0.1.0 itself; of each repeat the first 600 samples are kept. The
files in `expected/` are what its commands printed for them with `--json`.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from support import screens

from edgekit.artefact import read_set
from edgekit.budget import read_budgets
from edgekit.device.profiles import read_profile
from edgekit.results import read_result
from edgekit.zoo.card import read_card

RECORDS = screens.RECORDS
FIGURES = {
    "report": "report host.json no_xnnpack.json two_runtimes.json board.json board5.json --json",
    "check": "check host.json no_xnnpack.json board.json --json",
    "check_newest": "check host.json host_again.json two_runtimes.json board.json board5.json --json",
    "compare": "compare host.json host_again.json --json",
    "compare_across_runtime": "compare two_runtimes.json --across runtime --json",
    "compare_without_xnnpack": "compare host.json no_xnnpack.json --across runtime --json",
    "compare_across_device": "compare board5.json board.json --across device --json",
}
PROSE = {"advice", "message", "notes", "reason", "summary"}  # sentences, which may be worded anew
NAMES: dict[str, str] = {}  # a field's name in 0.1.0 → what it is called today


@pytest.fixture
def laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screens.lay_out(tmp_path / "records")
    monkeypatch.chdir(tmp_path / "records")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.usefixtures("laid_out")
def test_its_results_come_to_the_same_figures(name: str) -> None:
    expected = json.loads((RECORDS / "expected" / f"{name}.json").read_bytes())

    found = json.loads(screens.show(FIGURES[name]).out)

    if name == "check":
        judged_since(expected, found)
    assert differing(expected, found) == []


def judged_since(expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Expect figures where 0.1.0 had none: the size and accuracy of a file whose times were noisy."""
    pairs = zip(expected["verdicts"], found["verdicts"], strict=True)
    unjudged = [
        (was, now) for was, now in pairs if was["verdict"] == "invalid" and was["metric"] != "latency_p50"
    ]
    assert [(now["metric"], now["verdict"], now["measured"]) for _, now in unjudged] == [
        ("size", "fail", 336_210),
        ("accuracy", "fail", pytest.approx(0.9933, abs=1e-4)),
    ]
    for was, now in unjudged:
        was |= {key: now[key] for key in ("verdict", "measured", "low", "high", "margin")}


def differing(expected: object, found: object, place: str = "") -> list[str]:
    """Say where what is found lacks something, or has another value; more than was expected is fine."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            line
            for key, value in expected.items()
            if key not in PROSE
            for line in differing(value, found.get(NAMES.get(key, key), "nothing"), f"{place}.{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            line
            for index, (value, now) in enumerate(zip(expected, found, strict=True))
            for line in differing(value, now, f"{place}[{index}]")
        ]
    if isinstance(expected, float) and isinstance(found, int | float):
        return [] if found == pytest.approx(expected, rel=1e-9) else [f"{place}: {expected} → {found}"]
    return [] if expected == found else [f"{place}: {expected!r} → {found!r}"]


@pytest.mark.parametrize(
    ("expected", "found"), [({"p50": 1.0}, {"p50": 1.1}), ([1], [1, 2]), ({"a": None}, {}), ("fail", "pass")]
)
def test_another_figure_is_seen(expected: object, found: object) -> None:
    assert differing(expected, found)


def test_its_manifest_is_read() -> None:
    manifest = read_set(RECORDS / screens.SET).manifest

    assert [file.name for file in manifest.files] == [
        "float32.tflite",
        "int8.tflite",
        "float32.onnx",
        "int8.onnx",
    ]
    assert manifest.preprocessing.sha256 == manifest.preprocessing_sha256
    assert manifest.files[1].quality.accuracy == pytest.approx(0.99333333)


def test_its_results_are_read_whole() -> None:
    written = json.loads((RECORDS / "host.json").read_bytes())

    result = read_result(RECORDS / "host.json")

    assert [len(repeat.samples_ns) for m in result.measurements for repeat in m.repeats] == [600] * 6
    assert result.command == written["command"]
    assert [m.findings[0].code for m in result.measurements] == ["noisy", "noisy"]


def test_its_runtime_without_xnnpack_is_told_from_the_one_with_it() -> None:
    labels = [
        measurement.runtime.label
        for name in ("host.json", "no_xnnpack.json")
        for measurement in read_result(RECORDS / name).measurements
    ]

    assert labels == ["litert 2.3.0", "onnxruntime 1.31.1", "litert 2.3.0 without XNNPACK"]


def test_its_budgets_are_read_with_every_key() -> None:
    budgets = read_budgets(RECORDS / "budgets.toml")

    assert [budget.name for budget in budgets] == [
        "digits on this computer",
        "too strict",
        "without the delegate",
        "without the delegate, this version",
        "thirty frames a second",
        "budget 6",
        "budget 7",
    ]
    assert budgets[0].limits == {
        "latency_p50": 25e6,
        "latency_p90": 30e6,
        "peak_memory": 200e6,
        "size": 313416,
        "accuracy": pytest.approx(0.99),
        "accuracy_drop": pytest.approx(0.01),
    }
    assert budgets[5].limits == {"instructions": 418574}


def test_its_card_is_read() -> None:
    card = read_card(RECORDS / "card.toml")

    assert (card.name, card.alpha, card.training.epochs) == (screens.SET, 0.25, 200)


def test_its_device_profiles_are_read() -> None:
    desk = read_profile(RECORDS / "devices" / "desk.toml")
    every = read_profile(RECORDS / "devices" / "every_key.toml")

    assert (desk.transport, desk.address, desk.user, desk.port) == ("ssh", "192.0.2.1", "pi", 2222)
    assert (every.python, every.affinity, every.governor) == ("portable", (2, 3), "performance")
    assert (every.max_celsius, every.cool_seconds, every.memory_mib) == (70, 90, 1024)
