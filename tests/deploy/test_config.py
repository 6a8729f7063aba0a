"""Settings: documented, read once, refused when unsafe."""

from __future__ import annotations

import re
import subprocess
import traceback
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from api.config import SETTINGS, Config, ConfigError

ROOT = Path(__file__).parents[2]
SAFE = {
    "APP_ENV": "production",
    "SECRET_KEY": "x" * 40,
    "S3_ACCESS_KEY": "access",
    "S3_SECRET_KEY": "a-good-secret",
}


def test_every_setting_is_documented_as_it_is() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| `?([^`|]*)`? \| (.+) \|$", page, re.MULTILINE)
    assert [(name, default.strip(), meaning) for name, default, meaning in rows] == [
        (setting.name, setting.default, setting.meaning) for setting in SETTINGS
    ]


def test_the_example_of_an_environment_holds_every_setting_with_its_default() -> None:
    """As a shell reads it, every line in use."""
    example = (ROOT / ".env.example").read_text()
    in_use = re.sub(r"^#(?=[A-Z0-9_]+=)", "", example, flags=re.MULTILINE)
    for line in example.splitlines():
        assert not line or line.startswith("#"), "nothing is set by copying it"
    ran = subprocess.run(
        ["sh", "-c", f"set -a\n{in_use}\nenv -0"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    read = dict(line.split("=", 1) for line in ran.stdout.split("\0") if line)
    assert {name: read.get(name) for name in (s.name for s in SETTINGS)} == {
        setting.name: setting.default for setting in SETTINGS
    }
    assert Config.from_environment(read) == Config.from_environment({})


def test_values_are_read_as_their_kind() -> None:
    config = Config.from_environment(
        {"PORT": "9001", "SECURE_COOKIES": "yes", "VOUCH_DATA": "/data", "LLM": ""}
    )
    assert (config.port, config.secure_cookies, config.data) == (9001, True, Path("/data"))
    assert config.llm == "extractive"


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("SECURE_COOKIES", "perhaps"), ("PORT", "8.5")]
)
def test_a_value_of_the_wrong_kind_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Config.from_environment({name: value})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"S3_SECRET_KEY": ""}, "S3_SECRET_KEY"),
    ],
)
def test_production_refuses_default_and_short_secrets(change: dict, named: str) -> None:
    Config.from_environment(SAFE)
    with pytest.raises(ConfigError, match=named):
        Config.from_environment({**SAFE, **change})


def test_no_secret_shows_unless_it_is_asked_for() -> None:
    """Whatever its name says is a secret, and a password within any address of the application."""
    environment = {
        setting.name: f"hidden-{setting.name}-{'x' * 40}"
        for setting in SETTINGS
        if setting.name.endswith(("KEY", "PASSWORD", "SECRET", "TOKEN"))
    }
    assert len(environment) >= 9
    for name in ("DATABASE_URL", "REDIS_URL", "OPENAI_BASE_URL", "VISION_BASE_URL"):
        environment[name] = f"scheme://name:hidden-{name}@a.host:99/path?password=hidden-too"
    config = Config.from_environment(environment)
    shown = [repr(config), str(config), f"{config}", str(asdict(config)), in_log(config)]
    shown += [str(getattr(config, item.name)) for item in fields(config)]
    shown += [in_traceback(config)]
    assert not [text for text in shown if "hidden" in text]
    assert "a.host:99/path" in repr(config)
    assert config.secret_key.get_secret_value() == environment["SECRET_KEY"]
    assert config.database_url.get_secret_value() == environment["DATABASE_URL"]


def in_log(config: Config) -> str:
    return str(structlog.processors.JSONRenderer()(None, "info", {"event": "e", "config": config}))


def in_traceback(config: Config) -> str:
    """What a tool that shows local variables would."""
    try:
        config.port / 0
    except ZeroDivisionError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(told.format())
    return ""


def test_what_is_made_of_the_settings_hides_them_too(tmp_path: Path) -> None:
    from deploy.datadir import DataDir
    from deploy.plan import Plan
    from deploy.services import Place
    from pipelines.external.contract import Endpoint
    from pipelines.llms.contract import LLMSettings
    from pipelines.parsers.contract import ParseOptions

    data = DataDir(tmp_path)
    secrets = data.secrets()
    place = Place(tmp_path, tmp_path, 1, secrets)
    plan = Plan((), {}, {"SECRET_KEY": "hidden"}, secrets["supervisor"])
    made = [
        LLMSettings("http://name:hidden@host", SecretStr("hidden")),
        Endpoint("m", "http://name:hidden@host", SecretStr("hidden")),
        ParseOptions(password="hidden"),
    ]
    words = ["hidden", *(secret.get_secret_value() for secret in secrets.values())]
    shown = [repr(each) for each in (place, plan, *made)] + [str(asdict(place))]
    assert not [text for text in shown if any(word in text for word in words)]
