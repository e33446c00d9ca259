"""What files say of themselves for apps: TFLite's metadata, ONNX' properties."""

import json
import shutil
import zipfile

import msgspec
import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from PIL import Image
from support.artefact_sets import MODELS
from support.pages import ROOT, python_of

from edgekit.artefact import Head, Preprocessing
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.pixels import byte_range, contract_of_file
from edgekit.conversion.runners import onnx_session, stored
from edgekit.conversion.tflite_files import packed
from edgekit.data import normalise
from edgekit.inspection import Quantization, TensorInfo, inspect_bytes, inspect_file
from edgekit.inspection.tflite_metadata import labels_inside, scale_of, usage_of
from edgekit.inspection.usage import Usage

TORCH = Preprocessing(
    height=8, width=8, channels="bgr", mean=(103.9, 116.8, 123.7), std=(1.0, 2.0, 1 / 3), layout="NHWC"
)
USAGES = {
    "usual": Usage(preprocessing=Preprocessing(height=8, width=8), labels=("cat", "dog", "güiro 🥁")),
    "one score": Usage(
        preprocessing=Preprocessing(height=8, width=8), labels=("no", "yes"), head=Head("binary", 0.0)
    ),
    "another order": Usage(preprocessing=TORCH, labels=("a", "b", "c"), model="m", source_sha256="ab12"),
    "odd names": Usage(preprocessing=TORCH, labels=("a\nb", "c", ""), version="0.1.0"),
    "no scores": Usage(preprocessing=TORCH, head=Head("none")),
}


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
@pytest.mark.parametrize("name", USAGES)
def test_what_is_written_into_a_file_is_read_back(kind, name):
    usage, format = USAGES[name], FORMATS[kind]
    for file in sorted(MODELS.glob(f"*32.{kind}")):
        data = file.read_bytes()
        said = format.with_usage(data, usage)
        found = inspect_bytes(said, file.name).usage
        for field in ("mean", "std"):  # both formats hold nine digits
            values = getattr(usage.preprocessing, field)
            assert getattr(found.preprocessing, field) == pytest.approx(values, rel=1e-8)
        same = msgspec.structs.replace(found, preprocessing=usage.preprocessing)
        assert same == usage
        assert format.with_usage(said, usage) == said, "said twice, it is the same file"
        image = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype(np.float32)
        before, after = (format.load(each).outputs(image) for each in (data, said))
        assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))


def test_tflite_has_a_name_for_each_score_and_of_a_single_score_that_of_its_class():
    data = (MODELS / "float32.tflite").read_bytes()
    with_usage = FORMATS["tflite"].with_usage
    assert labels_inside(with_usage(data, USAGES["usual"])) == "cat\ndog\ngüiro 🥁\n"
    assert labels_inside(with_usage(data, USAGES["odd names"])) is None, "a line would be two names"
    assert labels_inside(with_usage(data, USAGES["no scores"])) is None
    assert labels_inside(with_usage(data, USAGES["one score"])) is None, "this model has three"
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    graph.tensors[graph.outputs[0]].shape = [1, 1]
    single = with_usage(packed(model, len(data)), USAGES["one score"])
    assert labels_inside(single) == "yes\n"
    assert inspect_bytes(single, "a.tflite").usage == USAGES["one score"], "both names are kept"


def test_tflites_own_normalization_is_what_other_readers_find():
    data = FORMATS["tflite"].with_usage((MODELS / "float32.tflite").read_bytes(), USAGES["another order"])
    mean, std = inspect_bytes(data, "a.tflite").scale
    assert (mean, std) == (pytest.approx(TORCH.mean), pytest.approx(TORCH.std))
    usual = FORMATS["tflite"].with_usage(data, USAGES["usual"])
    assert inspect_bytes(usual, "a.tflite").scale == ((127.5,), (127.5,)), "one number for all channels"


def test_a_files_labels_are_stored_and_have_no_date(tmp_path):
    path = tmp_path / "said.tflite"
    path.write_bytes(FORMATS["tflite"].with_usage((MODELS / "int8.tflite").read_bytes(), USAGES["usual"]))
    with zipfile.ZipFile(path) as archive:
        (entry,) = archive.infolist()
    assert (entry.filename, entry.compress_type, entry.date_time[0]) == (
        "labels.txt",
        zipfile.ZIP_STORED,
        1980,
    )


def test_damaged_metadata_of_edgekits_own_says_nothing():
    data = FORMATS["tflite"].with_usage((MODELS / "float32.tflite").read_bytes(), USAGES["usual"])
    start = data.index(b"M001") - 4
    whole = data[start : start + 1000]
    assert usage_of(whole, data) == USAGES["usual"]
    for cut in range(0, 600, 7):
        usage_of(whole[:cut], data)
        scale_of(whole[:cut])
    torn = onnx.load(MODELS / "float32.onnx")
    for value in ("nonsense", "[1]", ""):
        onnx.helper.set_model_props(torn, {"edgekit.mean": value, "edgekit.labels": value})
        assert inspect_bytes(torn.SerializeToString(), "a.onnx").usage is None


def test_onnx_alone_tells_how_to_classify(converted):
    for name in ("float32.onnx", "int8.onnx"):
        model = onnx.load(converted.folder / name)
        said = {entry.key: entry.value for entry in model.metadata_props}
        assert said["Image.BitmapPixelFormat"] == "Rgb8"
        assert said["Image.NominalPixelRange"] == "Normalized_1_1"
        assert said["Image.ColorSpaceGamma"] == "SRGB"
        (image,) = model.graph.input
        assert image.type.denotation == "IMAGE"
        dims = image.type.tensor_type.shape.dim
        layout = [dim.denotation for dim in dims]
        assert layout == ["DATA_BATCH", "DATA_FEATURE", "DATA_FEATURE", "DATA_CHANNEL"]
        mean, std = (np.float32(said[f"edgekit.{key}"].split(",")) for key in ("mean", "std"))
        labels = json.loads(said["edgekit.labels"])
        with np.load(converted.folder / "evaluation.npz") as arrays:
            images, keras = arrays["images"][:100], arrays["keras"][:100]
        session = onnx_session(model.SerializeToString(), optimise=True)
        given = [
            labels[session.run(None, {image.name: (pixels[None] - mean) / std})[0].argmax()]
            for pixels in images
        ]
        assert np.mean([int(label) == answer for label, answer in zip(given, keras, strict=True)]) >= 0.98
        contract = converted.manifest.preprocessing
        assert np.array_equal((images - mean) / std, normalise(images, contract))


def test_every_file_of_a_set_says_what_the_manifest_says(converted):
    manifest = converted.manifest
    for file in manifest.files:
        usage = inspect_file(converted.path(file)).usage
        assert usage == Usage(
            preprocessing=manifest.preprocessing,
            labels=manifest.labels,
            head=manifest.head,
            model=manifest.model.name,
            source_sha256=manifest.model.sha256,
            version=manifest.edgekit,
        )


@pytest.mark.parametrize("scale", [(127.5, 127.5), (0.0, 255.0), (0.0, 1.0), (128.0, 64.0)])
def test_a_byte_that_is_given_as_it_is_is_stored_as_it_is(scale):
    contract = Preprocessing(height=16, width=16, mean=scale[:1] * 3, std=scale[1:] * 3)
    low, high = byte_range(contract)
    step = np.float32((high - low) / 255)
    zero = round(-low / step)
    tensor = TensorInfo("input", (1, 16, 16, 3), "uint8", Quantization("uint8", (float(step),), (zero,)))
    own = contract_of_file(contract, tensor)
    pixels = np.repeat(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), 3, axis=3)
    detail = {"dtype": np.uint8, "quantization": (float(step), zero)}
    assert np.array_equal(stored(normalise(pixels, own), detail), pixels)


def test_channels_that_are_scaled_differently_have_no_range_of_bytes():
    assert byte_range(TORCH) is None
    tensor = TensorInfo("input", (1, 8, 8, 3), "uint8", Quantization("uint8", (0.02,), (114,)))
    assert contract_of_file(TORCH, tensor) == TORCH


def test_the_pages_python_classifies_with_onnx_runtime_and_what_the_file_says(
    converted, tmp_path, monkeypatch, capsys
):
    (code,) = [each for each in python_of(ROOT / "docs" / "apps.md") if "onnxruntime" in each]
    monkeypatch.chdir(tmp_path)
    shutil.copy(converted.folder / "float32.onnx", tmp_path)
    with np.load(converted.folder / "evaluation.npz") as arrays:
        Image.fromarray(arrays["images"][0]).save("seven.png")
        keras = int(arrays["keras"][0])
    exec(code, {})
    assert capsys.readouterr().out.split() == [str(keras)]
