"""Which model to ship: candidates and limits in, a choice out.

    candidate   what can be shipped: a file with a runtime and threads on a device, and its figures
    telling     which of two is significantly better, and which cannot be told apart
    basis       by what they are compared
    choose      candidates × limits -> choice
    steps       what it costs to be faster, or better
    wanted      what is asked for: device, precision, runtime, threads
    sources     SOURCES: where candidates come from
    swept · measured · published   one source each
    entry       a choice as a table of budgets.toml
    to_json     a choice for programs

`choose` reads and writes nothing; the sources read.
"""

from __future__ import annotations

from edgekit.choice.candidate import Candidate, Scale
from edgekit.choice.choose import Choice, choose
from edgekit.choice.sources import SOURCES, Found, Source, find
from edgekit.choice.steps import Step
from edgekit.choice.wanted import Wanted

__all__ = ["SOURCES", "Candidate", "Choice", "Found", "Scale", "Source", "Step", "Wanted", "choose", "find"]
