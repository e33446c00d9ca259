"""Models: building a family, loading files safely, finding checkpoints, counting cost.

Here is what every command may read when it starts; the rest is imported from its own file.
"""

from edgekit.zoo.families import FAMILIES, Family
from edgekit.zoo.spec import ModelSpec

__all__ = ["FAMILIES", "Family", "ModelSpec"]
