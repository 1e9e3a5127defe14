"""The app with the world of the rules in it: browsers of its people, and what they got to see."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from clinic.extensions import db
from tests.rules import world as worlds
from tests.rules.visits import Visit, visit


@dataclass
class Site:
    """The app with its world; the clock must stand at `world.stage.now` while somebody looks."""

    app: Flask
    file: Path
    world: worlds.World
    tokens: dict[str, str]
    answers: dict[tuple[str, str], Visit] = field(default_factory=dict)

    def seen(self, who: str, path: str, name: str = "") -> Visit:
        """What somebody gets to see there; asked once in each process, since a GET changes nothing."""
        if (who, path) not in self.answers:
            self.answers[who, path] = visit(self.app, self.client(who), who, "GET", path)
            self.answers[who, path].name = name
        return self.answers[who, path]

    def client(self, who: str) -> FlaskClient:
        """A browser in which that person is signed in."""
        client = self.app.test_client()
        if who != "nobody":
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = self.tokens[who], True
        return client

    def put_back(self) -> None:
        """Undo whatever was changed."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy2(self.file.with_name("as-it-was.sqlite"), self.file)
