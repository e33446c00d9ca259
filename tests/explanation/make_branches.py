"""Makes `models/branches.tflite`: `python tests/explanation/make_branches.py`. It is committed.

An int8 graph that is not a chain: a padding, two branches that meet in an addition, and a concatenation.
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

HERE = Path(__file__).parent / "models"


def main():
    import keras
    import numpy as np
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    image = keras.Input((8, 8, 3), batch_size=1)
    padded = keras.layers.ZeroPadding2D(1)(image)
    trunk = keras.layers.Conv2D(4, 3, activation="relu6")(padded)
    left = keras.layers.DepthwiseConv2D(3, padding="same")(trunk)
    right = keras.layers.Conv2D(4, 1)(trunk)
    both = keras.layers.Concatenate()([keras.layers.Add()([left, right]), trunk])
    model = keras.Model(image, keras.layers.GlobalAveragePooling2D()(both))
    images = np.random.default_rng(0).uniform(-1, 1, (8, 1, 8, 8, 3)).astype("float32")
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([values] for values in images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    HERE.mkdir(exist_ok=True)
    (HERE / "branches.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main()
