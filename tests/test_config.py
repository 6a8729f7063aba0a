"""Settings: documented, read once, refused when unsafe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.config import SETTINGS, Config, ConfigError

ROOT = Path(__file__).parent.parent
SAFE = {
    "APP_ENV": "production",
    "SECRET_KEY": "x" * 40,
    "S3_ACCESS_KEY": "access",
    "S3_SECRET_KEY": "a-good-secret",
}


def test_the_settings_page_documents_every_setting_as_it_is() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| `?([^`|]*)`? \| (.+) \|$", page, re.MULTILINE)
    assert [(name, default.strip(), meaning) for name, default, meaning in rows] == [
        (setting.name, setting.default, setting.meaning) for setting in SETTINGS
    ]


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


def test_secrets_are_not_in_a_settings_repr_by_accident() -> None:
    from pipelines.llms.contract import LLMSettings
    from pipelines.types import ParseOptions

    assert "sk-1" not in repr(LLMSettings(api_key="sk-1"))
    assert "pass-1" not in repr(ParseOptions(password="pass-1"))
