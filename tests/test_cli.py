"""The commands as somebody types them, each in a process of its own; what the doctor warns of really happens."""

import json
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy.exc import DBAPIError

from clinic import audit, clock, vault
from clinic.access import Mark, Viewer
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Account, StaffMember
from clinic.app import create_app
from clinic.config import Settings
from clinic.couples import actions as couples
from clinic.couples.models import Couple
from clinic.extensions import alembic, db
from clinic.practice import queries as papers
from clinic.safety import queries as safety
from tests.cast import add_code_app
from tests.sink import running

ROOT = Path(__file__).resolve().parents[1]
PASSPHRASE = "seven quiet lanterns"


def clinic(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with a practice in `folder` and settings such as BASE_URL."""
    settings = {f"CLINIC_{name}": value for name, value in environment.items() if name.isupper()}
    others = {name: value for name, value in os.environ.items() if not name.startswith("CLINIC_")}
    return subprocess.run(
        [sys.executable, "-m", "clinic.cli", *words],
        cwd=ROOT,
        env={**others, "CLINIC_DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def new_practice(folder: Path, *more: str, password: str = PASSPHRASE) -> subprocess.CompletedProcess[str]:
    words = ["--practice", "Test Lane", "--zone", "Europe/Vienna", "--paper", "A4", "--owner", "Ana Test"]
    return clinic("init", *words, "--sign-in", "ana", "--password", password, *more, folder=folder)


@pytest.fixture(scope="module")
def _first_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("practice") / "data"
    done = new_practice(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def practice(_first_day: Path, tmp_path: Path) -> Path:
    """The data folder of a practice on its first day, to be spoiled."""
    folder = tmp_path / "data"
    shutil.copytree(_first_day, folder)
    return folder


# init


def test_init_makes_a_key_that_only_its_owner_reads_and_a_database(practice: Path) -> None:
    assert stat.S_IMODE((practice / "master.key").stat().st_mode) == 0o600
    with closing(sqlite3.connect(practice / "clinic.sqlite")) as database:
        count = "select (select count(*) from practice), (select count(*) from staff_member)"
        assert database.execute(count).fetchone() == (1, 1)
        assert database.execute("select is_owner, is_counselor from staff_member").fetchone() == (1, 1)


def test_init_does_not_touch_a_practice_that_is_there(practice: Path) -> None:
    before = (practice / "master.key").read_bytes()
    done = new_practice(practice)
    assert (done.returncode, (practice / "master.key").read_bytes()) == (1, before)
    assert "already" in done.stderr


@pytest.mark.parametrize(
    ("more", "password", "said"),
    [
        ([], "too short", "15 characters"),
        (["--zone", "Mars/Olympus"], PASSPHRASE, "Mars/Olympus"),
    ],
)
def test_init_refuses_before_anything_is_made(
    tmp_path: Path, more: list[str], password: str, said: str
) -> None:
    done = new_practice(tmp_path / "data", *more, password=password)
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "data" / "master.key").exists()


# routes and exercises


def test_routes_are_told_without_a_practice_each_with_its_mark(tmp_path: Path) -> None:
    done = clinic("routes", "--json", folder=tmp_path / "none")
    rows = json.loads(done.stdout)
    assert {"/", "/accounts/sign-in"} <= {row["rule"] for row in rows}
    assert {row["mark"] for row in rows} <= set(Mark.__args__)
    assert all(row["methods"] and row["endpoint"] for row in rows)
    assert not (tmp_path / "none").exists()


def test_the_shipped_exercises_are_in_order(tmp_path: Path) -> None:
    done = clinic("exercises", "check", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "in order" in done.stdout


def test_mistakes_in_a_folder_of_exercises_are_all_told(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("format = 1\nslug = 7\n", encoding="utf-8")
    (tmp_path / "two.toml").write_text("not toml", encoding="utf-8")
    done = clinic("exercises", "check", str(tmp_path), folder=tmp_path)
    assert done.returncode == 1
    assert "one.toml: slug" in done.stderr
    assert "two.toml" in done.stderr


def test_a_folder_without_exercises_is_not_in_order(tmp_path: Path) -> None:
    done = clinic("exercises", "check", str(tmp_path), folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == f"{tmp_path.name}: the folder: found no exercise; allowed: files named <slug>.toml\n"
    )


# demo


def test_a_demo_never_comes_near_a_practice_named_by_the_environment(practice: Path, tmp_path: Path) -> None:
    """The settings of a real practice are set, and the folder asked for is taken: the practice stays as it is."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "letter.txt").write_text("mine", encoding="utf-8")
    before = (practice / "clinic.sqlite").read_bytes()
    named = {
        "DATABASE_URL": f"sqlite:///{practice / 'clinic.sqlite'}",
        "KEY_FILE": str(practice / "master.key"),
    }
    done = clinic("demo", "--build-only", "--data-dir", str(tmp_path / "taken"), folder=practice, **named)
    assert done.returncode == 1
    assert "not a demo" in done.stderr
    done = clinic("demo", "--build-only", "--data-dir", str(practice), folder=practice, **named)
    assert done.returncode == 1
    assert (practice / "clinic.sqlite").read_bytes() == before


def test_the_settings_of_a_demo_name_its_own_folder_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from clinic.cli import _demo_settings

    monkeypatch.setenv("CLINIC_DATABASE_URL", "sqlite:////srv/practice/clinic.sqlite")
    monkeypatch.setenv("CLINIC_KEY_FILE", "/srv/practice/master.key")
    monkeypatch.setenv("CLINIC_TRUSTED_HOSTS", "practice.example")
    made = _demo_settings(tmp_path, 8000)
    assert made.database_url == f"sqlite:///{tmp_path / 'clinic.sqlite'}"
    assert made.key_file == tmp_path / "master.key"
    assert (made.host, made.base_url, made.demo) == ("127.0.0.1", "http://localhost:8000", True)


# doctor


SAFE = {"BASE_URL": "https://practice.example"}


def test_the_doctor_finds_a_healthy_practice_in_order(practice: Path) -> None:
    done = clinic("doctor", folder=practice, **SAFE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "CLINIC_BASE_URL" in done.stdout
    assert "environment" in done.stdout


def test_the_doctor_warns_of_a_key_that_everybody_can_read(practice: Path) -> None:
    (practice / "master.key").chmod(0o644)
    done = clinic("doctor", folder=practice, **SAFE)
    assert done.returncode == 1
    assert "CLINIC_KEY_FILE" in done.stderr
    assert f"chmod 600 {practice / 'master.key'}" in done.stderr


def test_the_doctor_warns_of_a_folder_that_others_can_enter(practice: Path) -> None:
    practice.chmod(0o755)
    done = clinic("doctor", folder=practice, **SAFE)
    assert done.returncode == 1
    assert f"chmod 700 {practice}" in done.stderr


def test_a_passphrase_of_staff_is_reset_by_a_command(practice: Path) -> None:
    done = clinic("reset-passphrase", "ana", folder=practice)
    assert done.returncode == 0, done.stderr
    assert "For one use" in done.stdout
    with closing(sqlite3.connect(practice / "clinic.sqlite")) as database:
        assert database.execute("select must_change_password from account").fetchone() == (1,)
    assert clinic("reset-passphrase", "nobody", folder=practice).returncode == 1


def test_a_second_step_that_staff_lost_is_taken_away_by_a_command(practice: Path) -> None:
    """Every sign-in ends, the trail says so, and the passphrase stays."""
    app = app_of(practice)
    now = clock.now()
    with app.app_context():
        account = db.session.scalars(db.select(Account)).one()
        add_code_app(account.person_id, now)
        token = accounts.begin_session(account, "Firefox on Linux", now, with_factor=True)
        db.session.commit()
        assert sign_ins.signed_in(token)
        db.session.remove()
        db.engine.dispose()
    done = clinic("reset-factor", "ana", folder=practice)
    assert done.returncode == 0, done.stderr
    with app_of(practice).app_context():
        account = db.session.scalars(db.select(Account)).one()
        assert sign_ins.signed_in(token) is None
        assert not sign_ins.has_factor(account.person_id)
        assert not account.must_change_password
        assert "reset factors" in db.session.scalars(db.select(audit.AuditEvent.verb)).all()
        db.session.remove()
        db.engine.dispose()
    assert clinic("reset-factor", "nobody", folder=practice).returncode == 1


def test_serving_waits_for_a_pending_migration(practice: Path) -> None:
    with app_of(practice).app_context():
        alembic.downgrade("base")
        db.engine.dispose()
    done = clinic("serve", folder=practice, **SAFE)
    assert done.returncode == 1
    assert "clinic upgrade" in done.stderr


def test_the_doctor_warns_when_the_library_for_subsetting_is_missing(
    practice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of that name that is no library comes first on the loader's path."""
    (tmp_path / "libharfbuzz-subset.so.0").write_bytes(b"no library")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    done = clinic("doctor", folder=practice, **SAFE)
    assert done.returncode == 1
    assert "libharfbuzz-subset0" in done.stderr
    assert "apt-get install libharfbuzz-subset0" in done.stderr


@pytest.mark.parametrize("address", ["http://practice.example", "http://localhost:8000"])
def test_the_doctor_warns_of_plain_http_outside_the_demo(practice: Path, address: str) -> None:
    done = clinic("doctor", folder=practice, BASE_URL=address)
    assert done.returncode == 1
    assert "CLINIC_BASE_URL" in done.stderr
    assert "https://" in done.stderr
    assert clinic("doctor", folder=practice, BASE_URL=address, DEMO="1").returncode == 0


def test_the_doctor_warns_of_a_pending_migration_and_upgrade_cures_it(practice: Path) -> None:
    with app_of(practice).app_context():
        alembic.downgrade("base")
        db.engine.dispose()
    done = clinic("doctor", folder=practice, **SAFE)
    assert done.returncode == 1
    assert "CLINIC_DATABASE_URL" in done.stderr
    assert "clinic upgrade" in done.stderr
    cured = clinic("upgrade", folder=practice, **SAFE)
    assert cured.returncode == 0, cured.stderr
    (copy,) = practice.glob("clinic.before-*.sqlite")
    assert str(copy) in cured.stdout
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert clinic("doctor", folder=practice, **SAFE).returncode == 0


@pytest.mark.parametrize("command", [["doctor"], ["serve"], ["upgrade"]], ids=" ".join)
def test_a_database_of_a_newer_version_is_told_in_one_sentence(practice: Path, command: list[str]) -> None:
    with closing(sqlite3.connect(practice / "clinic.sqlite")) as database, database:
        database.execute("update alembic_version set version_num = '9999'")
    done = clinic(*command, folder=practice, **SAFE)
    assert done.returncode == 1
    assert "A newer version has used it" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [["serve"], ["worker"], ["doctor"], ["upgrade"], ["reset-passphrase", "ana"], ["reset-factor", "ana"]],
)
def test_a_key_of_another_practice_is_told_in_one_sentence(practice: Path, command: list[str]) -> None:
    (practice / "master.key").unlink()
    vault.new_master_key(practice / "master.key")
    done = clinic(*command, folder=practice, **SAFE)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert "does not fit" in done.stderr
    assert not list(practice.glob("*.before-*"))


def test_a_port_in_use_is_told_in_one_sentence(practice: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = clinic("serve", folder=practice, PORT=port, **SAFE)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"Port {port} of 127.0.0.1 is in use." in done.stderr
    assert "CLINIC_PORT" in done.stderr


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    done = clinic("demo", "--build-only", "--data-dir", str(tmp_path / "a-file" / "demo"), folder=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "CLINIC_DATA_DIR" in done.stderr


def test_a_filled_database_of_the_first_revision_comes_up_to_date(practice: Path) -> None:
    """Who was there is there afterwards, and can be read."""
    owner, row = uuid4(), uuid4()
    app = app_of(practice)
    with app.app_context():
        member = db.session.scalars(db.select(StaffMember)).one()
        reader = Viewer(member.person_id, member.practice_id, staff_id=member.id)
        db.session.remove()
        audit.record_reading(reader, "a review", {("words", str(owner)): {str(row)}})
    with app.app_context():
        alembic.downgrade("0001")
        db.engine.dispose()
    assert clinic("upgrade", folder=practice, **SAFE).returncode == 0
    with app_of(practice).app_context():
        assert [one.name for one in db.session.scalars(db.select(StaffMember))] == ["Ana Test"]
        assert [one.owner_id for one in db.session.scalars(db.select(audit.WordsRead))] == [owner]
        db.session.remove()
        assert alembic.compare_metadata() == []
        db.engine.dispose()


def test_consent_of_before_there_were_papers_goes_on_counting(practice: Path) -> None:
    """Given stays given and taken back stays taken back; every reflection still finds the number of its policy."""
    given, ended = _couple_of_before(practice)
    assert clinic("upgrade", folder=practice, **SAFE).returncode == 0
    with app_of(practice).app_context():
        couple = db.session.scalars(db.select(Couple)).one()
        at = datetime(2026, 3, 1, tzinfo=UTC)
        standings = safety.standings_of(couple.partners, at)
        assert {id_: one.has_consented for id_, one in standings.items()} == {given: True, ended: False}
        policies = papers.policies_by_number(couple.practice_id, [1, 2])
        assert [policies[number].text for number in (1, 2)] == [
            "The wording of this version was not kept.",
            "We keep it.",
        ]
        assert (couple.practice.policy, couple.practice.policy_version) == ("We keep it.", 2)
        db.session.remove()
        assert alembic.compare_metadata() == []
        db.session.remove()
        alembic.downgrade("0007")
        kept = "SELECT policy, policy_version FROM practice"
        assert db.session.execute(db.text(kept)).all() == [("We keep it.", 2)]
        assert (
            len(db.session.execute(db.text("SELECT id FROM consent WHERE withdrawn_at IS NULL")).all()) == 1
        )
        db.session.remove()
        db.engine.dispose()


def test_papers_of_before_are_kept_by_the_database_from_its_thirteenth_revision_on(practice: Path) -> None:
    """A filled database goes back, where a paper can still be changed, and comes up again, where it cannot."""
    change = db.text("UPDATE consent_document SET label = label || '.' WHERE number = 1")
    with app_of(practice).app_context():
        alembic.downgrade("0012")
        db.session.execute(change)
        db.session.commit()
        db.engine.dispose()
    assert clinic("upgrade", folder=practice, **SAFE).returncode == 0
    with app_of(practice).app_context():
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(change)
        db.session.rollback()
        db.session.remove()
        assert alembic.compare_metadata() == []
        db.engine.dispose()


def _couple_of_before(practice: Path) -> tuple[UUID, UUID]:
    """A database of 0007: a policy in its second version, one partner who agreed, one who agreed and took it back."""
    with app_of(practice).app_context():
        member = db.session.scalars(db.select(StaffMember)).one()
        viewer = Viewer(
            member.person_id, member.practice_id, staff_id=member.id, roles=frozenset({"counselor"})
        )
        house = papers.by_id(member.practice_id)
        house.recovery_kept_at = BEFORE
        first, second = couples.create(viewer, couples.NewCouple(("A", "B"), "Etc/UTC"), BEFORE).partners
        ids, staff = (first.id, second.id), member.id.hex
        db.session.commit()
        alembic.downgrade("0007")
        db.session.execute(db.text("UPDATE practice SET policy = 'We keep it.', policy_version = 2"))
        for partner, version, ended in ((ids[0], 1, None), (ids[1], 1, None), (ids[1], 2, stored(9))):
            row = {
                "id": uuid4().hex,
                "of": partner.hex,
                "version": version,
                "at": stored(version),
                "by": staff,
            }
            row["ended"] = ended
            db.session.execute(
                db.text(
                    "INSERT INTO consent (id, partner_id, policy_version, given_at, withdrawn_at, recorded_by_id)"
                    " VALUES (:id, :of, :version, :at, :ended, :by)"
                ),
                row,
            )
        db.session.commit()
        db.engine.dispose()
    return ids


BEFORE = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def stored(day: int) -> str:
    """An instant of those days, as the database keeps it."""
    return (BEFORE + timedelta(days=day)).strftime("%Y-%m-%d %H:%M:%S.%f")


def test_the_doctor_warns_when_the_disk_is_nearly_full(practice: Path, tmp_path: Path) -> None:
    """The practice lies on a small file system, mounted in a name space of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = f'mount -t tmpfs -o size=48m tmpfs "{disk}" && cp -a "{practice}/." "{disk}" && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command, "sh", sys.executable, "-m", "clinic.cli", "doctor"],
        cwd=ROOT,
        env={**os.environ, "CLINIC_DATA_DIR": str(disk), "CLINIC_BASE_URL": SAFE["BASE_URL"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "CLINIC_DATA_DIR" in done.stderr, done.stderr
    assert "500 MB" in done.stderr


def test_the_doctor_says_in_one_sentence_that_there_is_no_practice(tmp_path: Path) -> None:
    done = clinic("doctor", folder=tmp_path)
    assert done.returncode == 1
    assert "CLINIC_KEY_FILE" in done.stderr
    assert "Traceback" not in done.stderr


# Mail


def test_the_doctor_notes_that_no_mail_is_set_up_and_calls_nothing_unsafe(practice: Path) -> None:
    done = clinic("doctor", folder=practice, **SAFE)
    assert done.returncode == 0, done.stderr
    assert "Note: CLINIC_SMTP_URL" in done.stdout
    assert "clinic mail-test" in done.stdout


def test_the_doctor_names_a_mail_server_that_does_not_answer_and_shows_no_password(practice: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mail = {"SMTP_URL": f"smtps://front:s3cret@127.0.0.1:{port}", "MAIL_FROM": "notes@practice.example"}
    done = clinic("doctor", folder=practice, **SAFE, **mail)
    assert done.returncode == 1
    assert f"CLINIC_SMTP_URL: 127.0.0.1:{port} does not let us in" in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    assert "smtps://front:***@" in done.stdout


@pytest.mark.parametrize(
    "setting", [{"SMTP_URL": "mail.example"}, {"SMTP_URL": "smtp://h", "MAIL_FROM": "nobody"}]
)
def test_a_wrong_mail_setting_is_told_in_one_sentence(practice: Path, setting: dict[str, str]) -> None:
    settings = {"MAIL_FROM": "notes@practice.example", **setting}
    done = clinic("doctor", folder=practice, **SAFE, **settings)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "CLINIC_SMTP_URL" in done.stderr or "CLINIC_MAIL_FROM" in done.stderr


def test_a_mail_can_be_tried(practice: Path) -> None:
    with running() as sink:
        settings = {"SMTP_URL": sink.url, "MAIL_FROM": "notes@practice.example"}
        done = clinic("mail-test", "me@example.com", folder=practice, **SAFE, **settings)
        assert done.returncode == 0, done.stderr
        assert [one.recipients for one in sink.taken] == [["me@example.com"]]
        assert clinic("doctor", folder=practice, **SAFE, **settings).returncode == 0
        sink.refuses_with = "550 no"
        done = clinic("mail-test", "me@example.com", folder=practice, **SAFE, **settings)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "550" in done.stderr
    wrong = clinic("mail-test", "two@a.example, b@c.example", folder=practice, **SAFE, **settings)
    assert (wrong.returncode, "Traceback" in wrong.stderr) == (1, False)


# Migrations


def app_of(folder: Path) -> Flask:
    vault.open_with(folder / "master.key")
    return create_app(Settings.from_environment(data_dir=folder, testing=True))


def test_the_revisions_make_exactly_the_tables_of_the_models(practice: Path) -> None:
    with app_of(practice).app_context():
        assert alembic.compare_metadata() == []
        db.engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(practice: Path) -> None:
    """Changes of tables are part of the transaction: half an upgrade does not exist."""
    with app_of(practice).app_context():
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"transactional_ddl": True})
            with pytest.raises(sqlite3.OperationalError), context.begin_transaction():  # noqa: PT012
                connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
                raise sqlite3.OperationalError("the power went out")
        with db.engine.connect() as connection:
            tables = connection.exec_driver_sql("select name from sqlite_master").scalars().all()
        db.engine.dispose()
    assert "half" not in tables


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CLINIC_")]:
        monkeypatch.delenv(name)
