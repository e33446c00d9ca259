"""Where in a TOML file something is.

The standard library's parser says where a syntax error is, but not where it read what it could read. So
each statement is given to that same parser alone: a statement is the fewest lines that it accepts. Strings
and arrays over several lines, quoted keys and every spelling of a header are then its business, not ours.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import suppress

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Path = tuple[str | int, ...]
_LONGEST = 200  # lines of one statement


def lines(text: str) -> dict[Path, int]:
    """Map tables and keys to the lines, from 1, on which they begin.

    Args:
        text: TOML. What follows a statement that cannot be read is left out.

    Returns:
        By path from the root: `("budget", 0)` is the first table `[[budget]]`, `("budget", 0, "size")` a
        key in it. The first occurrence counts.
    """
    found: dict[Path, int] = {}
    counts: dict[str, int] = {}
    table: Path = ()
    for line, header, content in _statements(text):
        for key, value in (content or {}).items():
            if not header:
                found.setdefault((*table, key), line)
            elif isinstance(value, list):  # [[key]]
                table = (key, counts.setdefault(key, 0))
                counts[key] += 1
                found.setdefault((key,), line)
                found[table] = line
            else:  # [key] or [key.more], of the last of [[key]]
                within: Path = (key, counts[key] - 1) if key in counts else (key,)
                table = (*within, *(value if isinstance(value, dict) else ()))
                found.setdefault(within, line)
                found.setdefault(table, line)
    return found


def line_of(text: str, path: Path) -> int:
    """Return the line on which what is at `path` begins, or the nearest table that contains it."""
    known = lines(text)
    return next((known[path[:n]] for n in range(len(path), 0, -1) if path[:n] in known), 1)


def unreadable(text: str) -> int | None:
    """Return the line of the first statement that makes a text invalid TOML; None: there is none.

    It cannot be read alone, or it cannot follow what is before it, such as a key given twice.
    """
    rows, said = text.split("\n"), list(_statements(text))
    if said and said[-1][2] is None:
        return said[-1][0]
    ends = [line - 1 for line, _, _ in said[1:]] + [len(rows)]

    def refused(statement: int) -> bool:
        try:
            tomllib.loads("\n".join(rows[: ends[statement]]) + "\n")
        except (ValueError, RecursionError):
            return True
        return False

    first = bisect_left(range(len(said)), True, key=refused)
    return said[first][0] if first < len(said) else None


def _statements(text: str) -> Iterator[tuple[int, bool, dict[str, object] | None]]:
    """Yield each statement's first line, whether it is a header, and what it says.

    The first that cannot be read is the last, and says None.
    """
    rows = text.split("\n")
    start = 0
    while start < len(rows):
        end, content = _read(rows, start)
        if content != {}:  # neither empty nor a comment
            yield start + 1, rows[start].lstrip().startswith("["), content
        if content is None:
            return
        start = end


def _read(rows: list[str], start: int) -> tuple[int, dict[str, object] | None]:
    """Return where the statement that begins in a row ends, and what it says."""
    for end in range(start + 1, min(len(rows), start + _LONGEST) + 1):
        with suppress(ValueError, RecursionError):
            return end, tomllib.loads("\n".join(rows[start:end]) + "\n")
    return start, None
