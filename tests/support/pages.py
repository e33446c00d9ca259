"""The Python on a page of the documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python_of(page: str) -> list[str]:
    """The ```python blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
