"""Device profiles: found, read, and refused with a reason."""

import pytest

from edgekit.device import find_profile, list_profiles
from edgekit.device.profile import read_profile
from edgekit.errors import RecordError, UsageError

GOOD = 'description = "A board"\ntransport = "local"\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project folder with a devices folder, as the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "devices").mkdir()
    return tmp_path / "devices"


def test_this_computer_is_a_device_like_any_other():
    profile = find_profile("host")
    assert (profile.name, profile.transport) == ("host", "local")


def test_every_shipped_profile_is_valid():
    assert "host" in [profile.name for profile in list_profiles()]


def test_an_unknown_device_is_answered_with_the_nearest_and_the_list():
    with pytest.raises(UsageError) as caught:
        find_profile("hots")
    assert "'hots'" in caught.value.what
    assert "Did you mean 'host'?" in caught.value.what
    assert "host" in caught.value.hint


def test_the_projects_own_profile_wins(project):
    (project / "host.toml").write_text(GOOD + "affinity = [1]\n")
    assert find_profile("host").affinity == (1,)


def test_a_profile_may_be_named_by_its_path(tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(GOOD)
    assert find_profile(str(path)).name == "board"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + 'pyton = "x"', "unknown key 'pyton'. Did you mean 'python'?"),
        (GOOD + "affinity = 3", "affinity"),
        ('transport = "local"', "description"),
        ('description = "x"\ntransport = "pigeon"', "pigeon"),
        ("description = ", "is not a TOML file"),
        (GOOD + 'name = "other"', "unknown key 'name'"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_path_and_the_reason(tmp_path, text, words):
    path = tmp_path / "board.toml"
    path.write_text(text)
    with pytest.raises(RecordError) as caught:
        read_profile(path)
    assert str(path) in caught.value.what
    assert words in caught.value.what


def test_a_profile_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RecordError, match="cannot be read"):
        find_profile(str(tmp_path / "none.toml"))


def test_a_profile_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "board.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match="is not a TOML file"):
        read_profile(path)
