"""Which operators an artefact's instructions go to, and why one artefact takes more than another."""

from edgekit.explanation.causes import causes
from edgekit.explanation.differences import differences
from edgekit.explanation.document import as_record
from edgekit.explanation.line_up import Pair, line_up
from edgekit.explanation.record import Breakdown, Operator
from edgekit.explanation.request import ExplainRequest
from edgekit.explanation.session import explain

__all__ = [
    "Breakdown",
    "ExplainRequest",
    "Operator",
    "Pair",
    "as_record",
    "causes",
    "differences",
    "explain",
    "line_up",
]
