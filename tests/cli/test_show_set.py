"""The table of an artefact set says what its figures are of."""

import pytest
from msgspec.structs import replace

from edgekit.artefact import ArtefactSet, read_set
from edgekit.cli.show_set import show_set


@pytest.mark.parametrize("run", [None, 99])
def test_it_says_on_how_many_images_float_files_were_compared(artefacts, capsys, run):
    made = read_set(artefacts)
    files = (replace(file, quality=replace(file.quality, run=run)) for file in made.manifest.files)
    show_set(ArtefactSet(made.folder, replace(made.manifest, files=tuple(files))))
    shown = " ".join(capsys.readouterr().out.split())
    assert ("on 99 of these images; on the others" in shown) is (run == 99)
