"""What a refusal says to do next works when it is typed; each is followed until a command succeeds."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from support.loose_models import write_all
from support.screens import show

from edgekit.measurement import request
from edgekit.zoo.load import load_model

SHIPPED = Path(__file__).resolve().parents[2] / "models"
SIZE, IMAGES = 24, 240
# what only who types knows: the images' folder, the file with the classes' names
KNOWN = {"FOLDER": "photos", "FILE": "names.txt", "EARLIER.keras": "small.keras"}
SHORT = request.Schedule(1, 3, 0, max_seconds=1, warmup_runs=1, warmup_seconds=0)
MEANWHILE = {"convert": "-o made", "bench": "--threads 1 --no-memory -o result.json"}
OPTION = r"--[a-z][a-z0-9-]*"
VALUE = r'"[^"]+"|[^\s;]*[^\s,;:.]'


def classifier(path, image=(1, 3, SIZE, SIZE), classes=2, middle=0.0):
    """A float file that tells bright images from dark ones: pixels above the middle from those below."""
    depth = image[1]
    weights = {
        "kernel": np.tile([[1.0], [-1.0]], (1, depth)).reshape(2, depth, 1, 1) / depth,
        "middle": np.array([-middle, middle]),
        "head": np.eye(2, classes),  # bright, dark
    }
    node = helper.make_node
    graph = helper.make_graph(
        [
            node("Conv", ["image", "kernel", "middle"], ["seen"]),
            node("GlobalAveragePool", ["seen"], ["pooled"]),
            node("Flatten", ["pooled"], ["row"]),
            node("Gemm", ["row", "head"], ["logits"]),
        ],
        "graph",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [image[0], classes])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def diverged(path, target):
    """A model of which a weight is NaN."""
    model = load_model(path)
    layer = model.get_layer("conv_preds")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, np.where(np.arange(len(bias)) == 3, np.nan, bias)])
    model.save(target)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with models and images as people have them."""
    folder = tmp_path_factory.mktemp("place")
    write_all(folder)
    classifier(folder / "model.onnx")
    classifier(folder / "bytes.onnx", middle=127.5)
    classifier(folder / "three.onnx", classes=3)
    classifier(folder / "grey.onnx", (1, 1, SIZE, SIZE))
    classifier(folder / "any.onnx", (1, 3, "h", "w"))
    classifier(folder / "four.onnx", (4, 3, SIZE, SIZE))
    random = np.random.default_rng(0)
    images = (
        random.integers(0, 40, (IMAGES, SIZE, SIZE, 3)) + np.arange(IMAGES)[:, None, None, None] % 2 * 200
    )
    for index, pixels in enumerate(images.astype(np.uint8)):
        for kind in (("dark", "bright")[index % 2], "../photos"):
            (folder / "images" / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / "images" / kind / f"{index}.png")
    (folder / "names.txt").write_text("bright\ndark\nneither\n")
    (folder / "only" / "one").mkdir(parents=True)
    for file in (folder / "photos").iterdir():
        (folder / "only" / "one" / file.name).write_bytes(file.read_bytes())
    (folder / "taken").mkdir()
    (folder / "taken" / "thesis.txt").write_text("All of it.")
    shutil.copy(SHIPPED / "mobilenet_v1_0.25_32_digits.keras", folder / "small.keras")
    diverged(folder / "small.keras", folder / "nan.keras")
    several = (np.arange(IMAGES)[:, None] + np.arange(10)) % 3 == 0  # of ten labels
    np.savez(folder / "labelled.npz", images=images.astype(np.uint8), labels=several.astype(np.int64))
    return folder


def following(command: str, hint: str) -> str:
    """The command that somebody types who does what a hint says."""
    if whole := re.search(r"\bedgekit ((?:convert|bench) [^`;\n]+)", hint):
        return shlex.join(KNOWN.get(word, word) for word in shlex.split(whole[1]))
    words = shlex.split(command)
    if dropped := re.match(rf"Leave (?:out )?({OPTION})(?: and ({OPTION}))?", hint):
        for option in filter(None, dropped.groups()):
            words = without(words, option)
        return shlex.join(words)
    chosen = re.search(rf"{OPTION} (?:{VALUE})(?: {OPTION} (?:{VALUE}))*", hint)
    assert chosen, f"it names no command: {hint}"
    if instead := re.search(rf"in place of ({OPTION})", hint):
        words = without(words, instead[1])
    added = [KNOWN.get(word, word) for word in shlex.split(chosen[0])]
    for option in added[::2]:
        words = without(words, option)
    return shlex.join([*words, *added])


def without(words: list[str], option: str) -> list[str]:
    """A command line without an option and its value."""
    if option not in words:
        return words
    at = words.index(option)
    valued = at + 1 < len(words) and not words[at + 1].startswith("--")
    return words[:at] + words[at + 1 + valued :]


REFUSED = [
    "convert model.onnx",
    "convert model.onnx --calibrate-on photos --max-drop 1pp",
    "convert three.onnx --dataset images",
    "convert any.onnx --dataset images",
    "convert model.onnx --dataset images --resolution 32",
    "convert model.onnx --dataset images --classes 3",
    "convert model.onnx --dataset images --format tflite",
    "convert model.onnx --dataset images --float16",
    "convert model.onnx --dataset images --channels grey",
    "convert grey.onnx --dataset images --channels bgr",
    "convert model.onnx --dataset images --preprocess tf --mean 0",
    "convert model.onnx --dataset only",
    "convert bytes.onnx --dataset images",
    "convert int8.tflite --dataset images",
    "convert two_inputs.onnx --dataset images",
    "convert three_outputs.tflite --dataset images --resolution 9",
    "convert float16.onnx --dataset images",
    "convert four.onnx --dataset images",
    "convert nan.keras --dataset images",
    "convert small.keras --dataset labelled.npz",
    "bench small.keras",
    "bench model.onnx --dataset images",
    "bench free.onnx --shape x=1,4,8,8",
    "bench two_inputs.onnx --dataset images",
]


@pytest.mark.parametrize("command", REFUSED)
def test_what_a_refusal_says_to_type_works(command, place, monkeypatch):
    monkeypatch.chdir(place)
    monkeypatch.setitem(request.MODES, "quick", SHORT)
    said = []
    for _ in range(4):
        shown = show(f"{command} {MEANWHILE[command.split()[0]]}")
        print(f"$ edgekit {command}\n{shown.err}exit code {shown.code}")
        if shown.code in (0, 4) and "Error:" not in shown.err:
            break
        refusal, hint = shown.err[shown.err.index("Error: ") :].strip().split("\n", 1)
        assert refusal not in said, "what it said to type changed nothing"
        said.append(refusal)
        command = following(command, hint)
    assert said, "nothing was refused"
    assert shown.code in (0, 4), said


def test_the_order_of_classes_that_would_be_right_is_written_by_the_command_that_is_named(place, monkeypatch):
    monkeypatch.chdir(place)
    (place / "images").rename(place / "turned")
    (place / "turned" / "dark").rename(place / "turned" / "apples")  # the model's second class, sorted first
    shown = show("convert model.onnx --dataset turned -o made")
    command, option = re.search(
        r"If the model was trained in that order: (.+) and add (--labels \S+)", shown.err
    ).groups()
    subprocess.run(["sh", "-c", command], check=True)
    shown = show(f"convert model.onnx --dataset turned {option} -o made")
    assert shown.code == 0
    assert "top-1 100.00 %" in shown.out
