import msgspec
import pytest

from edgekit.artefact import Missing
from edgekit.conversion.verdict import check_set
from edgekit.errors import GateError, InvalidError

_DROP = ("drop", "drop_low", "drop_high")


def _with_drop(converted, drop, low, high):
    """The converted set, as if its int8 files had lost that much."""

    def changed(file):
        quality = msgspec.structs.replace(file.quality, drop=drop, drop_low=low, drop_high=high)
        return msgspec.structs.replace(file, quality=quality)

    manifest = msgspec.structs.replace(
        converted.manifest, files=tuple(changed(file) for file in converted.manifest.files)
    )
    return msgspec.structs.replace(converted, manifest=manifest)


def test_without_a_limit_a_usual_loss_passes(converted, recorder):
    check_set(_with_drop(converted, 0.04, 0.03, 0.05), None, recorder)
    check_set(_with_drop(converted, 0.2, -0.1, 0.5), None, recorder)
    assert recorder.notes == []


def test_a_large_loss_is_said_and_the_advice_allows_it(converted, recorder):
    broken = _with_drop(converted, 0.66, 0.61, 0.705)
    with pytest.raises(
        InvalidError, match=r"int8\.tflite loses 66\.00 pp .*: int8 breaks this model"
    ) as raised:
        check_set(broken, None, recorder)
    assert (raised.value.exit_code, raised.value.written) == (4, converted.folder)
    assert '--max-drop "71 pp"' in raised.value.hint
    check_set(broken, 0.71, recorder)


def test_files_without_labelled_images_are_judged_by_their_answers(converted, recorder):
    def changed(agreement):
        def of(file):
            unknown = dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high", *_DROP), None)
            quality = msgspec.structs.replace(file.quality, agreement=agreement, **unknown)
            return msgspec.structs.replace(file, quality=quality)

        manifest = msgspec.structs.replace(converted.manifest, files=tuple(map(of, converted.manifest.files)))
        return msgspec.structs.replace(converted, manifest=manifest)

    check_set(changed(0.7), None, recorder)
    with pytest.raises(InvalidError, match=r"agrees with the float model on 12\.00 % .* breaks"):
        check_set(changed(0.12), None, recorder)


@pytest.mark.parametrize(
    ("agreement", "n", "least", "said"),
    [
        (
            0.9,
            1000,
            0.95,
            r"int8\.tflite agrees with the float model on 90\.00 % of 1000 images .*; at least 95\.00 % are",
        ),
        (0.94, 100, 0.95, r"\(95 % interval 87\.\d+ to 97\.\d+\).*; the images are too few to tell"),
        (0.96, 100, 0.95, ""),
    ],
)
def test_a_least_agreement_is_judged_by_what_the_images_can_show(
    agreement, n, least, said, converted, recorder
):
    def changed(file):
        quality = msgspec.structs.replace(file.quality, agreement=agreement, n=n)
        return msgspec.structs.replace(file, quality=quality)

    manifest = msgspec.structs.replace(
        converted.manifest, files=tuple(map(changed, converted.manifest.files))
    )
    judged = msgspec.structs.replace(converted, manifest=manifest)
    if said:
        with pytest.raises(InvalidError if "too few" in said else GateError, match=said) as raised:
            check_set(judged, None, recorder, least)
        assert "--min-agreement" in raised.value.hint
    else:
        check_set(judged, None, recorder, least)
        assert ["fewer cannot be ruled out" in note for note in recorder.notes] == [True, True]
    check_set(judged, None, recorder, 0.5)


def test_what_is_missing_and_what_is_wrong_are_said_together(converted, recorder):
    first, *others = converted.manifest.files
    manifest = msgspec.structs.replace(
        converted.manifest,
        files=(msgspec.structs.replace(first, faults=("It saturates.",)), *others),
        missing=(Missing("float32.onnx", "Erfinv."), Missing("int8.onnx", "Erfinv.")),
    )
    with pytest.raises(InvalidError) as raised:
        check_set(msgspec.structs.replace(converted, manifest=manifest), None, recorder)
    assert raised.value.what == "It saturates. float32.onnx and int8.onnx could not be made: Erfinv."
    assert raised.value.hint.startswith(f"The set was written to {converted.folder}.")


def test_a_drop_that_is_surely_too_large_fails_and_names_the_set(converted, recorder):
    said = r"int8\.onnx loses 2\.00 pp \(95 % interval \+1\.00 to \+3\.00, .* at most 0\.50 pp"
    with pytest.raises(GateError, match=said) as raised:
        check_set(_with_drop(converted, 0.02, 0.01, 0.03), 0.005, recorder)
    assert str(converted.folder) in raised.value.hint
    assert raised.value.exit_code == 1


def test_a_drop_that_may_be_too_large_is_inconclusive(converted, recorder):
    with pytest.raises(InvalidError, match=r"interval .0\.50 to \+2\.50, .* too few to tell") as raised:
        check_set(_with_drop(converted, 0.01, -0.005, 0.025), 0.005, recorder)
    assert str(converted.folder) in raised.value.hint
    assert raised.value.exit_code == 4


def test_a_drop_within_the_limit_passes_and_says_what_it_cannot_rule_out(converted, recorder):
    check_set(_with_drop(converted, 0.001, -0.01, 0.01), 0.005, recorder)
    assert len(recorder.notes) == 2
    recorder.notes.clear()
    check_set(_with_drop(converted, 0.001, -0.001, 0.004), 0.005, recorder)
    assert recorder.notes == []
