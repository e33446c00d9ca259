"""Models: building a family, loading files safely, finding checkpoints, counting cost."""

from edgekit.zoo.build import build
from edgekit.zoo.card import Card, read_card, write_card
from edgekit.zoo.cost import Cost, LayerCost, cost
from edgekit.zoo.load import load_model
from edgekit.zoo.quiet import import_tensorflow
from edgekit.zoo.source import LoadedModel, Source, resolve
from edgekit.zoo.spec import FAMILIES, ModelSpec
from edgekit.zoo.trained import checkpoints

__all__ = [
    "FAMILIES",
    "Card",
    "Cost",
    "LayerCost",
    "LoadedModel",
    "ModelSpec",
    "Source",
    "build",
    "checkpoints",
    "cost",
    "import_tensorflow",
    "load_model",
    "read_card",
    "resolve",
    "write_card",
]
