"""Bundles are whole or not there. A small package stands in for the runtime."""

import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from edgekit.errors import RuntimeMissingError, StorageError
from edgekit.runtime import (
    Kind,
    PythonTarget,
    RuntimeSpec,
    bundle,
    ensure_bundle,
    list_bundles,
    parse_runtime,
    remove_bundles,
    wheels,
)
from edgekit.runtime.target import this_python
from edgekit.runtime.wheels import environment, install_wheels

SMALL = "Kind('small', 'flatbuffers', 'flatbuffers', 'tflite', {'3.8': '25.2.10'})"
KIND = eval(SMALL, {"Kind": Kind})
SPEC = RuntimeSpec(KIND)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of our own. Bundles hold the small package only, without numpy."""
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(bundle, "requirements", lambda spec, target: ("flatbuffers==25.2.10",))
    return tmp_path / "cache" / "runtimes"


def fresh_process(code):
    """Start Python with the small runtime on its path."""
    head = f"""
        from edgekit.runtime import *
        from edgekit.runtime import bundle
        from edgekit.runtime.target import this_python
        bundle.requirements = lambda spec, target: ("flatbuffers==25.2.10",)
        spec = RuntimeSpec({SMALL})
    """
    script = textwrap.dedent(head) + textwrap.dedent(code)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_bundle_is_built_once_and_then_found(monkeypatch):
    first = ensure_bundle(SPEC, this_python())
    assert first.record.version == "25.2.10"
    assert (first.folder / "flatbuffers" / "__init__.py").is_file()
    monkeypatch.setattr(bundle, "_fill", None)  # would fail if called
    assert ensure_bundle(SPEC, this_python()) == first
    assert list_bundles() == (first,)


def test_what_importing_needs_is_compiled_and_stays_valid_when_copied():
    made = ensure_bundle(SPEC, this_python())
    compiled = list((made.folder / "flatbuffers" / "__pycache__").glob("*.pyc"))
    assert compiled
    # PEP 552: bit 0 set: hash-based; bit 1 clear: the source is not looked at
    assert all(int.from_bytes(path.read_bytes()[4:8], "little") == 1 for path in compiled)


def test_the_same_wheels_have_the_same_hash_wherever_they_are_built(monkeypatch, tmp_path):
    first = ensure_bundle(SPEC, this_python())
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "other"))
    second = ensure_bundle(SPEC, this_python())
    assert first.folder != second.folder
    assert first.record.sha256 == second.record.sha256


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "no record", "wrong record"])
def test_a_damaged_bundle_is_never_used_and_is_built_again(damage):
    made = ensure_bundle(SPEC, this_python())
    victim = made.folder / "flatbuffers" / "__init__.py"
    original = victim.read_bytes()
    if damage == "changed":
        victim.write_bytes(original + b"#")
    elif damage == "missing":
        victim.unlink()
    elif damage == "added":
        (made.folder / "numpy.py").write_text("import os")
    else:
        record = made.folder / "bundle.json"
        record.unlink() if damage == "no record" else record.write_text("{")
    assert list_bundles() == ()
    again = ensure_bundle(SPEC, this_python())
    assert again.record.sha256 == made.record.sha256
    assert victim.read_bytes() == original
    assert not (made.folder / "numpy.py").exists()


def test_a_build_that_fails_leaves_nothing(cache, monkeypatch):
    def half(folder, *_):
        (folder / "half").write_text("x")
        raise KeyboardInterrupt

    monkeypatch.setattr(bundle, "install_wheels", half)
    with pytest.raises(KeyboardInterrupt):
        ensure_bundle(SPEC, this_python())
    assert [path for path in cache.iterdir() if not path.name.endswith(".lock")] == []


def test_a_build_that_was_killed_is_swept_away_and_built_again(cache):
    process = fresh_process("""
        import time
        def half(folder, *_):
            (folder / "half").write_text("x")
            print("half", flush=True)
            time.sleep(600)
        bundle.install_wheels = half
        ensure_bundle(spec, this_python())
    """)
    with process:
        assert process.stdout.readline() == b"half\n"
        process.send_signal(signal.SIGKILL)
    assert any(path.name.startswith(".partial-") for path in cache.iterdir())
    made = ensure_bundle(SPEC, this_python())
    assert not (made.folder / "half").exists()
    assert not any(path.name.startswith(".partial-") for path in cache.iterdir())


def test_builds_at_the_same_time_make_one_bundle(cache):
    code = "print(ensure_bundle(spec, this_python()).folder)"
    processes = [fresh_process(code) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda process: process.communicate(timeout=120), processes))
    assert {out for out, _ in said} == {f"{list_bundles()[0].folder}\n".encode()}, said
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 1


def test_a_version_that_does_not_exist_is_refused_with_one_that_works():
    with pytest.raises(RuntimeMissingError) as caught:
        _ensure(parse_runtime("litert==99.1"), this_python(), "ai-edge-litert==99.1")
    assert "litert==99.1" in caught.value.what
    assert "there is no version" in caught.value.what
    assert "litert==2.3.0" in caught.value.hint


def test_a_python_without_wheels_is_named_before_anything_is_fetched(monkeypatch):
    monkeypatch.undo()
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_bundle(parse_runtime("tflite-runtime"), replace(this_python(), python="3.13"))
    assert "Python 3.13" in caught.value.what
    assert "Python 3.8 to 3.11" in caught.value.what
    assert "litert" in caught.value.hint


def test_without_a_network_the_error_says_what_was_wanted_and_leaves_nothing(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_bundle(SPEC, this_python())
    assert caught.value.exit_code == 3
    assert "small for Python" in caught.value.what
    assert "UV_OFFLINE" in caught.value.what
    assert "network" in caught.value.hint
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_an_unreachable_index_is_reported_without_its_address_or_password(monkeypatch, tmp_path):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://user:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(RuntimeMissingError) as caught:
        ensure_bundle(SPEC, this_python())
    assert "could not be fetched" in caught.value.what
    assert "secret" not in str(caught.value)
    assert "://" not in str(caught.value)


def test_a_runtime_that_does_not_import_is_no_bundle(cache):
    broken = RuntimeSpec(Kind("small", "flatbuffers", "flatbuffers.nothing", "tflite", {"3.8": "25.2.10"}))
    with pytest.raises(RuntimeMissingError, match=r"cannot be imported.*flatbuffers\.nothing"):
        ensure_bundle(broken, this_python())
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_telemetry_is_off_while_a_runtime_is_proved(tmp_path):
    (tmp_path / "asks.py").write_text("import os; assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'")
    bundle._prove(tmp_path, RuntimeSpec(Kind("asks", "asks", "asks", "tflite", {"3.8": "1"})), this_python())


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="file") as caught:
        ensure_bundle(SPEC, this_python())
    assert "EDGEKIT_CACHE" in caught.value.hint


def test_wheels_for_another_device_are_that_devices(tmp_path):
    target = PythonTarget("3.11", "cpython-311-aarch64-linux-gnu", platform="aarch64-manylinux_2_36")
    install_wheels(tmp_path, ["msgspec==0.20.0"], target, "msgspec")
    libraries = list(tmp_path.rglob("*.so"))
    assert libraries
    for library in libraries:
        assert library.name.endswith(".cpython-311-aarch64-linux-gnu.so")
        assert library.read_bytes()[18:20] == b"\xb7\x00"  # ELF e_machine 183: AArch64


def test_pips_settings_apply_where_uv_has_none():
    host = {
        "PIP_INDEX_URL": "https://a/simple",
        "PIP_FIND_LINKS": "/one /two",
        "PIP_EXTRA_INDEX_URL": "https://b/simple",
        "UV_INDEX": "https://mine/simple",
    }
    found = environment(host)
    assert found["UV_DEFAULT_INDEX"] == "https://a/simple"
    assert found["UV_FIND_LINKS"] == "/one,/two"
    assert found["UV_INDEX"] == "https://mine/simple"
    assert found["UV_PYTHON_DOWNLOADS"] == "never"


@pytest.fixture
def overriding_project(tmp_path, monkeypatch):
    """A project, where edgekit runs, that wants another version of everything; its cache lies inside."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n[tool.uv]\noverride-dependencies = ["flatbuffers==24.3.25"]\n'
    )
    (tmp_path / "overrides.txt").write_text("flatbuffers==24.3.25")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("variable", ["UV_OVERRIDE", "UV_CONSTRAINT", "UV_PROJECT"])
def test_the_settings_of_a_project_do_not_decide_what_a_bundle_holds(
    overriding_project, monkeypatch, tmp_path, variable
):
    monkeypatch.setenv(variable, str(tmp_path if variable == "UV_PROJECT" else tmp_path / "overrides.txt"))
    assert ensure_bundle(SPEC, this_python()).record.requirements == ("flatbuffers==25.2.10",)


def test_another_version_than_was_asked_for_is_no_bundle(cache, monkeypatch, tmp_path):
    config = tmp_path / "uv.toml"
    config.write_text('override-dependencies = ["flatbuffers==24.3.25"]')
    monkeypatch.setenv("UV_CONFIG_FILE", str(config))
    with pytest.raises(RuntimeMissingError, match=r"25\.2\.10 was asked for, and uv installed 24\.3\.25"):
        ensure_bundle(SPEC, this_python())
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_a_version_written_shorter_is_the_same_version():
    bundle._check_pins(("ai-edge-litert==2.3",), {"ai-edge-litert": "2.3.0"}, this_python())
    with pytest.raises(RuntimeMissingError, match="nothing"):
        bundle._check_pins(("numpy==2.0.2",), {"ai-edge-litert": "2.3.0"}, this_python())


def test_a_download_without_end_is_given_up(cache, monkeypatch):
    monkeypatch.setattr(wheels, "TIMEOUT", 0.001)
    with pytest.raises(RuntimeMissingError, match="not fetched within"):
        ensure_bundle(SPEC, this_python())
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_a_cache_named_relatively_holds_the_same_compiled_bundle(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEKIT_CACHE", "near")
    made = ensure_bundle(SPEC, this_python())
    assert made.folder.is_absolute()
    assert list((made.folder / "flatbuffers" / "__pycache__").glob("*.pyc"))


def test_removing_bundles_frees_their_bytes(cache):
    made = ensure_bundle(SPEC, this_python())
    assert remove_bundles() >= made.record.bytes
    assert not cache.exists()
    assert remove_bundles() == 0


def _ensure(spec, target, requirement):
    bundle.requirements = lambda *_: (requirement,)
    return ensure_bundle(spec, target)
