"""`flask --app api ...`: what an operator does at the command line."""

from __future__ import annotations

import sys

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from api.cli import evals
from api.extensions import db
from api.jobs import lifecycle
from api.models import AccessGrant, Instrument, User
from api.search.reindexing import begin_reindex, is_reindex_needed
from api.services import services

users = AppGroup("users", help="The people who may sign in.")


def init_app(app: Flask) -> None:
    app.cli.add_command(users)
    app.cli.add_command(seed)
    app.cli.add_command(reindex)
    app.cli.add_command(evals.group)


@users.command("create")
@click.argument("email")
@click.option("--admin", is_flag=True, help="May manage every instrument.")
@click.option("--name", default="", help="How to call them.")
@click.option("--password", envvar="VOUCH_PASSWORD", help="Asked for when left out.")
def create_user(email: str, admin: bool, name: str, password: str | None) -> None:
    """Make a user."""
    if password is None:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(password) < 10:
        raise click.ClickException("The password needs at least 10 characters.")
    email = email.strip().lower()
    if db.session.scalar(select(User).where(User.email == email)):
        raise click.ClickException(f"{email} exists already.")
    _user(email, "admin" if admin else "member", password, name)
    db.session.commit()
    click.echo(f"{email} may sign in.")


@click.command("seed")
@with_appcontext
def seed() -> None:
    """Make the bucket and, when APP_ENV=local, the demo users and instrument. Safe to repeat."""
    services().storage.ensure_bucket()
    config = services().config
    if not config.is_local:
        sys.stderr.write("APP_ENV is not local: no demo users are made.\n")
        return
    admin = _user(
        "admin@example.com", "admin", config.demo_password.get_secret_value(), "Instrument Manager"
    )
    _user("user@example.com", "member", config.demo_password.get_secret_value(), "Member")
    if db.session.scalar(select(Instrument).where(Instrument.slug == "demo")) is None:
        instrument = Instrument(
            name="Demo", slug="demo", description="Try Vouch here.", created_by=admin.id
        )
        db.session.add(instrument)
        db.session.flush()
        db.session.add(AccessGrant(instrument_id=instrument.id, user_id=admin.id, role="manager"))
    db.session.commit()


@click.command("reindex")
@click.argument("slugs", nargs=-1)
@click.option(
    "--all", "every", is_flag=True, help="Every instrument that another model or release indexed."
)
@with_appcontext
def reindex(slugs: tuple[str, ...], every: bool) -> None:
    """Make the index of instruments anew, by the model each is to have; they answer meanwhile."""
    with_ = services()
    found = [
        instrument
        for instrument in db.session.scalars(
            select(Instrument).where(Instrument.deleted_at.is_(None)).order_by(Instrument.slug)
        ).all()
        if instrument.slug in slugs
        or (every and is_reindex_needed(db.session(), instrument, with_.config))
    ]
    if missing := set(slugs) - {instrument.slug for instrument in found}:
        raise click.ClickException(f"There is no instrument {', '.join(sorted(missing))}.")
    for instrument in found:
        job = begin_reindex(db.session(), instrument, None)
        db.session.commit()
        if job is None:
            click.echo(f"{instrument.slug}: is being reindexed already")
            continue
        lifecycle.enqueue(db.session(), with_.queue, job)
        click.echo(f"{instrument.slug}: job {job.id}")


def _user(email: str, role: str, password: str, name: str) -> User:
    """The user of that address; made if there is none."""
    known = db.session.scalar(select(User).where(User.email == email))
    if known is not None:
        return known
    made = User(email=email, role=role, name=name)
    made.set_password(password)
    db.session.add(made)
    db.session.flush()
    return made
