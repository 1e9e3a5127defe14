"""The commands: set up a practice, serve it, show the demo, and look after what is there."""

import json
import logging
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from zoneinfo import available_timezones

import click
from alembic.util import CommandError
from flask import Flask
from sqlalchemy.exc import OperationalError

from clinic import access, backup, clock, doctor, fonts, upkeep, vault
from clinic.app import create_app
from clinic.config import PREFIX, Settings, UnsafeSettings
from clinic.exercises import actions as exercises
from clinic.exercises import library
from clinic.extensions import alembic, db, transactions


class Commands(click.Group):
    """Commands that say a known mistake in one sentence, without the inside of the program."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (vault.VaultError, UnsafeSettings, backup.BackupError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            where = f"{error.filename} " if error.filename else ""
            raise click.ClickException(
                f"{where}cannot be used ({error.strerror}). Set CLINIC_DATA_DIR."
            ) from error
        except CommandError as error:
            raise click.ClickException(
                f"CLINIC_DATABASE_URL: The database and this version do not belong together ({error}). A newer version "
                "has used it: install that one, or put back the copy that its upgrade kept."
            ) from error
        except OperationalError as error:
            raise click.ClickException(
                f"The database cannot be used ({error.orig}). Look at CLINIC_DATABASE_URL and CLINIC_DATA_DIR."
            ) from error


@click.group(cls=Commands)
def main() -> None:
    """Goldseam: a practice toolkit for counselors who help couples restore trust."""
    logging.getLogger("alembic").setLevel(logging.WARNING)


def prepare(settings: Settings) -> Flask:
    """A data folder that can be served: fonts, and what `furnish` makes."""
    with fonts.built(settings.fonts_dir):
        return furnish(settings)


def furnish(settings: Settings) -> Flask:
    """Key, database at the newest revision, shipped exercises."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.key_file.exists():
        vault.new_master_key(settings.key_file)
    app = create_app(settings)
    with app.app_context():
        alembic.upgrade()
        exercises.import_documents(library.shipped().values(), clock.now())
        db.session.commit()
    return app


@main.command()
@click.option("--practice", "practice_name", prompt="Name of the practice")
@click.option("--zone", prompt="Time zone", default="America/New_York", show_default=True)
@click.option("--paper", type=click.Choice(["A4", "Letter"]), default="A4", show_default=True)
@click.option("--owner", "owner_name", prompt="Your name")
@click.option("--sign-in", prompt="Your sign-in name")
@click.password_option("--password", help="at least 15 characters")
def init(practice_name: str, zone: str, paper: str, owner_name: str, sign_in: str, password: str) -> None:
    """Set up a new practice: key, database, and its owner, who can add the others."""
    from clinic.accounts import actions as accounts  # commands load what they need
    from clinic.accounts import rules as sign_in_rules
    from clinic.practice import actions as practices

    settings = Settings.from_environment()
    if settings.key_file.exists():
        raise click.ClickException(
            f"There is a practice in {settings.data_dir} already; nothing was changed."
        )
    if weakness := sign_in_rules.weakness(password, (sign_in, owner_name, practice_name)):
        raise click.BadParameter(weakness, param_hint="--password")
    if zone not in available_timezones():
        raise click.BadParameter(f"{zone} is not the name of a time zone.", param_hint="--zone")
    app = prepare(settings)
    with app.app_context():
        practice = practices.found(practice_name, zone, paper, now=clock.now())
        accounts.add_staff(
            practice, owner_name, sign_in, password, roles={"owner", "counselor"}, now=clock.now()
        )
        db.session.commit()
    click.echo(f"The practice is ready in {settings.data_dir}.")
    upkeep.print_recovery_key()
    if sys.stdin.isatty():
        with app.app_context():
            upkeep.confirm_recovery_key()
    else:
        click.echo("Then, before the first couple: clinic recovery-key --confirm")
    click.echo("Sign in, and look at the crisis numbers under Practice before the first client does.")
    click.echo("Start it with: clinic serve")


@main.command("reset-passphrase")
@click.argument("sign_in")
def reset_passphrase(sign_in: str) -> None:
    """Make a passphrase for one use for somebody who works here, or for a client of several counselors; every sign-in
    of theirs ends."""
    from clinic.accounts import actions as accounts
    from clinic.accounts import library as words
    from clinic.accounts import queries as people

    with create_app().app_context():
        vault.must_fit(db.session.connection())
        account = people.account_named(sign_in)
        if account is None:
            raise click.ClickException(f"Nobody here signs in as {sign_in}.")
        passphrase = words.new_passphrase()
        house = access.Viewer(practice_id=account.person.practice_id)
        accounts.reset_password(house, account, accounts.hash_passphrase(passphrase), clock.now())
        db.session.commit()
    click.echo(f"For one use, then a new one is asked for:  {passphrase}")


@main.command("reset-factor")
@click.argument("sign_in")
def reset_factor(sign_in: str) -> None:
    """Take the second step away from somebody who works here and lost it, or from a client of several counselors; every
    sign-in of theirs ends. Do it with them in the room."""
    from clinic.accounts import actions as accounts
    from clinic.accounts import queries as people

    with create_app().app_context():
        vault.must_fit(db.session.connection())
        account = people.account_named(sign_in)
        if account is None:
            raise click.ClickException(f"Nobody here signs in as {sign_in}.")
        house = access.Viewer(practice_id=account.person.practice_id)
        accounts.reset_factors(house, account, clock.now())
        db.session.commit()
    click.echo("Taken away. At the next sign-in, who works here sets up a new one before anything else.")


@main.command()
def serve() -> None:
    """Serve the practice: web, background work and the printing press, until interrupted."""
    settings = Settings.from_environment()
    app = create_app(settings)
    for finding in doctor.examine(settings, app):
        click.echo(f"{'Warning' if finding.is_unsafe else 'Note'}: {finding}", err=True)
    _must_be_ready(app)
    _supervise(settings)


def _must_be_ready(app: Flask) -> None:
    """What would fail at the first request is said before it: an old database, a key that is not its own."""
    if doctor.is_behind(app):
        raise click.ClickException("The database is older than the application. Run: clinic upgrade")
    with app.app_context(), transactions(write=False):
        vault.must_fit(db.session.connection())
        db.session.remove()
    upkeep.shred_again(app)


def _supervise(settings: Settings) -> None:
    from clinic import serve as supervision  # the web server is not needed by other commands

    if not supervision.is_free(settings.host, settings.port):
        raise click.ClickException(
            f"Port {settings.port} of {settings.host} is in use. Stop what uses it, or choose another: "
            f"{'--port' if settings.demo else 'CLINIC_PORT'}."
        )
    click.echo(f"Goldseam is at {settings.base_url}")
    sys.exit(supervision.run(settings))


@main.command()
def worker() -> None:
    """Run the background work alone, beside other machines that serve the web."""
    from clinic import jobs

    app = create_app()
    _must_be_ready(app)
    jobs.work(app)


@main.command()
def upgrade() -> None:
    """Bring the database to this version's revision; a copy of the file is kept first."""
    settings = Settings.from_environment()
    app = create_app(settings)
    file = Path(db_file(settings))
    copy = file.with_suffix(f".before-{clock.now():%Y%m%d-%H%M%S}.sqlite")
    if file.exists():
        with app.app_context(), transactions(write=False):
            vault.must_fit(db.session.connection())
        _keep_copy(file, copy)
    with app.app_context():
        alembic.upgrade()
        exercises.import_documents(library.shipped().values(), clock.now())
        db.session.commit()
    click.echo(f"Up to date. The database as it was: {copy}")


def _keep_copy(file: Path, copy: Path) -> None:
    """A whole copy, also of what is still in the write-ahead log, and also while somebody writes."""
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def db_file(settings: Settings) -> str:
    """The path of an SQLite database; other databases keep their own copies."""
    return settings.database_url.removeprefix("sqlite:///")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print accounts and ids instead of serving.")
@click.option("--port", default=8000, show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
@click.option("--build-only", is_flag=True, help="Make the data and stop.")
@click.option("--fresh", is_flag=True, help="Make it anew, also when it was made today.")
def demo(as_json: bool, port: int, data_dir: Path, build_only: bool, fresh: bool) -> None:
    """The demo practice: a year of invented history, in a data folder of its own.

    It always ends today: one that was made on another day is made anew.
    """
    from clinic import demo as story

    try:
        made = story.build(_demo_settings(data_dir, port), fresh=fresh)
    except story.NotADemo as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(made, indent=2))
        return
    click.echo(
        f"Everybody in this practice is invented. The passphrase of each: {made['accounts'][0]['password']}"
    )
    for one in made["accounts"]:
        click.echo(f"  {one['sign_in']:<12} {one['who']}")
    if not build_only:
        _supervise(_demo_settings(data_dir, port))


def _demo_settings(data_dir: Path, port: int) -> Settings:
    """Nothing of the environment that names data is used: a demo never comes near a real practice."""
    folder = data_dir.absolute()
    return Settings.from_environment(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'clinic.sqlite'}",
        key_file=folder / "master.key",
        base_url=f"http://localhost:{port}",
        trusted_hosts=("localhost", "127.0.0.1"),
        host="127.0.0.1",
        port=port,
        smtp_url=f"folder:{folder / 'outbox'}",
        mail_from="notes@example.org",
        demo=True,
    )


@main.command()
@click.option("--json", "as_json", is_flag=True)
def routes(as_json: bool) -> None:
    """Every route with its methods and the mark that says whom it admits."""
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # routes are the same in every practice; none is opened for it
        key = Path(folder) / "master.key"
        vault.new_master_key(key)
        app = create_app(Settings.from_environment(data_dir=folder, key_file=key))
    rows = [
        {
            "rule": rule.rule,
            "endpoint": rule.endpoint,
            "methods": sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}),
            "mark": access.mark_of(app.view_functions[rule.endpoint]),
        }
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['rule']:<58} {','.join(row['methods']):<10} {row['mark']}")


@main.group("exercises")
def exercises_group() -> None:
    """The library of exercises."""


@exercises_group.command("check")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=library.SHIPPED
)
def exercises_check(folder: Path) -> None:
    """Read every exercise file of a folder and tell all mistakes."""
    messages = library.check(folder)
    for message in messages:
        click.echo(message, err=True)
    if messages:
        sys.exit(1)
    click.echo(f"{len(list(folder.glob('*.toml')))} exercises are in order.")


@main.command("doctor")
def doctor_command() -> None:
    """Print every setting with its source, and what is unsafe; exit 1 when something is."""
    settings = Settings.from_environment()
    sources = settings.sources()
    for field in fields(settings):
        click.echo(f"{PREFIX}{field.name.upper():<16} {settings.shown(field.name):<48} {sources[field.name]}")
    app = create_app(settings)
    findings = doctor.examine(settings, app)
    if not doctor.is_behind(app):
        with app.app_context():
            vault.must_fit(db.session.connection())
            db.session.remove()
    for finding in findings:
        click.echo(f"{'Unsafe' if finding.is_unsafe else 'Note'}: {finding}", err=finding.is_unsafe)
    if any(finding.is_unsafe for finding in findings):
        sys.exit(1)
    click.echo("All in order.")


for command in upkeep.COMMANDS:
    main.add_command(command)

if __name__ == "__main__":
    main()
