import importlib
import os
import platform
import subprocess
import sys

import pytest

from edgekit.quiet import not_loaded


def _run(code, **more):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, **more)


def test_tensorflow_says_nothing_when_imported_and_used():
    code = (
        "from edgekit.quiet import import_tensorflow\n"
        "tf = import_tensorflow()\n"
        "assert int(tf.reduce_sum(tf.ones(3))) == 3"
    )
    done = _run(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("chosen", "used"), [({}, True), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, False)])
@pytest.mark.skipif(platform.machine() != "x86_64", reason="TensorFlow decides there")
def test_onednn_computes_convolutions_unless_the_user_has_left_it_off(chosen, used):
    code = (
        "from edgekit.quiet import import_tensorflow\n"
        "import_tensorflow()\n"
        "from tensorflow.python.util import _pywrap_util_port\n"
        "print(_pywrap_util_port.IsMklEnabled())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    assert _run(code, env={**environment, **chosen}).stdout == f"{used}\n"


def test_python_still_speaks_while_c_is_silenced():
    code = (
        "import os, sys\n"
        "from edgekit.quiet import quiet_stderr\n"
        "with quiet_stderr():\n"
        "    os.write(2, b'chatter')\n"
        "    print('heard', file=sys.stderr)\n"
        "os.write(2, b'after')"
    )
    assert _run(code).stderr == "heard\nafter"


def test_what_was_kept_back_is_shown_when_the_block_fails():
    code = (
        "import os\n"
        "from edgekit.quiet import quiet_stderr\n"
        "with quiet_stderr():\n"
        "    os.write(2, b'the real reason')\n"
        "    raise SystemExit(5)"
    )
    done = _run(code)
    assert done.returncode == 5
    assert "the real reason" in done.stderr


def test_an_interruption_shows_nothing_of_what_was_kept_back():
    code = (
        "import os\n"
        "from edgekit.quiet import quiet_stderr\n"
        "try:\n"
        "    with quiet_stderr():\n"
        "        os.write(2, b'chatter')\n"
        "        raise KeyboardInterrupt\n"
        "except KeyboardInterrupt:\n"
        "    os.write(2, b'after')"
    )
    assert _run(code).stderr == "after"


def test_keras_is_set_up_for_the_converters_whatever_its_own_settings_say(tmp_path):
    code = (
        "import os\n"
        f"os.environ['KERAS_HOME'] = {str(tmp_path)!r}\n"
        "os.environ['KERAS_BACKEND'] = 'jax'\n"
        "open(os.environ['KERAS_HOME'] + '/keras.json', 'w').write("
        '\'{"image_data_format": "channels_first", "floatx": "float16", "backend": "jax"}\')\n'
        "from edgekit.zoo import ModelSpec\n"
        "from edgekit.zoo.build import build\n"
        "model = build(ModelSpec('mobilenet_v1', 0.25, 32, 2))\n"
        "assert model.input_shape == (None, 32, 32, 3), model.input_shape\n"
        "assert model.weights[0].dtype == 'float32'"
    )
    done = _run(code)
    assert done.returncode == 0, done.stderr


def test_a_module_that_is_not_to_be_loaded_can_be_loaded_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with not_loaded("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert "colorsys" not in sys.modules
    with not_loaded("sys"):
        assert importlib.import_module("sys") is sys


def test_the_import_leaves_the_garbage_collector_as_it_was_and_spares_it_tensorflow():
    code = (
        "import gc\n"
        "from edgekit.quiet import import_tensorflow\n"
        "import_tensorflow()\n"
        "kept = gc.get_freeze_count()\n"
        "mine = []\n"
        "mine.append(mine)\n"
        "import_tensorflow()\n"
        "print(gc.isenabled(), kept > 100_000, gc.get_freeze_count() == kept)"
    )
    assert _run(code).stdout == "True True True\n"
