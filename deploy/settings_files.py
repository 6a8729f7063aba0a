"""Writes docs/settings.md and .env.example from the settings of api/config.py.

python -m deploy.settings_files
"""

from __future__ import annotations

import textwrap

from api.config import SETTINGS, Setting
from deploy.environment import ROOT

_TABLE = """\
# Settings

Read from the environment; an empty value means the default. What can't work, such as a model
without its key or a directory without a model, keeps every program from starting, with one line
that says which setting and what to do.

This page and `.env.example` are made from `api/config.py` by `make settings`.

| setting | default | meaning |
|---|---|---|
"""

_EXAMPLE = """\
# Every setting with its default, as in docs/settings.md. Copy this file to .env and uncomment what
# you change. `make up` sees it after
#
#   set -a; . ./.env; set +a
#
# and `docker compose` by itself, as far as docker-compose.yml hands it on; what that needs besides
# stands at its top.
"""


def table() -> str:
    """The text of docs/settings.md."""
    return _TABLE + "".join(
        f"| `{each.name}` | {f'`{each.default}`' if each.default else ''} | {each.meaning} |\n"
        for each in SETTINGS
    )


def example() -> str:
    """The text of .env.example: for a shell and for docker compose."""
    return _EXAMPLE + "".join(f"\n{_commented(each)}" for each in SETTINGS)


def _commented(setting: Setting) -> str:
    meaning = textwrap.fill(
        setting.meaning, 96, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
    )
    quote = '"' if " " in setting.default else ""
    return f"{meaning}\n#{setting.name}={quote}{setting.default}{quote}\n"


def main() -> None:
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "settings.md").write_text(table(), encoding="utf-8")
    (ROOT / ".env.example").write_text(example(), encoding="utf-8")


if __name__ == "__main__":
    main()
