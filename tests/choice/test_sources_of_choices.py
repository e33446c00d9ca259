"""Where candidates come from: a sweep, results, published figures; and what is wrong with what is named."""

import json
import os

import pytest
from msgspec.structs import replace
from support.sessions import EVALUATION, MS, board, counted, saved, session, timed
from support.sweeps import planted, sized, swept

import edgekit
from edgekit.artefact import Model
from edgekit.choice import SOURCES, Source, sources
from edgekit.choice.sentences import sentences
from edgekit.errors import InvalidError, RecordError, UsageError
from edgekit.results import Finding, Reference
from edgekit.sweeps import Published, write_sweep


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def repeats(ms: float) -> tuple[float, ...]:
    return tuple(ms * MS * by for by in (0.995, 1, 1.005))


def measured(name: str, ms: float, wrong: int | None = 4, **named):
    return timed(*repeats(ms), model=name, wrong=wrong, spread=0.001, **named)


# (alpha, pixels) → (ms, wrong answers of 500): the optimum at 15 ms is alpha .75 at 192
GRID = {
    (0.25, 128): (2, 250),
    (0.25, 192): (4, 200),
    (0.5, 128): (4.5, 150),
    (0.5, 192): (9, 90),
    (0.75, 128): (8, 120),
    (0.75, 192): (14, 40),
    (1.0, 128): (12, 80),
    (1.0, 192): (22, 10),
}


def test_a_sweeps_known_optimum_is_found(folder):
    write_sweep(folder / "sweeps" / "own" / "sweep.json", planted(GRID))
    for given in (None, "sweeps", "sweeps/own", folder / "sweeps" / "own" / "sweep.json"):
        found = edgekit.pick(given, device="rpi4", latency="15 ms")
        assert (found.source, found.best.model) == ("sweep", "m(0.75, 192)")
    assert edgekit.pick(latency="10 ms").best.model == "m(0.5, 192)"
    assert edgekit.pick(accuracy="70 %").best.model == "m(0.75, 128)"
    assert edgekit.pick(latency="15 ms", memory="40 MB").exit_code == 3


def test_the_newest_sweep_that_has_the_device_counts(folder):
    for age, (name, device, ms) in enumerate((("a", "rpi4", 5), ("b", "rpi4", 6), ("c", "host", 7))):
        file = folder / "sweeps" / name / "sweep.json"
        write_sweep(file, swept(sized(0.5, 192, measured(name, ms), device=device)))
        os.utime(file, (age, age))
    assert edgekit.pick(device="rpi4").best.model == "b"
    assert edgekit.pick(device="host").best.model == "c"
    assert edgekit.pick().best.model == "c"


def test_a_sweep_of_random_weights_is_ranked_by_published_accuracy_and_says_so(folder):
    top1 = {size: 1 - wrong / 500 for size, (_, wrong) in GRID.items()}
    cells = [
        sized(
            *size,
            measured(f"m{size}", ms, wrong=250 - wrong),  # what random weights happen to answer
            published=(Published("int8", top1[size], 50_000, "a table"),),
        )
        for size, (ms, wrong) in GRID.items()
    ]
    write_sweep(folder / "sweep.json", swept(*cells, dataset=None))
    found = edgekit.pick("sweep.json", latency="15 ms")
    assert (found.scale, found.best.model) == ("published", "m(0.75, 192)")
    said = " ".join([*sentences(found), *found.notes])
    assert "ranked by the published ImageNet accuracy of the same size" in said
    assert "random weights" in said


def test_a_sweep_with_neither_is_ranked_by_its_work(folder):
    cells = [sized(*size, measured(f"m{size}", ms, None)) for size, (ms, _) in GRID.items()]
    write_sweep(folder / "sweep.json", swept(*cells, dataset=None))
    found = edgekit.pick("sweep.json", latency="15 ms")
    assert (found.scale, found.best.model) == ("multiply_adds", "m(0.75, 192)")


def test_results_are_found_in_their_folder_and_only_the_newest_counts(folder):
    old = session(measured("a", 5), measured("b", 20), created="2026-01-01T00:00:00Z")
    new = session(measured("a", 30), created="2026-02-01T00:00:00Z")
    saved(folder, old, new)
    found = edgekit.pick(latency="15 ms")
    assert (found.source, found.best) == ("results", None)
    assert found.nearest.candidate.model == "b"
    assert "1 older measurement left out." in found.notes
    assert edgekit.pick("results/0.json", latency="15 ms").best.model == "a"


def test_published_figures_are_used_where_there_is_nothing_else(folder):
    found = edgekit.pick(device="rpi4", latency="15 ms", precision="int8")
    assert found.source == "published"
    assert found.best.model in ("mobilenet_v1_1_128", "mobilenet_v1_0.75_160")
    assert found.tied
    saved(folder, session(measured("a", 5), device="host"))
    found = edgekit.pick(device="rpi4", latency="15 ms", precision="int8")
    assert found.source == "published"
    assert "No measurement has the device rpi4." in found.notes[0]
    assert edgekit.pick(latency="15 ms").device == "host"


def test_every_published_choice_is_within_its_limit_in_every_series():
    for limit in range(2, 60, 3):
        found = edgekit.pick(device="rpi4", latency=f"{limit} ms")
        if found.best:
            assert max(found.best.several.values()) <= limit * MS
        else:
            assert limit < 5


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"device": "rpi9"}, "no board with published figures 'rpi9'. Did you mean 'rpi4'"),
        ({}, "No device is named, and nothing was measured here"),
        ({"device": "rpi4", "latency": "15"}, "limit on latency p50: '15' is not a duration"),
        ({"device": "rpi4", "latency": "-3 ms"}, "limit on latency p50: '-3 ms' is not a duration"),
        ({"device": "rpi4", "latency": "nan ms"}, "'nan ms' is not a duration"),
        ({"device": "rpi4", "latency": "1e999 ms"}, "too large"),
        ({"device": "rpi4", "latency": "15 MB"}, "'15 MB' is not a duration"),
        ({"device": "rpi4", "accuracy": "170 %"}, "more than everything"),
        ({"device": "rpi4", "accuracy": "0.7"}, "limit on accuracy: '0.7' is not a share"),
        (
            {"device": "rpi4", "memory": "60 MB"},
            "No candidate has a figure for peak memory: it is not among the published",
        ),
        ({"device": "rpi4", "threads": 1}, "all CPUs"),
        ({"device": "rpi4", "runtimes": "onnx"}, "has a runtime 'onnx'"),
        ({"device": "rpi4", "model": "xception*"}, "No figures are published for xception*"),
        ({"device": "rpi4", "precision": "float16"}, "in float16"),
        ({"results": []}, "No result is given"),
        ({"results": "nowhere"}, "nowhere does not exist"),
        ({"results": "."}, "has no results and no sweep"),
    ],
)
def test_what_cannot_be_asked_is_named(asked, words):
    with pytest.raises(UsageError, match=words.replace("*", r"\*")):
        edgekit.pick(**asked)


def test_what_cannot_be_asked_of_results_is_named_with_what_there_is(folder):
    saved(folder, session(measured("a", 5)), session(measured("b", 6), device="host"))
    for asked, words, hint in (
        ({}, "There are results of 2 devices: host, rpi4.", "--device host"),
        (
            {"results": "results", "device": "rpi5"},
            "No measurement has the device rpi5. Did you mean",
            "host, rpi4",
        ),
        ({"device": "host", "precision": "float16"}, "has the precision float16", "int8"),
        ({"device": "host", "runtimes": "litert==9"}, "has the runtime litert==9", "litert"),
        ({"device": "host", "threads": 7}, "has the number of threads 7", "1"),
        ({"device": "host", "model": "c*"}, "has the model c*", "b"),
        ({"device": "host", "fps": 30.0}, "of 30 inferences per second", "back to back"),
    ):
        with pytest.raises(UsageError) as error:
            edgekit.pick(**asked)
        assert words in error.value.what
        assert hint in error.value.hint


def test_damaged_newer_and_foreign_files_are_named(folder):
    (path,) = saved(folder, session(measured("a", 5)))
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    for given in ("results", path):
        with pytest.raises(RecordError, match=r"results/0\.json"):
            edgekit.pick(given)
    path.write_text(whole.replace("edgekit.result/2", "edgekit.result/99"))
    with pytest.raises(RecordError, match="reads up to") as error:
        edgekit.pick("results")
    assert "Upgrade edgekit" in error.value.hint
    (folder / "results" / "package.json").write_text('{"name": "of something else"}')
    path.write_text('{"schema": "edgekit.manifest/2"}')
    with pytest.raises(UsageError, match="has no results and no sweep"):
        edgekit.pick("results")
    with pytest.raises(RecordError, match="not an edgekit result"):
        edgekit.pick(path)


def test_a_damaged_or_newer_sweep_is_named(folder):
    file = folder / "sweeps" / "own" / "sweep.json"
    write_sweep(file, planted(GRID))
    whole = file.read_text()
    file.write_text(whole.replace("edgekit.sweep/1", "edgekit.sweep/9"))
    for given in (None, "sweeps", file):
        with pytest.raises(RecordError, match="reads up to"):
            edgekit.pick(given, device="rpi4")
    file.write_text(whole[: len(whole) // 2])
    for given in (None, "sweeps/own", file):
        with pytest.raises(RecordError, match=r"sweep\.json"):
            edgekit.pick(given, device="rpi4")


def test_a_sweep_and_results_are_not_mixed(folder):
    saved(folder, session(measured("a", 5)))
    write_sweep(folder / "sweep.json", planted(GRID))
    with pytest.raises(UsageError, match="Both are named: sweep and results"):
        edgekit.pick(["sweep.json", "results"])


def test_records_are_taken_as_their_files_are(folder):
    result, sweep = session(measured("a", 5)), planted(GRID)
    assert edgekit.pick(result, latency="15 ms").best.model == "a"
    assert edgekit.pick(sweep, latency="15 ms").best.model == "m(0.75, 192)"
    (path,) = saved(folder, result)
    (read,) = edgekit.pick([path, path, "results"], latency="15 ms").files
    assert read.samefile(path)


def test_a_sweep_that_measured_nothing_says_so(folder):
    write_sweep(folder / "sweep.json", swept(sized(0.5, 192)))
    with pytest.raises(UsageError, match="was measured"):
        edgekit.pick("sweep.json")


def test_invalid_measurements_are_left_out_and_alone_are_an_error(folder):
    hot = Finding("invalid", "throttled", "The firmware reports throttling.", "Add a fan.")
    saved(folder, session(measured("a", 5, flaw=hot), measured("b", 9)))
    found = edgekit.pick(latency="15 ms")
    assert found.best.model == "b"
    assert "1 measurement left out, since it is invalid." in found.notes
    saved(folder, session(measured("a", 5, flaw=hot)))
    with pytest.raises(InvalidError, match="throttling"):
        edgekit.pick(latency="15 ms")


def test_a_session_that_is_not_whole_is_said(folder):
    saved(folder, session(measured("a", 5), partial="b does not load", ended="failed"))
    assert "is not complete: b does not load" in edgekit.pick(latency="15 ms").notes[0]


def test_where_nothing_is_timed_instructions_are_the_cost(folder):
    saved(folder, board(counted(2_000_000, model="a", wrong=100), counted(5_000_000, model="b", wrong=4)))
    found = edgekit.pick()
    assert (found.cost, found.best.model) == ("instructions", "b")
    assert found.faster.cost == -3_000_000
    assert edgekit.pick(instructions="3 M").best.model == "a"
    with pytest.raises(UsageError, match="has a figure for latency p50: rpi4-emulated is emulated"):
        edgekit.pick(latency="15 ms")


def test_a_result_knows_what_model_a_file_is_of(folder):
    def reference(each, alpha: float) -> Reference:
        model = Model(f"{alpha}", "imagenet", "0", 1, int(alpha * 1e8), "mobilenet_v1", alpha, 224)
        return Reference(each.artefact.sha256, None, None, model=model)

    pair = [measured("a", 5, None), measured("b", 10, None)]
    known = tuple(reference(each, alpha) for each, alpha in zip(pair, (0.25, 0.5), strict=True))
    saved(folder, replace(session(*pair), references=known))
    found = edgekit.pick(latency="15 ms")
    assert (found.scale, found.best.model) == ("published", "b")
    assert found.best.quality["published"].value == pytest.approx(0.6228, abs=1e-3)


def test_models_judged_on_different_images_are_not_compared(folder):
    others = replace(EVALUATION, labels=EVALUATION.labels[::-1])
    saved(
        folder,
        session(measured("m_digits", 5)),
        replace(session(measured("m_shapes", 5)), evaluations=(others,)),
    )
    with pytest.raises(UsageError, match="judged on different images"):
        edgekit.pick(latency="15 ms")
    assert edgekit.pick(latency="15 ms", model="*_shapes").best.model == "m_shapes"


def test_a_source_can_be_added(folder, monkeypatch):
    (folder / "list.csv").write_text("a,5\nb,9\n")

    def read(paths, wanted, notes):
        from edgekit.budget import read_cells
        from edgekit.choice.measured import candidate
        from edgekit.choice.wanted import Wanted

        assert isinstance(wanted, Wanted)
        rows = [line.split(",") for line in paths[0].read_text().split()]
        cells = read_cells([session(*(measured(name, float(ms)) for name, ms in rows))]).cells
        notes.append("from a list")
        return [candidate(cell) for cell in cells]

    own = Source("lists", list, lambda path: (path,) if path.suffix == ".csv" else (), read)
    monkeypatch.setattr(sources, "SOURCES", type(SOURCES)("source", [own, *SOURCES.values()]))
    found = edgekit.pick("list.csv", latency="6 ms")
    assert (found.source, found.best.model, found.notes) == ("lists", "a", ("from a list",))


def test_json_has_every_bound(folder):
    from edgekit.choice.to_json import to_json

    write_sweep(folder / "sweeps" / "own" / "sweep.json", planted(GRID))
    record = json.loads(to_json(edgekit.pick(latency="15 ms")))
    assert record["schema"] == "edgekit.pick/1"
    assert record["best"]["model"] == "m(0.75, 192)"
    assert (
        record["best"]["figures"]["latency_p50"]["low"]
        < 14 * MS
        < record["best"]["figures"]["latency_p50"]["high"]
    )
    assert record["better"]["broken"] == ["latency_p50"]
    nothing = json.loads(to_json(edgekit.pick(latency="1 ms")))
    assert (nothing["exit_code"], nothing["best"]) == (3, None)
    assert nothing["nearest"]["over"]["latency_p50"] > 0.9 * MS
