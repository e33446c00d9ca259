"""Making 8 bits lose little: pure numerics on a network's weights and on what its tensors hold.

    network         a model as layers with weights, and what passes channels on between them
    statistics      what calibration images make of every channel, in one pass
    centring        the same function with channels about zero
    equalization    the same function with channels of like size
    rounding        weights to a grid of integers, so that a layer's output changes least
    distance        how far scores are from the float model's

Nothing here reads or writes a file, or knows of a format.
"""
