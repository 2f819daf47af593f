"""Settings come from the environment, are checked, and never show a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from splitseem_server.log import configure_log
from splitseem_server.redis_url import RedisUrl, mask_url, read_redis_url
from splitseem_server.settings import PREFIX, Settings, SettingsError

pytestmark = pytest.mark.unit

SECRET = "redis://user:hunter2@db:6379/1"


def test_defaults_need_no_environment() -> None:
    assert Settings.from_environment({"PATH": "/bin"}) == Settings()


def test_environment_is_read_and_arguments_override_it() -> None:
    environment = {
        "SPLITSEEM_PORT": "9000",
        "SPLITSEEM_QUEUE_SIZE": "3",
        "SPLITSEEM_CLIENT_DIR": "/srv/client",
    }
    settings = Settings.from_environment(environment, port=9001, host=None)
    assert (settings.port, settings.queue_size, settings.client_dir) == (9001, 3, Path("/srv/client"))
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("CACHE", "disk"),
        ("CACHE", "http://example.org"),
        ("CACHE", "redis://db:hunter2"),
        ("CACHE", "redis://db/0?colour=red"),
        ("CACHE", "redis+sentinel://db:26379"),
        ("CACHE", "redis+sentinel://db:26379/"),
        ("CACHE", "redis+sentinel:///mymaster"),
        ("CACHE", "redis+sentinel://db:99999/mymaster"),
        ("CACHE", "redis+sentinel://db:26379/mymaster/first"),
        ("CACHE", "redis+sentinel://db/mymaster?sentinel_colour=red"),
        ("CACHE", "redis+sentinel://db/mymaster?colour=red"),
        ("CACHE", "redis+cluster://"),
        ("CACHE", "redis+cluster://one,,two"),
        ("CACHE", "redis+cluster://db/1"),
        ("CACHE", "redis+cluster://db?db=1"),
        ("CACHE", "redis+cluster://db?colour=red"),
        ("CACHE", "redis+ring://db"),
        ("CACHE", "unix+cluster://db"),
        ("QUEUE_SIZE", "-1"),
        ("ENCODE_WORKERS", "0"),
        ("REDIS_TIMEOUT_S", "0"),
        ("REDIS_TIMEOUT_S", "nan"),
        ("MAX_IMAGE_PIXELS", "900000000"),
        ("LOG_LEVEL", "loud"),
        ("ADAPTERS", "roboflow,sam"),
        ("LABEL_STUDIO_URL", "studio:8080"),
        ("LABEL_STUDIO_URL", "http://user:hunter2@studio"),
        ("LABEL_STUDIO_URL", "http://studio/?a=b"),
        ("MODEL", ""),
    ],
)
def test_value_out_of_range_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{PREFIX}{name}"):
        Settings.from_environment({PREFIX + name: value})


def test_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"unknown setting SPLITSEEM_PROT; known are .*SPLITSEEM_PORT"):
        Settings.from_environment({"SPLITSEEM_PROT": "1"})


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "redis").write_text(SECRET + "\n")
    assert Settings.from_environment({"SPLITSEEM_CACHE_FILE": str(tmp_path / "redis")}).cache == SECRET


def test_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="both set"):
        Settings.from_environment({"SPLITSEEM_CACHE": SECRET, "SPLITSEEM_CACHE_FILE": str(tmp_path)})


def test_secret_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SPLITSEEM_CACHE_FILE: cannot read"):
        Settings.from_environment({"SPLITSEEM_CACHE_FILE": str(tmp_path / "absent")})


def test_refusal_of_a_secret_does_not_show_it() -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({"SPLITSEEM_CACHE": "http://user:hunter2@db"})
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        (SECRET, "redis://user:***@db:6379/1"),
        ("rediss://:hunter2@db", "rediss://:***@db"),
        ("redis://db:6379/0", "redis://db:6379/0"),
        ("redis://db:6379/0?password=hunter2", "redis://db:6379/0?password=***"),
        ("redis+sentinel://u:p@ss@a,[::1]:2/m", "redis+sentinel://u:***@a,[::1]:2/m"),
        ("redis+cluster://:pa/ss@a:1,b:2", "redis+cluster://:***@a:1,b:2"),
        ("redis+sentinel://a/m?sentinel_password=x&db=1", "redis+sentinel://a/m?sentinel_password=***&db=1"),
        ("memory", "memory"),
    ],
)
def test_passwords_in_urls_are_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_urls_of_several_servers_are_read() -> None:
    url = read_redis_url("redis+sentinel://ann:p%40ss@one:1,[::1]:2,three/my%20master/3?socket_timeout=4")
    assert url == RedisUrl(
        "sentinel",
        url.text,
        (("one", 1), ("::1", 2), ("three", 26379)),
        "my master",
        {"username": "ann", "password": "p@ss", "db": 3, "socket_timeout": 4.0},
    )
    url = read_redis_url("redis+cluster://:secret@one,two:7000/0")
    assert url == RedisUrl("cluster", url.text, (("one", 6379), ("two", 7000)), "", {"password": "secret"})


@pytest.mark.parametrize(("query", "by_tls"), [("", True), ("&sentinel_ssl=false", False)])
def test_sentinels_have_passwords_of_their_own_and_tls_unless_they_have_not(query: str, by_tls: bool) -> None:
    text = "rediss+sentinel://:a@one/m?ssl_ca_certs=/ca.pem&db=2&sentinel_username=u&sentinel_password=b"
    url = read_redis_url(text + query)
    tls = {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    assert url.options == {"password": "a", "db": 2, **tls}
    assert url.sentinel_options == {"username": "u", "password": "b", **(tls if by_tls else {})}
    assert read_redis_url("rediss+cluster://one").options == {"ssl": True}


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_settings_are_logged_at_start_with_secrets_masked(
    log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    token = {"SPLITSEEM_LABEL_STUDIO_TOKEN": "token-hunter2"}
    configure_log(Settings.from_environment(token, cache=SECRET, log_format=log_format))
    line = capsys.readouterr().out
    assert "hunter2" not in line
    assert "redis://user:***@db:6379/1" in line
    for name in Settings.model_fields:
        assert name in line
    if log_format == "json":
        assert json.loads(line)["event"] == "settings"


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


def test_the_key_of_a_caller_in_the_environment_is_no_setting_of_the_service() -> None:
    assert Settings.from_environment({"SPLITSEEM_API_KEY": "k"}) == Settings()
    with pytest.raises(SettingsError, match="SPLITSEEM_API_KEYS"):
        Settings.from_environment({"SPLITSEEM_API_KEYS": "k"})
