"""How it was measured and on what, in words."""

import msgspec
from support.simulated import joined, simulate

from edgekit.reporting.environment import device_facts, state_facts
from edgekit.reporting.method import method
from edgekit.reporting.session import Session
from edgekit.results import Device, Environment, Repeat, Transfer


def changed(result, **fields):
    measurements = tuple(msgspec.structs.replace(m, **fields) for m in result.measurements)
    return msgspec.structs.replace(result, measurements=measurements)


def test_the_method_tells_repeats_samples_and_warm_up():
    text = method(simulate(samples=400, repeats=5))
    assert "Mode standard: 5 repeats, each a fresh process" in text
    assert "400 timed inferences per repeat, back to back, after at least 64 warm-up runs" in text
    assert "top-1 over 500 images" in text
    assert "Inputs are seeded (0). edgekit 0.1.0." in text


def test_spaced_inferences_are_not_told_as_back_to_back():
    text = method(simulate(fps=12.5))
    assert "spaced to 12.5 inferences per second" in text
    assert "back to back" not in text


def test_the_cpus_that_processes_were_pinned_to_are_told():
    assert "Processes were pinned to CPUs 2, 3." in method(changed(simulate(), affinity=(2, 3)))
    assert "Processes were pinned to CPU 0." in method(changed(simulate(), affinity=(0,)))
    assert "Processes were not pinned to CPUs." in method(simulate())
    mixed = joined(simulate(), changed(simulate(), affinity=(1,)))
    assert "Processes were not pinned to CPUs or pinned to CPU 1." in method(mixed)


def test_a_stride_and_unequal_repeats_are_told():
    repeats = tuple(Repeat(i, 1, 1, 1, 20 + i, (5,) * (10 + i), every=i + 1) for i in range(3))
    text = method(changed(simulate(), repeats=repeats))
    assert "10 to 12 timed inferences per repeat" in text
    assert "after at least 20 warm-up runs" in text
    assert "one in 3 or fewer was timed" in text
    assert "one in" not in method(simulate())


def test_what_was_not_measured_is_not_described():
    text = method(changed(simulate(), memory=None, accuracy=None))
    assert "resident set" not in text
    assert "Accuracy" not in text
    assert method(simulate(measurements=())) == ""


def test_runtimes_are_told_with_their_settings_and_where_files_differ():
    result = simulate(threads=(1,))
    options = {"num_threads": "1", "graph_optimization_level": "ORT_ENABLE_ALL"}
    measurements = tuple(
        msgspec.structs.replace(
            m,
            runtime=msgspec.structs.replace(
                m.runtime,
                delegate=None if m.artefact.precision == "int8" else m.runtime.delegate,
                options=options if m.runtime.name == "onnxruntime" else {},
            ),
        )
        for m in result.measurements
    )
    text = method(msgspec.structs.replace(result, measurements=measurements))
    assert "litert 2.3.0 (XNNPACK for float16.tflite, float32.tflite; no delegate for int8.tflite)" in text
    assert "CPUExecutionProvider, graph_optimization_level ORT_ENABLE_ALL for float32.onnx" in text
    assert "num_threads" not in text


def test_runtimes_whose_settings_differ_by_set_name_it():
    plain, without = simulate(set_name="a", threads=(1,)), simulate(set_name="b", threads=(1,))
    runtimes = [msgspec.structs.replace(m.runtime, delegate=None) for m in without.measurements]
    changed = [
        msgspec.structs.replace(m, runtime=r) for m, r in zip(without.measurements, runtimes, strict=True)
    ]
    text = method(joined(plain, msgspec.structs.replace(without, measurements=tuple(changed))))
    assert "no delegate for b/float32.onnx, b/int8.onnx" in text


def test_agreement_is_told_to_be_with_the_float_keras_model():
    assert "Agreement is the share of images with the float model's answer." in method(simulate())
    [column] = (c for c in Session(simulate()).table.columns if c.key == "agreement")
    assert column.about == "images with the same answer as the float model"


def test_a_transfer_is_told():
    text = method(simulate(transfer=Transfer(bytes=12_300_000, seconds=3.21, files=7)))
    assert "7 files were copied to the device before (12.3 MB in 3.2 s)" in text


def test_only_what_could_be_read_is_told():
    assert device_facts(Device("host", "x86_64", "Linux 6.1")) == {
        "Profile": "host",
        "Architecture": "x86_64",
        "System": "Linux 6.1",
        "Reached by": "local",
    }
    assert state_facts(Environment("2026-03-01T09:30:12Z")) == {"Time": "2026-03-01 09:30:12 UTC"}


def test_zero_is_a_reading():
    facts = state_facts(Environment("", load_1min=0.0, throttled=0, other_cpus=0.0, memory_available_bytes=0))
    assert facts["Load, 1 min"] == "0.00"
    assert facts["Throttled, firmware bits"] == "0x0"
    assert facts["CPUs busy with other work"] == "0.00"
    assert facts["Memory available, GB"] == "0.000"


def test_state_is_told_with_its_units():
    state = Environment(
        "",
        frequency_khz=(600_000, 1_800_000),
        temperature_celsius={"cpu": 61.75, "gpu": 50.0},
        throttled=0x50005,
    )
    facts = state_facts(state)
    assert facts["Frequency, MHz"] == "600 to 1800"
    assert facts["Temperature, °C"] == "cpu 61.8, gpu 50.0"
    assert facts["Throttled, firmware bits"] == "0x50005"


def test_an_emulated_device_says_so():
    assert device_facts(Device("rpi4-emulated", "aarch64", "Linux", emulated=True))["Profile"].endswith(
        "emulated"
    )
