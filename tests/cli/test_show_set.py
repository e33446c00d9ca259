"""The table of an artefact set says what its figures are of."""

import msgspec

from edgekit.artefact import ArtefactSet, read_set
from edgekit.cli.show_set import show_set


def test_it_says_on_how_many_images_float_files_were_run(artefacts, capsys):
    made = read_set(artefacts)
    show_set(made)
    assert "were run on" not in capsys.readouterr().out
    first, *others = made.manifest.files
    few = msgspec.structs.replace(first, quality=msgspec.structs.replace(first.quality, run=512))
    manifest = msgspec.structs.replace(made.manifest, files=(few, *others))
    show_set(ArtefactSet(made.folder, manifest))
    assert "float32 files were run on 512 of these images" in " ".join(capsys.readouterr().out.split())
