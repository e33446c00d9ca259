"""Quantization-aware training: fine-tuning the folded float graph while it computes as its int8 files will.

    places        which tensors the int8 files round, and which share a range
    tensors       tensors of an ONNX graph in TensorFlow, and convolutions of them
    operators     what each operator of an ONNX graph does, in TensorFlow
    simulation    the graph in TensorFlow, its weights and ranges to be trained
    run_folder    what a training has done so far, so that a killed one goes on
    training      the images, the loss and the loop
    tuning        from a calibration to a trained network

The teacher is the float model, so no image needs a class. What comes out are layers and ranges, from which
each format makes its file as it does without training.
"""
