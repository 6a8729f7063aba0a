"""Brings the database up to date and seeds it, in one process.

The same as `flask --app api.app db upgrade` and then `flask --app api.app seed`.
"""

import sys


def main() -> None:
    """With `--wait`, after a line on standard input: the slow imports happen meanwhile."""
    from flask_migrate import upgrade

    from api import create_app

    if "--wait" in sys.argv and not sys.stdin.readline():
        return
    app = create_app()
    with app.app_context():
        upgrade()
        app.cli.commands["seed"].main(args=[], prog_name="seed", standalone_mode=False)


if __name__ == "__main__":
    main()
