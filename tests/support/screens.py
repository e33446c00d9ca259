"""What a command prints, as text: run in this process, with the measuring alone replaced by what was stored.

`STAND_INS` is the one place that says where the measuring begins.
"""

from __future__ import annotations

import importlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec

RECORDS = Path(__file__).parent.parent / "records_0_1_0"
GOLDEN = Path(__file__).parent.parent / "golden"

# what each command's measuring is, and the module that its caller takes it from
STAND_INS = {
    "bench": ("edgekit.measurement", "bench"),
    "convert": ("edgekit.conversion", "convert"),
    "explain": ("edgekit.explanation", "explain"),
}
BREAKDOWN = ("edgekit.explanation", "Breakdown")


@dataclass(frozen=True)
class Screen:
    """A command line, and the record that stands in for what it would measure."""

    command: str
    stored: str = ""


SET = "mobilenet_v1_0.25_32_digits"
SCREENS = {
    "bench_host": Screen(f"bench {SET} --threads 1 -o new.json", "host.json"),
    "bench_board": Screen(f"bench {SET} --device rpi4-emulated --no-accuracy -o new.json", "board.json"),
    "check": Screen("check host.json no_xnnpack.json board.json"),
    "check_update": Screen("check host.json no_xnnpack.json board.json --update"),
    "compare": Screen("compare host.json host_again.json"),
    "compare_across_runtime": Screen("compare host.json no_xnnpack.json --across runtime"),
    "compare_across_device": Screen("compare board5.json board.json --across device"),
    "convert": Screen("convert --alpha 0.25 --int8", SET),
    "explain_one": Screen(f"explain {SET}/int8.tflite", "explain.json"),
    "explain_two": Screen(f"explain {SET}/float32.tflite {SET}/int8.tflite", "explain.json"),
    "pick": Screen("pick host.json --latency 1ms --accuracy 97%"),
    "pick_published": Screen("pick --device rpi4 --latency 15ms --int8"),
    "pick_nothing": Screen("pick host.json --latency 1us --memory 50MB"),
    "report": Screen("report host.json"),
    "report_two": Screen("report host.json board.json"),
    "error_train": Screen("train --dataset digit"),
    "error_convert": Screen("convert mobilenet_v1_0.5_32_digit"),
    "error_bench": Screen("bench --device rpi9"),
    "error_compare": Screen("compare host.json board.json"),
    "error_check": Screen("check host.json --budgets misspelt.toml"),
    "error_pick": Screen("pick --device rpi9 --latency 15ms"),
    "error_explain": Screen("explain nothing.tflite"),
    "error_report": Screen("report host.json -o report.pdf"),
    "error_inspect": Screen("inspect mobilenet_v7"),
    "error_devices": Screen("devices show rpi9"),
    "error_runtime": Screen("runtime build onnxruntim"),
}


@dataclass(frozen=True)
class Shown:
    """What a command printed, and how it ended."""

    out: str
    err: str
    code: int


def lay_out(folder: Path) -> None:
    """Put the stored records where the screens' commands find them."""
    shutil.copytree(RECORDS, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected"))
    budgets = (folder / "budgets.toml").read_text()
    (folder / "misspelt.toml").write_text(budgets.replace("accuracy_drop", "acuracy_drop"))


def show(command: str, stored: str = "") -> Shown:
    """Run a command line in the folder that it is about, with `stored` in the place of its measuring."""
    from edgekit.cli import main

    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True), io.StringIO()
    code = 0
    with ExitStack() as stack:
        if stored:
            stand_in = _stand_in(command, Path(stored))
            module, name = STAND_INS[command.partition(" ")[0]]
            stack.enter_context(patch.object(importlib.import_module(module), name, stand_in))
        stack.enter_context(patch.object(sys, "argv", ["edgekit", *command.split()]))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    return Shown(out.buffer.getvalue().decode(), err.getvalue(), code)  # type: ignore[attr-defined]


def _stand_in(command: str, stored: Path) -> Callable[..., Any]:
    def measured(*_: object, **__: object) -> object:
        from edgekit.artefact import read_set
        from edgekit.results import read_result

        if command.startswith("bench"):
            return read_result(stored)
        if command.startswith("convert"):
            return read_set(stored)
        record = json.loads(stored.read_bytes())["breakdowns"]
        kind = getattr(importlib.import_module(BREAKDOWN[0]), BREAKDOWN[1])
        sides = [msgspec.convert(side, kind) for side in record]
        return tuple(sides if command.count(".tflite") > 1 else sides[1:])

    return measured


def render(screen: Screen) -> str:
    """Return a screen as its golden file has it."""
    shown = show(screen.command, screen.stored)
    text = (
        f"$ edgekit {screen.command}\n{shown.out}--- standard error\n{shown.err}--- exit code {shown.code}\n"
    )
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
