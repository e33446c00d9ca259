import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from edgekit.data.decode import BrokenImageError, decoders_quiet, read_image


def saved(path, image, **options):
    image.save(path, **options)
    return np.asarray(read_image(path))


def test_rgb_is_kept(tmp_path, image):
    assert (saved(tmp_path / "a.png", image(1)) == np.asarray(image(1))).all()


def test_grey_is_expanded(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = saved(tmp_path / "a.png", Image.fromarray(grey))
    assert (pixels == grey[..., None]).all()
    assert pixels.shape == (16, 16, 3)


def test_black_and_white_becomes_0_and_255(tmp_path):
    pixels = saved(tmp_path / "a.png", Image.fromarray(np.eye(8, dtype=bool)))
    assert (pixels == np.eye(8, dtype=np.uint8)[..., None] * 255).all()


@pytest.mark.parametrize("ending", ["png", "tiff", "pgm"])
def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path, ending):
    values = np.array([[0, 128, 129, 257, 32_768, 65_535]], dtype=np.uint16)
    pixels = saved(tmp_path / f"a.{ending}", Image.fromarray(values))
    assert pixels[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]


def test_pixels_without_a_known_range_are_refused(tmp_path):
    with pytest.raises(BrokenImageError, match="float32 pixels have no known range"):
        saved(tmp_path / "a.tiff", Image.fromarray(np.ones((4, 4), dtype=np.float32)))
    with pytest.raises(BrokenImageError, match="int32 pixels have no known range"):
        saved(tmp_path / "b.tiff", Image.fromarray(np.full((4, 4), 70_000, dtype=np.int32)))


def test_transparency_is_laid_on_white(tmp_path):
    pixels = np.array([[[255, 0, 0, 255], [255, 0, 0, 0], [0, 0, 0, 128]]], dtype=np.uint8)
    assert saved(tmp_path / "a.png", Image.fromarray(pixels))[0].tolist() == [
        [255, 0, 0],
        [255, 255, 255],
        [127, 127, 127],
    ]


def test_grey_with_transparency_is_laid_on_white(tmp_path):
    pixels = np.array([[[0, 255], [0, 0]]], dtype=np.uint8)
    assert saved(tmp_path / "a.png", Image.fromarray(pixels))[0].tolist() == [[0] * 3, [255] * 3]


def test_a_palette_and_its_transparent_colour_are_resolved(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])
    assert saved(tmp_path / "a.png", image)[0].tolist() == [[10, 20, 30], [40, 50, 60]]
    assert saved(tmp_path / "b.png", image, transparency=1)[0].tolist() == [[10, 20, 30], [255] * 3]


def test_cmyk_becomes_rgb(tmp_path):
    assert saved(tmp_path / "a.tiff", Image.new("CMYK", (2, 2), (0, 0, 0, 0))).min() == 255


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    pixels = saved(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path, image, orientation):
    upright = np.asarray(image(3))
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = saved(tmp_path / "a.png", Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    assert (pixels == upright).all()


def test_damaged_exif_does_not_cost_the_image(tmp_path, image):
    buffer = io.BytesIO()
    image().save(buffer, "JPEG")
    data, junk = buffer.getvalue(), b"Exif\0\0II*\0\xff\xff\xff\x7fjunk"
    path = tmp_path / "a.jpg"
    path.write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(junk) + 2) + junk + data[2:])
    with decoders_quiet():
        assert read_image(path).size == (12, 10)


@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "tiff", "webp", "ppm"])
def test_a_truncated_file_is_refused(tmp_path, image, ending):
    path = tmp_path / f"a.{ending}"
    image(width=64, height=64).save(path)
    assert read_image(path).size == (64, 64)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with decoders_quiet(), pytest.raises(BrokenImageError):
        read_image(path)


@pytest.mark.parametrize(("width", "height"), [(11_000, 10_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path, width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")))
    with decoders_quiet(), pytest.raises(BrokenImageError, match=r"pixels( are too many)?$"):
        read_image(path)


def test_a_file_that_would_run_a_program_is_not_opened(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    with pytest.raises(BrokenImageError, match="not an image in a known format"):
        read_image(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0, 1),
)
def test_no_damage_makes_anything_but_a_broken_image(tmp_path, image, kind, changes, keep):
    buffer = io.BytesIO()
    image(5).save(buffer, kind)
    data = bytearray(buffer.getvalue())
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    path = tmp_path / "damaged"
    path.write_bytes(data[: int(keep * len(data)) + 1])
    with decoders_quiet():
        try:
            assert read_image(path).mode == "RGB"
        except BrokenImageError as error:
            assert "\n" not in str(error)
            assert str(error)
