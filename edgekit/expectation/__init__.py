"""What others measured: published figures of a model on a board, and what follows for sizes in between."""

from edgekit.expectation.against import against
from edgekit.expectation.board import BOARDS, Board
from edgekit.expectation.expect import Expectation, Line, expect

__all__ = ["BOARDS", "Board", "Expectation", "Line", "against", "expect"]
