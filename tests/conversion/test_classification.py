"""Classifying images with a file alone, in Python and by `edgekit try`."""

import json
import shutil
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image
from support.artefact_sets import MODELS
from support.loose_models import save

import edgekit
from edgekit.artefact import Head, Preprocessing
from edgekit.cli import ending, main
from edgekit.conversion.formats import FORMATS
from edgekit.errors import DataError, ModelError, UsageError
from edgekit.inspection.usage import Usage


@pytest.fixture(scope="module")
def images(converted, tmp_path_factory):
    """The first evaluation images as files, and what Keras says of each."""
    folder = tmp_path_factory.mktemp("images")
    with np.load(converted.folder / "evaluation.npz") as arrays:
        pixels, keras = arrays["images"][:50], arrays["keras"][:50]
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number:02d}.png")
    return sorted(folder.iterdir()), keras


@pytest.fixture
def said(tmp_path):
    """Write a small model that says how it is used."""

    def write(name="float32.tflite", **usage):
        usage = {"preprocessing": Preprocessing(height=8, width=8), "labels": ("cat", "dog", "hen")} | usage
        file = tmp_path / name
        data = (MODELS / name).read_bytes()
        file.write_bytes(FORMATS[file.suffix[1:]].with_usage(data, Usage(**usage)))
        return file

    return write


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.effect_noise((40, 30), 80).convert("RGB").save(path)
    return path


@pytest.fixture
def command(monkeypatch, capsys):
    """Run `edgekit try`; return its exit code, and what it printed."""

    def run(*arguments):
        monkeypatch.setattr(ending, "listen", lambda: None)
        monkeypatch.setattr(sys, "argv", ["edgekit", "try", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capsys.readouterr())

    return run


@pytest.mark.parametrize(
    "name", ["float32.tflite", "float16.tflite", "int8.tflite", "float32.onnx", "int8.onnx"]
)
def test_a_file_alone_answers_as_keras_does(converted, images, name, tmp_path):
    alone = tmp_path / "alone" / name
    alone.parent.mkdir()
    shutil.copy(converted.folder / name, alone)
    paths, keras = images
    found = edgekit.classify(alone, paths)
    assert [each.answer for each in found] == [(str(label),) for label in keras]
    assert all(len(each.scores) == 5 and each.scores[0].score > 0.5 for each in found)


def test_an_image_of_another_size_and_kind_is_brought_to_the_models(said, photo, tmp_path):
    file = said()
    (colour,) = edgekit.classify(file, photo)
    grey = tmp_path / "grey.png"
    Image.open(photo).convert("L").save(grey)
    (same,) = edgekit.classify(file, str(grey))
    assert same.scores[0].score == pytest.approx(colour.scores[0].score, abs=0.02)
    assert {score.label for score in same.scores} == {"cat", "dog", "hen"}


def test_of_a_model_with_several_labels_the_answer_is_every_one_above_the_threshold(said, photo):
    (every,) = edgekit.classify(said(head=Head("multilabel", 0.0)), photo)
    assert every.answer == ("cat", "dog", "hen")
    (none,) = edgekit.classify(said(head=Head("multilabel", 2.0)), photo)
    assert (none.answer, len(none.scores)) == ((), 3)


def test_a_file_without_names_answers_with_numbers(said, photo):
    (found,) = edgekit.classify(said(labels=()), photo, top=1)
    assert found.answer[0] == str(found.scores[0].index)


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda said, _: MODELS / "float32.onnx", UsageError, "does not say how its image is scaled"),
        (lambda said, _: said(head=Head("none")), UsageError, "does not classify"),
        (lambda said, _: said().parent, UsageError, "is a folder"),
        (lambda said, _: said().parent / "no.tflite", ModelError, "No such file"),
        (lambda said, photo: photo, ModelError, "is not a TFLite or ONNX file"),
    ],
)
def test_what_cannot_be_tried_is_named_with_the_reason(said, photo, spoil, error, says):
    with pytest.raises(error, match=says):
        edgekit.classify(spoil(said, photo), photo)


def test_impossible_requests_are_refused(said, photo):
    with pytest.raises(UsageError, match="0 classes"):
        edgekit.classify(said(), photo, top=0)
    with pytest.raises(UsageError, match="No image"):
        edgekit.classify(said(), [])
    with pytest.raises(DataError, match=r"float32\.tflite cannot be read: not an image"):
        edgekit.classify(said(), said())


def test_a_broken_image_is_named_and_the_others_are_classified(said, photo, tmp_path, command):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photo.read_bytes()[:200])
    code, out, err = command(said(), photo, broken, "--json")
    good, bad = json.loads(out)
    assert code == 2
    assert good["answer"][0] in ("cat", "dog", "hen")
    assert bad["problem"]
    assert not bad["answer"]
    assert "1 of 2 images could not be read" in err


def test_the_command_shows_the_answer_and_names_the_next_one(said, photo, command):
    file = said("int8.onnx")
    code, out, err = command(file, photo, "--top", "2")
    assert code == 0
    (answer,) = edgekit.classify(file, photo)[0].answer
    assert answer in out
    assert out.count("0.") == 2
    assert f"Next: edgekit bench {file}" in err


def test_a_file_that_takes_half_precision_or_bytes_without_a_scale_is_given_them(tmp_path, photo):
    kinds = {"float16": (TensorProto.FLOAT16, ["x"]), "uint8": (TensorProto.UINT8, ["c"])}
    for name, (kind, mean_of) in kinds.items():
        nodes = [
            helper.make_node("Cast", ["x"], ["c"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", mean_of, ["m"], axes=[1, 2], keepdims=0),
            helper.make_node("Cast", ["m"], ["y"], to=TensorProto.FLOAT),
        ]
        path = tmp_path / f"{name}.onnx"
        save(path, nodes, [("x", kind, [1, 8, 8, 3])], [("y", TensorProto.FLOAT, [1, 3])])
        usage = Usage(preprocessing=Preprocessing(height=8, width=8, mean=(0.0,) * 3, std=(1.0,) * 3))
        path.write_bytes(FORMATS["onnx"].with_usage(path.read_bytes(), usage))
        (found,) = edgekit.classify(path, photo)
        red, green, blue = (score.score for score in sorted(found.scores, key=lambda each: each.index))
        assert 60 < red < 200
        assert red == pytest.approx(green) == pytest.approx(blue)


def test_what_a_runtime_refuses_when_it_runs_is_said_in_a_sentence(tmp_path, photo):
    path = tmp_path / "odd.onnx"
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    save(
        path,
        nodes,
        [("x", TensorProto.FLOAT, [1, 8, 8, 3]), ("shape", TensorProto.INT64, [2])],
        [("y", TensorProto.FLOAT, [1, "n"])],
    )
    path.write_bytes(
        FORMATS["onnx"].with_usage(
            path.read_bytes(), Usage(preprocessing=Preprocessing(height=8, width=8), labels=("a", "b"))
        )
    )
    with pytest.raises(ModelError, match=r"odd\.onnx cannot be run here: Required inputs"):
        edgekit.classify(path, photo)
