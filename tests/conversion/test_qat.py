"""Training for 8 bits: it computes as the int8 files do, brings scores nearer, goes on, and never harms."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from edgekit.artefact import Preprocessing
from edgekit.conversion import ConvertRequest, convert
from edgekit.conversion.calibration import Calibration
from edgekit.conversion.feed import Feed
from edgekit.conversion.formats import FORMATS
from edgekit.conversion.graph import freeze
from edgekit.conversion.preparation import Preparation
from edgekit.conversion.qat import tensors
from edgekit.conversion.qat.places import nudged, places
from edgekit.conversion.qat.run_folder import Run, State
from edgekit.conversion.qat.tuning import Tuner, _places, _simulation, check_trainable
from edgekit.conversion.steps import PLAIN, Steps, Trained
from edgekit.data.sources import load_images
from edgekit.errors import ModelError, UsageError
from edgekit.inspection import inspect_bytes
from edgekit.progress import SILENT, Recorder
from edgekit.quiet import import_tensorflow
from edgekit.zoo.source import resolve

SIDE = 12


def _save(path, classes=4, extra=None):
    """A small trained-like model with what matters: batch norms, a depthwise layer, a residual sum, ReLU6."""
    import_tensorflow()
    import keras
    from keras import layers

    keras.utils.set_random_seed(3)
    image = x = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(beta_initializer="random_normal", gamma_initializer="random_uniform")(x)
    short = x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(gamma_initializer=keras.initializers.RandomUniform(0.5, 4))(x)
    x = layers.ReLU(6.0)(x)
    x = layers.Conv2D(8, 1, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Add()([short, x])
    if extra is not None:
        x = extra(x)
    x = layers.GlobalAveragePooling2D()(x)
    kernel = keras.initializers.RandomNormal(stddev=3.0)
    x = layers.Dense(classes, activation="softmax", kernel_initializer=kernel)(x)
    keras.Model(image, x).save(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, and images without classes."""
    made = tmp_path_factory.mktemp("qat")
    _save(made / "tiny.keras")
    chance = np.random.default_rng(5)
    colours = chance.integers(0, 256, (240, 1, 1, 3))
    images = np.clip(colours + chance.integers(-90, 90, (240, SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    np.savez_compressed(made / "images.npz", images=images)
    return made


@pytest.fixture(scope="module")
def dataset(folder):
    return load_images(str(folder / "images.npz"), Preprocessing(height=SIDE, width=SIDE))


@pytest.fixture(scope="module")
def graph(folder):
    return freeze(resolve(str(folder / "tiny.keras")).load())


@pytest.fixture
def calibration(graph, dataset):
    feed = Feed(dataset.calibration, dataset.preprocessing, 60)
    return Calibration(FORMATS["onnx"].float32(graph), feed, SILENT)


def _tuner(calibration, dataset, runs, epochs=1, progress=SILENT, **others):
    return Tuner(
        calibration=calibration,
        dataset=dataset,
        apart=calibration.held | set(dataset.evaluation.hashes),
        contract=dataset.preprocessing,
        epochs=epochs,
        folder=runs / "tiny_qat",
        seed=0,
        progress=progress,
        **others,
    )


def _coarse(calibration):
    """The network with weights of few steps, and ranges four times too wide."""
    layers = {}
    for layer in calibration.source.network.layers:
        step = float(np.abs(layer.weights).max()) / 7
        layers[layer.name] = replace(layer, weights=(np.rint(layer.weights / step) * step).astype(np.float32))
    ranges = {name: (4 * low, 4 * high) for name, (low, high) in calibration.ranges(PLAIN).items()}
    return calibration.source.network.with_layers(layers), ranges


def _preparation(calibration, graph, kind, train=None):
    format = FORMATS[kind]

    def quantize(file, ranges, kept):
        return format.int8(file, ranges, kept, io=format.io, target="arm64")

    return Preparation(calibration, format, format.float32(graph), 127, quantize, train=train)


def test_what_is_trained_computes_as_both_int8_files_do(calibration, graph, dataset):
    network = calibration.source.network
    simulation = _simulation(calibration, network, calibration.ranges(PLAIN), 127)
    steps = Steps(trained=1, levels=127)
    where = _places(calibration)
    calibration.trained[steps] = Trained(simulation.layers(), simulation.ranges(), where.sources, 1)
    (name,) = where.squashed
    low, high = simulation.ranges()[name]
    images = list(Feed(dataset.evaluation, dataset.preprocessing, 30))
    meant = np.concatenate([simulation(image)[0].numpy() for image in images])
    floats = np.concatenate([simulation(image, rounded=False)[0].numpy() for image in images])
    assert np.abs(meant - floats).max() > (high - low) / 255, "8 bits change what this model says"
    for kind in ("tflite", "onnx"):
        preparation = _preparation(calibration, graph, kind)
        made = preparation.prepared(steps)
        file, squash = preparation.format.unsquashed(made.float_file)
        assert squash == "softmax"
        runner = preparation.format.load(
            preparation.quantize(file, made.ranges, frozenset()), optimise=kind != "onnx"
        )
        found = np.concatenate([runner.outputs(image)[0] for image in images])
        off = np.abs(found - meant) / ((high - low) / 255)
        assert off.max() < 2.01, f"{kind}: {off.max()} steps of the scores"
        assert off.mean() < 0.3


def test_training_brings_a_coarse_start_nearer_and_twice_gives_the_same(
    calibration, graph, dataset, tmp_path
):
    network, ranges = _coarse(calibration)
    found = []
    for runs in (tmp_path / "a", tmp_path / "b"):
        tuner = _tuner(calibration, dataset, runs, epochs=30, rate=3e-3)
        found.append(tuner.trained(network, ranges, 127, "coarse"))
    noises = []
    for number, trained in enumerate((Trained(network.layers, ranges, {}, 0), found[0])):
        steps = Steps(trained=1 + number, levels=127)
        calibration.trained[steps] = trained
        preparation, seen = _preparation(calibration, graph, "tflite"), {}
        preparation._try(steps, seen)
        noises.append(float(np.mean(seen[steps])))
    assert noises[1] < noises[0] / 10, "the noise is a tenth"
    for one, other in zip(found[0].layers, found[1].layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
    assert found[0].ranges == found[1].ranges
    assert all(low <= 0 <= high for low, high in found[0].ranges.values())


def test_a_training_that_stops_after_any_step_ends_with_the_same_weights(
    calibration, dataset, tmp_path, monkeypatch
):
    from edgekit.conversion.qat import training

    monkeypatch.setattr(training, "_KEEP", 0.0)
    network, ranges = _coarse(calibration)

    def trained(runs, progress=SILENT):
        return _tuner(calibration, dataset, runs, epochs=2, progress=progress).trained(
            network, ranges, 127, "coarse"
        )

    whole = trained(tmp_path / "whole")
    save, recorder = Run.save, Recorder()

    def stopping(run, state, variables):
        save(run, state, variables)
        if state.steps == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Run, "save", stopping)
        trained(tmp_path / "stopped")
    again = trained(tmp_path / "stopped", recorder)
    assert any(note.startswith("Resuming after step 3 of ") for note in recorder.notes)
    for one, other in zip(whole.layers, again.layers, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.bias, other.bias)
    assert whole.ranges == again.ranges


def test_images_that_judge_are_not_trained_on(calibration, dataset, tmp_path):
    tuner = _tuner(calibration, dataset, tmp_path)
    images = tuner.images
    hashes = [images.split.hashes[i] for i in images.indices]
    assert hashes
    assert not set(hashes) & (calibration.held | set(dataset.evaluation.hashes))
    everything = {*dataset.train.hashes, *dataset.calibration.hashes}
    with pytest.raises(UsageError, match="none is left to train on"):
        _ = replace(tuner, apart=everything).images


def test_the_nearer_of_trained_and_untrained_is_kept_and_said(calibration, graph):
    coarse, ranges = _coarse(calibration)
    poor, good = (Steps(trained=epochs, levels=127) for epochs in (1, 2))
    calibration.trained[poor] = Trained(coarse.layers, ranges, {}, 1)
    real = calibration.source.network.layers
    calibration.trained[good] = Trained(real, calibration.ranges(PLAIN), {}, 2)
    for best, other, epochs, end in (
        (good, poor, "1 epoch", "so it is left out"),
        (poor, good, "2 epochs", "so it is kept"),
    ):
        preparation = _preparation(calibration, graph, "tflite", lambda start, levels, other=other: other)
        found = {}
        preparation._try(best, found)
        chosen, line = preparation._trained(best, found)
        assert chosen == good
        assert line.startswith(f"training for 8 bits, {epochs}: SQNR ")
        assert line.endswith(end)
        assert "chance" not in line


def test_the_golden_range_of_a_tensor_holds_zero_as_a_step():
    assert nudged(0.0, 6.0) == (0.0, pytest.approx(6.0))
    low, high = nudged(-1.0, 1.0)
    step = (high - low) / 255
    assert low / step == pytest.approx(-128) or low / step == pytest.approx(-127)
    assert nudged(low, high) == (pytest.approx(low, abs=1e-7), pytest.approx(high, abs=1e-7))


def test_only_what_files_round_is_rounded(calibration):
    source = calibration.source
    found = places(source.nodes, source.outputs, source.images, (-1.0, 1.0), source.constants)
    kinds = {node.output[0]: node.op_type for node in source.nodes}
    rounded = sorted(kinds[name] for name in found.rounded if name in kinds and name not in source.images)
    # both ReLU6 with the convolution before them, the linear convolution, the sum, the mean, the scores
    assert rounded.count("Clip") == 2
    assert rounded.count("Conv") == 1
    assert rounded.count("Add") == 1
    assert found.squash == "Softmax"
    assert list(found.cut.values()) == [(0.0, 6.0)] * 2
    assert all(kinds[name] not in ("Relu", "Softmax") for name in found.squashed)


def test_the_float_function_of_many_kinds_of_layers_is_kept(tmp_path, dataset):
    from keras import layers

    def extra(x):
        """Pooling of each kind, branches, groups, squeeze and excite, and the usual activations."""
        a = layers.Activation("hard_swish")(layers.Conv2D(8, 3, groups=2, padding="same")(x))
        b = layers.MaxPooling2D(3, strides=1, padding="same")(layers.LeakyReLU()(x))
        c = layers.AveragePooling2D(3, strides=1, padding="same")(layers.Activation("swish")(x))
        x = layers.Concatenate()([a, b, c])
        x = layers.DepthwiseConv2D(3, depth_multiplier=2, dilation_rate=2, activation="tanh")(x)
        squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
        excited = layers.Conv2D(48, 1, activation="hard_sigmoid")(
            layers.Conv2D(4, 1, activation="elu")(squeezed)
        )
        x = layers.Multiply()([x, excited])
        x = layers.ZeroPadding2D(((1, 0), (0, 1)))(x)
        return layers.Conv2D(8, (3, 2), strides=2, activation="gelu")(x)

    path = _save(tmp_path / "many.keras", extra=extra)
    file = FORMATS["onnx"].float32(freeze(resolve(str(path)).load()))
    calibration = Calibration(file, Feed(dataset.calibration, dataset.preprocessing, 20), SILENT)
    simulation = _simulation(calibration, calibration.source.network, {}, 127)
    (name,) = _places(calibration).squashed
    run = calibration.run(calibration.source.network, (name,))
    for image in calibration.images(3):
        real, here = run(image)[name], simulation(image, rounded=False)[0].numpy()
        assert np.abs(real - here).max() <= 1e-5 * np.abs(real).max()
    batch = np.concatenate(list(calibration.images(3)))
    alone = np.concatenate([simulation(image[None], rounded=False)[0].numpy() for image in batch])
    assert np.allclose(simulation(batch, rounded=False)[0].numpy(), alone, atol=1e-4)


def test_a_layer_that_cannot_be_trained_is_named(tmp_path, dataset):
    from keras import layers

    path = _save(tmp_path / "grown.keras", extra=layers.Conv2DTranspose(4, 3, name="grown"))
    file = FORMATS["onnx"].float32(freeze(resolve(str(path)).load()))
    calibration = Calibration(file, Feed(dataset.calibration, dataset.preprocessing, 20), SILENT)
    with pytest.raises(
        ModelError, match=r"nothing here trains through ConvTranspose, in the layer grown"
    ) as error:
        check_trainable(calibration, 20)
    assert error.value.hint == "Leave out --qat, which quantizes it without training."


def test_too_few_images_are_said_before_anything_is_trained(calibration):
    with pytest.raises(UsageError, match=r"at least 16 calibration images, .* received 15"):
        check_trainable(calibration, 15)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"qat": 0}, "at least 1; received 0"),
        ({"qat": -2}, "at least 1; received -2"),
        ({"qat": 2, "int8": False}, r"\(2 epochs\), but no int8 file is made"),
    ],
)
def test_a_training_that_makes_no_sense_is_refused(given, said):
    with pytest.raises(UsageError, match=said):
        ConvertRequest(**given)


def test_a_damaged_state_is_an_error_that_names_the_folder(tmp_path):
    run = Run(tmp_path)
    run.save(State(3, 0.1, 1.0), [np.zeros(2)])
    (tmp_path / "state.npz").write_bytes((tmp_path / "state.npz").read_bytes()[:100])
    with pytest.raises(UsageError, match="is damaged") as error:
        run.restore([np.zeros(2)])
    assert str(tmp_path) in error.value.hint


def _command(folder, name):
    given = ("tiny.keras", "--calibrate-on", "images.npz", "--for", "rpi4", "--qat", "40", "--output", name)
    return [sys.executable, "-m", "edgekit", "convert", *given, "--runs", f"{name}_runs"]


@pytest.fixture(scope="module")
def whole(folder):
    """What the same command makes that nobody stops, and what it said."""
    recorder = Recorder()
    request = ConvertRequest(
        model=folder / "tiny.keras",
        calibrate_on=str(folder / "images.npz"),
        target="arm64",
        qat=40,
        runs=folder / "runs",
        output=folder / "whole",
    )
    return convert(request, recorder), recorder


def test_a_killed_training_goes_on_and_leaves_the_same_files(folder, whole):
    killed = subprocess.Popen(
        _command(folder, "killed"), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while not list(folder.glob("killed_runs/*/state.npz")):
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (folder / "killed").exists()
    done = subprocess.run(_command(folder, "killed"), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Resuming after step " in done.stderr
    artefacts, recorder = whole
    assert not any(note.startswith("Going on") for note in recorder.notes)
    for kind in ("tflite", "onnx"):
        files = [path / f"int8.{kind}" for path in (folder / "killed", artefacts.folder)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_full_int8_files_of_both_formats_follow_from_one_training(folder, whole):
    artefacts, recorder = whole
    (run,) = folder.glob("runs/*")
    settings = json.loads((run / "settings.json").read_text())
    assert (settings["epochs"], settings["levels"]) == (40, 127)
    assert next(total for step, total in recorder.steps if step.startswith("Training for 8 bits")) > 40
    made = {file.name: file for file in artefacts.manifest.files}
    for name in ("int8.tflite", "int8.onnx"):
        (line,) = [
            line for line in made[name].recipe if line.startswith("training for 8 bits, 40 epochs: SQNR ")
        ]
        assert line.endswith(("so it is kept", "so it is left out"))
        assert made[name].quality.agreement is not None, "no image has a class"
    found = inspect_bytes((artefacts.folder / "int8.tflite").read_bytes(), "int8.tflite")
    assert {layer.dtype for layer in found.layers} == {"int8"}


def test_a_float_file_is_trained_without_its_keras_model(folder, whole):
    file = folder / "alone.tflite"
    file.write_bytes((whole[0].folder / "float32.tflite").read_bytes())
    request = ConvertRequest(
        model=file,
        calibrate_on=str(folder / "images.npz"),
        qat=1,
        runs=folder / "tflite_runs",
        output=folder / "from_tflite",
    )
    (made,) = [file for file in convert(request).manifest.files if file.precision == "int8"]
    assert any(line.startswith("training for 8 bits, 1 epoch: SQNR ") for line in made.recipe)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_map_smaller_than_its_kernel_is_computed_as_tensorflow_pads_it(size):
    tf = import_tensorflow()
    rng = np.random.default_rng(0)
    images, kernel = rng.normal(size=(2, size, size, 3)), rng.normal(size=(5, 5, 3, 1))
    layer = SimpleNamespace(pads=(2, 2, 2, 2), strides=(1, 1), dilations=(1, 1))
    np.testing.assert_allclose(
        tensors._by_channel(tf.constant(images), kernel, layer, "SAME"),
        tf.nn.depthwise_conv2d(images, kernel, (1, 1, 1, 1), "SAME"),
    )
