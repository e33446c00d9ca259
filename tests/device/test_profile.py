"""Device profiles: found, read, and refused with a reason."""

import pytest

import edgekit
from edgekit.device import add_profile, find_profile, list_profiles, reached_at, reached_by
from edgekit.device.profiles import read_profile
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
        (
            'description = "x"\ntransport = "ssl"',
            "There is no transport 'ssl'. Did you mean 'ssh'? Choose from: local, ssh,",
        ),
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
    assert words in str(caught.value)


def test_a_profile_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RecordError, match="cannot be read"):
        find_profile(str(tmp_path / "none.toml"))


def test_a_profile_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "board.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match="is not a TOML file"):
        read_profile(path)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without profiles, in an empty project."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "config" / "edgekit" / "devices"


def test_a_device_that_was_added_is_found_with_what_its_kind_brings_along(home):
    path = add_profile("rpi4", {"transport": "ssh", "address": "10.0.0.2", "user": "pi"})
    assert path == home / "rpi4.toml"
    found = find_profile("rpi4")
    assert (found.address, found.user, found.core) == ("10.0.0.2", "pi", "Cortex-A72")


def test_a_device_can_have_a_name_of_its_own_and_be_like_another(home):
    add_profile("lab-5", {"transport": "ssh", "address": "lab"}, like="rpi5")
    assert find_profile("lab-5").core == "Cortex-A76"
    assert find_profile("lab-5").name == "lab-5"


def test_a_device_unlike_any_is_described_by_how_it_is_reached(home):
    add_profile("box", {"transport": "ssh", "address": "box"})
    assert find_profile("box").description == "box, over ssh"


def test_a_device_cannot_be_like_one_that_is_reached_otherwise(home):
    with pytest.raises(UsageError, match="reached by 'adb', not by 'ssh'"):
        add_profile("phone", {"transport": "ssh", "address": "x"}, like="android")
    assert not home.exists()


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "x" * 65, "x.toml", "a\nb", "$(id)", "ü"])
def test_a_name_that_is_no_plain_file_name_is_refused(home, name):
    with pytest.raises(UsageError, match="cannot be a device's name"):
        add_profile(name, {"transport": "ssh", "address": "x"})
    assert not home.exists()


@pytest.mark.parametrize("address", ['a"b', "a'b", "a\\b", "a\nb", "数字", "$(id)", "\x7f"])
def test_any_address_survives_the_file(home, address):
    add_profile("odd", {"transport": "ssh", "address": address})
    assert find_profile("odd").address == address


def test_a_flag_wins_over_the_environment_and_that_over_the_profile(home, monkeypatch):
    add_profile("rpi-zero2", {"transport": "ssh", "address": "from-file", "user": "pi"})
    assert find_profile("rpi-zero2").address == "from-file"
    monkeypatch.setenv("EDGEKIT_RPI_ZERO2_ADDRESS", "from-environment")
    monkeypatch.setenv("EDGEKIT_RPI_ZERO2_USER", "ci")
    profile = find_profile("rpi-zero2")
    assert (profile.address, profile.user) == ("from-environment", "ci")
    assert "from-environment" in [each.address for each in list_profiles()]
    moved = reached_at(profile, address="from-flag")
    assert (moved.address, moved.user) == ("from-flag", "ci")
    assert reached_at(profile) == profile


def test_an_address_in_the_environment_is_not_written_down(home, monkeypatch):
    monkeypatch.setenv("EDGEKIT_RPI5_USER", "ci")
    path = add_profile("lab-5", {"transport": "ssh", "address": "lab"}, like="rpi5")
    assert "ci" not in path.read_text()


def test_this_computer_has_no_address(monkeypatch):
    monkeypatch.setenv("EDGEKIT_HOST_ADDRESS", "10.0.0.2")
    assert find_profile("host").address == ""
    with pytest.raises(UsageError, match="host has no address"):
        reached_at(find_profile("host"), address="10.0.0.2")


@pytest.mark.parametrize(
    ("place", "user", "address", "port"),
    [
        ("10.0.0.2", "", "10.0.0.2", None),
        ("pi@10.0.0.2", "pi", "10.0.0.2", None),
        ("pi@board.local:2222", "pi", "board.local", 2222),
        ("ssh://pi@board.local:2222", "pi", "board.local", 2222),
        ("ssh://board/", "", "board", None),
        ("[::1]:2222", "", "::1", 2222),
        ("pi@[fe80::1%eth0]", "pi", "fe80::1%eth0", None),
        ("pi@fe80::1%eth0", "pi", "fe80::1%eth0", None),
        ("me@corp@gate", "me@corp", "gate", None),
    ],
)
def test_an_address_is_read_as_people_write_it(project, monkeypatch, place, user, address, port):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(project))
    add_profile("board", {**reached_by(ssh=place)})
    found = find_profile("board")
    assert (found.user, found.address, found.port) == (user, address, port)
    add_profile("other", {**reached_by(ssh="elsewhere")})
    monkeypatch.setenv("EDGEKIT_OTHER_ADDRESS", place)
    found = find_profile("other")
    assert (found.user, found.address, found.port) == (user, address, port)


@pytest.mark.parametrize(
    "place",
    [
        "pi@board:",
        "board:ssh",
        "board:0",
        "board:65536",
        "[::1",
        "[::1]2222",
        "ssh://board/tmp",
        "a:b:c",
        "[host]:22",
    ],
)
def test_an_address_that_is_none_is_refused_when_it_is_added(project, place):
    with pytest.raises(UsageError, match="is not an address"):
        reached_by(ssh=place)


def test_a_port_that_contradicts_the_address_is_refused():
    with pytest.raises(UsageError, match=r"pi@board:2222 has the port 2222, --port is 22\."):
        edgekit.devices.add("desk", ssh="pi@board:2222", port=22)
