"""Which operators an artefact's instructions go to, and why one artefact takes more than another."""

from edgekit.explain.causes import causes
from edgekit.explain.differences import differences
from edgekit.explain.line_up import Pair, line_up
from edgekit.explain.record import Breakdown, Operator
from edgekit.explain.request import ExplainRequest
from edgekit.explain.session import explain

__all__ = ["Breakdown", "ExplainRequest", "Operator", "Pair", "causes", "differences", "explain", "line_up"]
