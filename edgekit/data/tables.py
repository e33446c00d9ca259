"""Tables of labels: `_classes.csv` next to images, as Roboflow writes it for multi-label classification.

    filename, cat, dog
    0001.jpg, 1, 0

A folder has one, or its parts `train`, `valid` and `test` have one each.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgekit.artefact import MOST_LABELS
from edgekit.data.scan import EVALUATION, TRAIN, File
from edgekit.errors import DataError
from edgekit.progress import Progress
from edgekit.words import plural

NAME = "_classes.csv"


@dataclass(frozen=True)
class Table:
    """A table, and whether its images are set aside for evaluation."""

    path: Path
    held_out: bool = False


def find_tables(folder: Path) -> tuple[Table, ...]:
    """Return the tables of a folder and of its parts; none: it has class sub-folders."""
    if (folder / NAME).is_file():
        return (Table(folder / NAME),)
    parts = [name for name in (*EVALUATION, *TRAIN) if (folder / name / NAME).is_file()]
    evaluation = next((name for name in parts if name in EVALUATION and len(parts) > 1), None)
    return tuple(Table(folder / name / NAME, name == evaluation) for name in parts)


def read_tables(
    folder: Path, tables: Sequence[Table], progress: Progress
) -> tuple[list[File], dict[Path, int], tuple[str, ...]]:
    """Return the images, each one's labels as the bits of a number, and the labels' names.

    Raises:
        DataError: A table is damaged or unlike the others, or none of its images is there.
    """
    files, masks, names, missing = [], {}, None, 0
    for table in tables:
        header, rows = _read(table.path)
        if names is not None and header != names:
            raise DataError(
                f"{str(table.path)!r} has other labels than {str(tables[0].path)!r}.",
                "Give every part the same columns in the same order.",
            )
        names = header
        for filename, mask in rows:
            path = table.path.parent / Path(filename).name
            if path.is_file():
                files.append(File(path, "", table.held_out))
                masks[path] = mask
            else:
                missing += 1
    if missing:
        progress.note(f"{plural(missing, 'image')} of {NAME} cannot be found and will not be used.")
    if not files or names is None:
        raise DataError(f"{str(folder)!r} has none of the images that {NAME} names.", "Put them next to it.")
    return files, masks, names


def _read(path: Path) -> tuple[tuple[str, ...], list[tuple[str, int]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{str(path)!r} cannot be read: {error}.", "Export the table again.") from error
    names = tuple(rows[0][1:]) if rows else ()
    if not names or len(set(names)) < len(names) or not all(n and n.isprintable() for n in names):
        raise DataError(
            f"{str(path)!r} does not begin with `filename` and the names of the labels.",
            "Export the table again.",
        )
    if len(names) > MOST_LABELS:
        raise DataError(
            f"{str(path)!r} has {len(names)} labels; edgekit takes at most {MOST_LABELS}.",
            "To convert it and look at agreement alone, give the folder with --calibrate-on in place of "
            "--dataset.",
        )
    return names, [(row[0], _mask(row, len(names), line, path)) for line, row in enumerate(rows[1:], 2)]


def _mask(row: Sequence[str], count: int, line: int, path: Path) -> int:
    cells = row[1:]
    if len(cells) != count or not set(cells) <= {"0", "1"}:
        raise DataError(
            f"{str(path)!r} has {', '.join(cells)!r} in line {line}, not {plural(count, 'number')} 0 or 1.",
            "Export the table again.",
        )
    return sum(1 << place for place, cell in enumerate(cells) if cell == "1")
