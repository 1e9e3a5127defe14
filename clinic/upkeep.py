"""Commands that keep the record safe: backup, restore, verify, the recovery key, and a new master key."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import click
from flask import Flask

from clinic import anchors, audit, backup, clock, mail, masters, restored, shredded, vault
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db, transactions, wipe
from clinic.practice import actions as practices
from clinic.practice import queries as practice_reads
from clinic.privacy import shredding

KEPT_APART = "Write it on paper and lock it away, apart from this machine: without key and paper no record can be read."


def print_recovery_key() -> None:
    """Show the master key as it is written down."""
    click.echo("\nThe recovery key of this practice:\n")
    for line in masters.on_paper(vault.master()):
        click.echo(f"    {line}")
    click.echo(f"\n{KEPT_APART}")


def confirm_recovery_key() -> None:
    """Ask for the key as it lies on paper, and note that it was there; an app context is needed."""
    if masters.typed(click.prompt("Type it from the paper", hide_input=True)) != vault.master():
        raise click.ClickException("That is a recovery key, but not the one of this practice.")
    for practice in practice_reads.all_of_them():
        practices.keep_recovery_key(practices.house_of(practice), practice, clock.now())
    db.session.commit()
    click.echo("Confirmed. Couples can be added now.")


@click.command("recovery-key")
@click.option("--confirm", is_flag=True, help="Type it from the paper, to show that it is there.")
def recovery_key(confirm: bool) -> None:
    """Print the recovery key, or confirm that it lies on paper."""
    with create_app().app_context():
        vault.must_fit(db.session.connection())  # on paper, the key of another practice is worth nothing
        db.session.remove()
        confirm_recovery_key() if confirm else print_recovery_key()


@click.command("backup")
def backup_command() -> None:
    """Make an encrypted backup now, also while people write; it is opened and checked before it counts."""
    settings = Settings.from_environment()
    app = create_app(settings)
    with app.app_context():
        made = backup.make(_file_of(settings), settings.backup_dir, vault.master(), clock.now())
    gone = backup.thin(settings.backup_dir, settings.backup_keep)
    click.echo(
        f"{made.file}  ({made.file.stat().st_size // 1024:,} KB, {sum(made.manifest['rows'].values()):,} rows)"
    )
    for file in gone:
        click.echo(f"Deleted, as {settings.backup_keep} are kept: {file.name}")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore_command(file: Path) -> None:
    """Put a backup in place, in a data folder without a practice; asks for the recovery key where there is no key."""
    from clinic.cli import prepare

    settings = Settings.from_environment()
    key = masters.read(settings.key_file).current if settings.key_file.exists() else _typed()
    vault.hold(masters.Ring((key,)), settings.key_file)
    heads = backup.restore(file, _file_of(settings), key)
    if not settings.key_file.exists():
        masters.create(settings.key_file, key)
    now = clock.now()
    anchors.append(settings.anchor_file, [anchors.Note(now, head, is_restore=True) for head in heads])
    listed = shredded.read(*settings.shredded_files, file.parent / shredded.BESIDE_BACKUPS)
    shredded.append(settings.shredded_files, listed, now)
    gone = shred_again(app := prepare(settings))
    with app.app_context(), transactions(write=True):
        held = restored.hold_all(now)
        db.session.commit()
    click.echo(f"The practice of {backup.made_at(file):%B %d, %Y, %H:%M} UTC is back in {settings.data_dir}.")
    if gone:
        click.echo(f"{gone} keys that were shredded since then came back with it, and were shredded again.")
    elif not listed:
        click.echo("There is no list of shredded keys here. What was erased since that day is back with it.")
    click.echo(
        "What people kept closer, took back or asked to end since that day is not in it. So everything is held "
        f"({held} couples were not before), and nobody is signed in: counselors go on with each couple, in its own "
        "page, when they have asked both."
    )
    click.echo("Look it over with: clinic verify")


def shred_again(app: Flask) -> int:
    """Before anything is served: shred what an old copy of the database brought back; how many keys there were."""
    listed = shredded.read(*app.config["SETTINGS"].shredded_files)
    with app.app_context(), transactions(write=True):
        gone = shredding.shred_again(listed, clock.now()) if listed else 0
        db.session.commit()
        if gone:
            wipe()
    return gone


def _typed() -> masters.MasterKey:
    return masters.typed(
        click.prompt("There is no key file. Type the recovery key from the paper", hide_input=True)
    )


@click.command("verify")
def verify() -> None:
    """Look the whole record over: pages of the database, every entry of the trail, and that none is gone."""
    settings = Settings.from_environment()
    app = create_app(settings)
    with app.app_context(), transactions(write=False):
        problems = list(_problems(settings))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(
            "The record is not as it was written. Keep this machine as it is, and the backups."
        )


def _problems(settings: Settings) -> Any:
    connection, notes = db.session.connection(), anchors.read(settings.anchor_file)
    try:
        backup.must_be_sound(connection)
    except backup.BackupError as error:
        yield str(error)
    known = {one.head.practice_id for one in notes}
    names = {practice.id: practice.name for practice in practice_reads.all_of_them()}
    for id_ in {**names, **dict.fromkeys(known)}:
        broken = audit.first_broken(connection, id_) or anchors.first_missing(connection, notes, id_)
        if broken:
            yield f"{names.get(id_, id_)}: entry {broken.seq} of the trail {broken.why}."
        else:
            count = next((head.seq for head in audit.heads(connection) if head.practice_id == id_), 0)
            click.echo(f"{names.get(id_, id_)}: {count:,} entries of the trail, each as it was written.")


@click.command("rotate-key")
def rotate_key() -> None:
    """Change the master key while people work; can be stopped and run again. A backup under the new key follows."""
    settings = Settings.from_environment()
    app = create_app(settings)
    ring = masters.read(settings.key_file)
    if len(ring.keys) == 1:
        masters.replace(settings.key_file, [masters.new(), ring.current])
        vault.open_with(settings.key_file)
    with app.app_context(), transactions(write=True):
        after = None
        while (after := vault.rewrap(db.session.connection(), after)) is not None:
            db.session.commit()
        for practice in practice_reads.all_of_them():
            practices.keep_recovery_key(practices.house_of(practice), practice, None)
        db.session.commit()
        masters.replace(settings.key_file, [vault.master()])
        backup.make(_file_of(settings), settings.backup_dir, vault.master(), clock.now())
    click.echo("The master key is a new one. Backups of before need the recovery key of before.")
    print_recovery_key()
    click.echo("Then: clinic recovery-key --confirm. Restart the service; everybody signs in anew.")


@click.command("mail-test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send one mail to an address of yours, and say what came of it."""
    settings = Settings.from_environment()
    if not settings.sends_mail:
        raise click.ClickException("CLINIC_SMTP_URL is not set: no mail is sent from here.")
    server, words = mail.server_of(settings), ("Notes", "This is a test. It was sent by hand.\n")
    try:
        mail.send(server, mail.written(uuid4(), ("Notes", address), *words, settings, clock.now()))
    except ValueError as error:
        raise click.ClickException(f"{address} is not one e-mail address.") from error
    except mail.MailError as error:
        raise click.ClickException(
            f"It was not taken: {error}. Look at CLINIC_SMTP_URL and CLINIC_MAIL_FROM."
        ) from error
    click.echo("The server has taken it. Look into the mailbox, and into its folder for unwanted mail.")


def _file_of(settings: Settings) -> Path:
    if settings.database_file is None:
        raise backup.BackupError("This database makes its own backups; Goldseam backs up SQLite.")
    return settings.database_file


COMMANDS = (backup_command, restore_command, verify, recovery_key, rotate_key, mail_test)
