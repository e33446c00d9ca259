"""Makes the small models in `models/`: `python tests/support/make_models.py`. They are committed.

A convolution, a depthwise convolution, pooling and a classifier of 3 classes over 8 × 8 images, with
seeded weights: all that a runtime must be able to do, in a few kB.
"""

import os
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

HERE = Path(__file__).parent / "models"


def build():
    import keras

    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            keras.Input((8, 8, 3), batch_size=1),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu6", bias_initializer="random_normal"),
            keras.layers.DepthwiseConv2D(3, activation="relu6", bias_initializer="random_normal"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(
                3, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=3)
            ),
        ]
    )


def tflite(model, images):
    import tensorflow as tf

    def made(precision):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if precision == "int8":
            converter.representative_dataset = lambda: ([image[None]] for image in images)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        (HERE / f"{precision}.tflite").write_bytes(converter.convert())

    for precision in ("float32", "float16", "int8"):
        made(precision)


def onnx(model, images):
    import onnx as onnx_package
    import tensorflow as tf
    import tf2onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    spec = tf.TensorSpec((1, 8, 8, 3), tf.float32, name="input")
    run = tf.function(lambda input: model(input, training=False), input_signature=[spec])
    proto, _ = tf2onnx.convert.from_function(run, input_signature=[spec], opset=17)
    proto.ir_version = 8
    onnx_package.save(proto, HERE / "float32.onnx")

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.images = iter(images)

        def get_next(self):
            image = next(self.images, None)
            return None if image is None else {"input": image[None]}

    quantize_static(
        HERE / "float32.onnx",
        HERE / "int8.onnx",
        Reader(),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )


def evaluation(model):
    """40 images of one colour plus noise. Keras is right about 36 of them: every tenth label is another."""
    import numpy as np

    random = np.random.RandomState(11)
    colours = random.randint(0, 256, (40, 1, 1, 3))
    images = np.clip(colours + random.randint(-20, 20, (40, 8, 8, 3)), 0, 255).astype(np.uint8)
    found = [int(np.argmax(model((image[None].astype("f4") - 127.5) / 127.5))) for image in images]
    labels = [(top + 1) % 3 if i % 10 == 0 else top for i, top in enumerate(found)]
    np.savez_compressed(
        HERE / "evaluation.npz", images=images, labels=np.array(labels), keras=np.array(found)
    )
    print("classes:", np.bincount(found))


def main():
    import numpy as np

    HERE.mkdir(exist_ok=True)
    model = build()
    images = np.random.RandomState(7).uniform(-1, 1, (50, 8, 8, 3)).astype("float32")
    tflite(model, images)
    onnx(model, images)
    evaluation(model)


if __name__ == "__main__":
    main()
