import msgspec
import pytest

from edgekit.conversion.verdict import check_drops
from edgekit.errors import GateError, InvalidError


def _with_drop(converted, drop, low, high):
    """The converted set, as if its int8 files had lost that much."""

    def changed(file):
        quality = msgspec.structs.replace(file.quality, drop=drop, drop_low=low, drop_high=high)
        return msgspec.structs.replace(file, quality=quality)

    manifest = msgspec.structs.replace(
        converted.manifest, files=tuple(changed(file) for file in converted.manifest.files)
    )
    return msgspec.structs.replace(converted, manifest=manifest)


def test_without_a_limit_nothing_fails(converted, recorder):
    check_drops(_with_drop(converted, 0.5, 0.4, 0.6), None, recorder)
    assert recorder.notes == []


def test_a_drop_that_is_surely_too_large_fails_and_names_the_set(converted, recorder):
    said = r"int8\.onnx loses 2\.00 pp \(95 % interval \+1\.00 to \+3\.00, .* at most 0\.50 pp"
    with pytest.raises(GateError, match=said) as raised:
        check_drops(_with_drop(converted, 0.02, 0.01, 0.03), 0.005, recorder)
    assert str(converted.folder) in raised.value.hint
    assert raised.value.exit_code == 1


def test_a_drop_that_may_be_too_large_is_inconclusive(converted, recorder):
    with pytest.raises(InvalidError, match=r"interval .0\.50 to \+2\.50, .* too few to tell") as raised:
        check_drops(_with_drop(converted, 0.01, -0.005, 0.025), 0.005, recorder)
    assert str(converted.folder) in raised.value.hint
    assert raised.value.exit_code == 4


def test_a_drop_within_the_limit_passes_and_says_what_it_cannot_rule_out(converted, recorder):
    check_drops(_with_drop(converted, 0.001, -0.01, 0.01), 0.005, recorder)
    assert len(recorder.notes) == 2
    recorder.notes.clear()
    check_drops(_with_drop(converted, 0.001, -0.001, 0.004), 0.005, recorder)
    assert recorder.notes == []
