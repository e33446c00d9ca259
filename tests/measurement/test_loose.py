"""Files of no artefact set: what they are given, and what of them is refused before anything runs."""

import zipfile

import flatbuffers
import numpy as np
import onnx
import pytest
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper
from PIL import Image
from support.artefact_sets import MODELS
from support.loose_models import SHAPES, external, save, tflite, write_all
from support.once import once

from edgekit.data import load_dataset
from edgekit.errors import DataError, ModelError, UsageError
from edgekit.files import sha256_file
from edgekit.inspection.tflite_metadata import scale_of
from edgekit.measurement import BenchRequest, Schedule, bench
from edgekit.measurement.artefacts import payloads, subjects
from edgekit.measurement.classifier import Reading
from edgekit.measurement.loose import Asked


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    return once(tmp_path_factory, "loose", write_all)


@pytest.fixture
def look(tmp_path):
    """Return what is measured of some files."""
    work = tmp_path / "work"
    work.mkdir()

    def subjects_of(*paths, **asked):
        return subjects(paths, Asked(work=work, **asked))

    return subjects_of


def relu(path, shape=("n", 3), kind=TensorProto.FLOAT, name="x", **more):
    node = helper.make_node("Identity", [name], ["y"])
    return save(path, [node], [(name, kind, shape)], [("y", kind, shape)], **more)


def test_sizes_that_a_file_leaves_open_are_1_or_as_asked_for(look, files):
    (found,) = look(files / "two_inputs.onnx")
    assert [given.shape for given in found.inputs] == [(1, 3, 1, 1), (1, 5)]
    assert found.free == "--shape image=1,3,224,224 --shape ids=1,5"
    (found,) = look(files / "two_inputs.onnx", shapes={"image": (2, 3, 8, 9)})
    assert [given.shape for given in found.inputs] == [(2, 3, 8, 9), (1, 5)]
    (found,) = look(files / "three_outputs.tflite", shapes={"frame": (4, 8, 8, 3)})
    assert found.inputs[0].shape == (4, 8, 8, 3)


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ({"image": (1, 4, 8, 8)}, "takes image float32 [?, 3, ?, ?]; [1, 4, 8, 8] does not fit"),
        ({"image": (1, 3, 8)}, "[1, 3, 8] does not fit"),
        ({"image": (1, 3, 0, 8)}, "[1, 3, 0, 8] does not fit"),
        ({"img": (1, 3, 8, 8)}, "No file has an input 'img'"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused_with_one_that_does(look, files, shapes, says):
    with pytest.raises(UsageError) as raised:
        look(files / "two_inputs.onnx", shapes=shapes)
    assert says in raised.value.what
    assert "image" in raised.value.hint


def test_values_are_brought_in_the_type_that_the_input_takes(look, files, tmp_path):
    np.save(tmp_path / "ids.npy", np.array([[1, 2, 3, 4, 5]], np.int32))
    (found,) = look(files / "two_inputs.onnx", values={"ids": tmp_path / "ids.npy"})
    brought = found.inputs[1].payload
    assert np.load(brought.source).dtype == np.int64
    assert brought.sha256 == sha256_file(brought.source)
    assert brought in payloads([found], evaluation=False)


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        (np.zeros((1, 4), np.int64), UsageError, "[1, 4] does not fit"),
        (np.full((1, 5), 0.5), DataError, "takes int64"),
        (np.array([["a"] * 5]), DataError, "takes int64"),
    ],
)
def test_values_that_would_change_or_do_not_fit_are_refused(look, files, values, error, says):
    with pytest.raises(error) as raised:
        look(files / "two_inputs.onnx", values={"ids": values})
    assert says in raised.value.what


def test_a_pickle_among_the_values_is_not_run(look, files, tmp_path):
    np.save(tmp_path / "ids.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(DataError, match="allow_pickle"):
        look(files / "two_inputs.onnx", values={"ids": tmp_path / "ids.npy"})


def test_what_is_for_files_of_no_set_is_refused_where_all_are_of_sets(look, tiny):
    with pytest.raises(UsageError, match="none is named"):
        look(tiny, shapes={"input": (1, 8, 8, 3)})


def test_precision_is_what_most_weights_are_stored_as(look, files):
    found = look(files / "free.onnx", files / "float16.onnx", files / "int8.tflite")
    assert [each.precision for each in found] == ["float32", "float16", "int8"]
    assert {each.set for each in found} == {"files"}


def test_files_of_one_name_are_told_apart_by_their_folders(look, tmp_path):
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        relu(tmp_path / folder / "model.onnx", (1, 3))
    found = look(tmp_path / "old/model.onnx", tmp_path / "new/model.onnx")
    assert [each.set for each in found] == ["old", "new"]


def test_weights_in_another_file_go_to_the_device_with_the_model(look, files):
    (found,) = look(files / "free.onnx")
    folder = found.payload.source
    assert sorted(file.name for file in folder.iterdir()) == ["free.onnx", "free.onnx.data"]
    assert found.bytes == sum(file.stat().st_size for file in folder.iterdir())
    fields = found.fields({found.sha256: "/there"})
    assert fields["model"] == "/there/free.onnx"
    assert fields["model_sha256"] == sha256_file(files / "free.onnx")
    assert fields["model_data"] == (("free.onnx.data", sha256_file(files / "free.onnx.data")),)


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "sub/weights", "..", r"..\secret"])
def test_weights_outside_its_folder_are_never_read(look, tmp_path, location):
    path = save(
        tmp_path / "model.onnx",
        [helper.make_node("Add", ["x", "w"], ["y"])],
        [("x", TensorProto.FLOAT, [1])],
        [("y", TensorProto.FLOAT, [1])],
        {"w": np.ones(1, np.float32)},
    )
    (tmp_path.parent / "secret").write_bytes(bytes(4))
    external(path, location, write=False)
    with pytest.raises(ModelError, match="not in its own folder"):
        look(path)


def test_a_link_to_weights_elsewhere_is_not_followed(look, files, tmp_path):
    (tmp_path / "free.onnx").write_bytes((files / "free.onnx").read_bytes())
    with pytest.raises(ModelError, match="not next to it"):
        look(tmp_path / "free.onnx")
    (tmp_path / "free.onnx.data").symlink_to(files / "free.onnx.data")
    with pytest.raises(ModelError, match="is a link to"):
        look(tmp_path / "free.onnx")


def test_a_tensor_whose_name_leads_out_of_its_folder_is_refused(look, tmp_path):
    with pytest.raises(ModelError, match="a path out of its folder"):
        look(relu(tmp_path / "model.onnx", name="../../home/user/.profile"))
    assert look(relu(tmp_path / "torch.onnx", name="/features/features.0/Conv_output_0"))


def test_a_tensor_of_a_trillion_elements_is_refused_in_either_format(look, tmp_path):
    model = onnx.load(relu(tmp_path / "model.onnx", (1, 3)))
    model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[2**20, 2**20])
    (tmp_path / "stored.onnx").write_bytes(model.SerializeToString())
    relu(tmp_path / "input.onnx", (2**20, 2**20))
    shape = [2**20, 2**20]
    data = tflite([("x", shape, 0, None), ("y", shape, 0, None)], [(28, 1, [0], [1], None)], [0], [1])
    (tmp_path / "a.tflite").write_bytes(data)
    for name in ("stored.onnx", "input.onnx", "a.tflite"):
        with pytest.raises(ModelError, match="1,099,511,627,776 elements"):
            look(tmp_path / name)
    with pytest.raises(ModelError, match="1,099,511,627,776 elements"):
        look(relu(tmp_path / "free.onnx", ("n", "m")), shapes={"x": (2**20, 2**20)})


def test_a_dataset_says_how_a_classifiers_images_are_read(look, files):
    (found,) = look(files / "int8.tflite", reading=Reading(str(images(files))))
    assert found.contract.mean == (128.0,) * 3  # bytes as they are, less 128
    assert found.contract.std == pytest.approx((127.536,) * 3, rel=1e-3)
    assert (found.images.head.kind, found.images.classes) == ("top1", 3)
    assert (found.contract.height, found.contract.layout, found.contract.channels) == (8, "NHWC", "rgb")


def test_a_classifier_that_does_not_say_its_scale_is_asked_for_it(look, files, tmp_path):
    path = tmp_path / "plain.tflite"
    path.write_bytes((MODELS / "float32.tflite").read_bytes())
    with pytest.raises(UsageError, match="how its images are scaled"):
        look(path, reading=Reading(str(images(files))))
    (found,) = look(path, reading=Reading(str(images(files)), mean=(127.5,), std=(127.5,)))
    assert found.contract.mean == (127.5,) * 3


def test_a_file_that_takes_no_image_has_no_accuracy_and_that_is_said(look, files):
    with pytest.raises(UsageError, match="one image at a time"):
        look(files / "two_inputs.onnx", reading=Reading(str(images(files))))


def images(folder):
    """Return a dataset of three classes."""
    path = folder.parent / "three.npz"
    if not path.exists():
        random = np.random.default_rng(0)
        np.savez(
            path, images=random.integers(0, 256, (90, 8, 8, 3), dtype=np.uint8), labels=np.arange(90) % 3
        )
    return path


def test_a_session_of_a_loose_file_asks_for_outputs_and_no_accuracy(device, script, files):
    schedule = Schedule(repeats=1, min_runs=128, min_seconds=0)
    request = BenchRequest(
        artefacts=(files / "detector.onnx",), mode=schedule, threads=(1,), shapes={"images": SHAPES["images"]}
    )
    result = bench(request, transport=device)
    passes = [asked["pass"] for asked in script.requests]
    assert "accuracy" not in passes
    assert passes.count("outputs") == 1
    asked = next(asked for asked in script.requests if asked["pass"] == "latency")
    assert (asked["inputs"], asked["mean"], asked["finite"]) == ([{"shape": [1, 3, 16, 16]}], [], False)
    assert result.references == ()
    assert result.measurements[0].outputs[0].name == "y"


def test_a_file_of_labels_numbers_the_classes_and_may_name_more_than_the_images_have(look, files, tmp_path):
    for place, name in enumerate(("dog", "cat")):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for index in range(15):
            pixels = np.random.default_rng((place, index)).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{index}.png")
    labels = tmp_path / "names.txt"
    labels.write_text("bird\ncat\ndog\n")
    (found,) = look(files / "int8.tflite", reading=Reading(str(tmp_path / "pets"), labels))
    assert set(np.load(found.images.path)["labels"].tolist()) == {1, 2}
    assert found.images.classes == 3
    with pytest.raises(UsageError, match=r"3 scores, .* has 2 classes") as raised:
        look(files / "int8.tflite", reading=Reading(str(tmp_path / "pets")))
    assert "--labels FILE" in raised.value.hint


# mean 103.9, 116.8, 123.7 and std 1, 2, 3, as tflite-support 0.4.4 writes them
METADATA = bytes.fromhex(
    "140000004d3030310c000c0008000000000004000c00000008000000a0000000010000001000000000000a00080000000000"
    "04000a00000004000000010000001400000000000e000c00080000000000000004000e000000080000005400000001000000"
    "0c00000008000c000b00040008000000100000000000000108000c0008000400080000000800000014000000030000000000"
    "803f000000400000404003000000cdcccf429a99e9426666f74205000000696d6167650000000100000078000000"
)


def test_a_tflite_file_may_say_its_scale_and_its_classes_itself(look, files, tmp_path):
    model = schema.ModelT.InitFromPackedBuf((MODELS / "float32.tflite").read_bytes())
    entry, buffer = schema.MetadataT(), schema.BufferT()
    entry.name, entry.buffer, buffer.data = b"TFLITE_METADATA", len(model.buffers), METADATA
    model.metadata, model.buffers = [entry], [*model.buffers, buffer]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path = tmp_path / "said.tflite"
    path.write_bytes(bytes(builder.Output()))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "2\n0\n1\n")
    (found,) = look(path, reading=Reading(str(images(files))))
    assert found.contract.mean == pytest.approx((103.9, 116.8, 123.7))
    assert found.contract.std == (1.0, 2.0, 3.0)
    plain = look(path, reading=Reading(str(images(files)), mean=(0.0,)))[0].contract
    assert (plain.mean, plain.std) == ((0.0,) * 3, (1.0,) * 3)
    labels = np.load(found.images.path)["labels"]
    as_is = load_dataset(str(images(files)), resolution=8).evaluation.labels
    assert labels.tolist() == [(1, 2, 0)[label] for label in as_is]


@pytest.mark.parametrize("damage", [b"", METADATA[:40], bytes(len(METADATA)), b"\xff" * len(METADATA)])
def test_damaged_metadata_says_nothing(damage):
    assert scale_of(damage) is None
