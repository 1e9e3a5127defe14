"""Through the real pages: open a turn, fill in every box, look it over, send it; a form read as a browser does."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient

from clinic.extensions import db
from clinic.homework.models import Turn
from tests.rules import answering
from tests.rules.answering import Choose, first
from tests.rules.stage import Stage


class _Inputs(HTMLParser):
    """Names and values of everything that a form would send if nobody touched it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, kind = given.get("name"), given.get("type", "text")
        if tag != "input" or not name or name == "csrf_token" or kind == "submit":
            return
        if kind in {"radio", "checkbox"} and "checked" not in given:
            return
        self.found.setdefault(name, []).append(given.get("value") or "")


def inputs_of(text: str) -> dict[str, list[str]]:
    """What a page's forms hold, by name."""
    parser = _Inputs()
    parser.feed(text)
    return parser.found


def boxes_on(text: str) -> set[str]:
    """Names of all boxes on a page, whatever is in them."""
    return {name for tag in _tags(text) if (name := tag.get("name"))}


def _tags(text: str) -> Iterator[dict[str, str | None]]:
    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag in {"input", "textarea", "select"}:
                tags.append(dict(attrs))

    tags: list[dict[str, str | None]] = []
    Tags().feed(text)
    return iter(tags)


def send(
    stage: Stage, client: FlaskClient, who: str, turn: Turn, words: str, choose: Choose = first, **more: Any
) -> list[Any]:
    """Write a turn on its page and send it; the answers of the house on the way."""
    url = f"/reflections/{turn.id}"
    boxes = filled(stage, who, turn, words, choose)
    page = client.get(f"{url}?all=1&change=1")
    version = inputs_of(page.text).get("version", ["0"])[0]
    saved = client.post(url, data={"screen": "all", "version": version, "do": "before", **boxes, **more})
    looked = client.get(f"{url}/before")
    said = {name: value for name, value in boxes.items() if name in {"safety", "consent"}}
    held = {name: values[0] for name, values in inputs_of(looked.text).items()}
    sent = client.post(f"{url}/before", data={"reads": "partner", **held, **said, "do": "send"})
    return [page, saved, looked, sent]


def filled(stage: Stage, who: str, turn: Turn, words: str, choose: Choose = first) -> dict[str, Any]:
    """The boxes of a turn with everything in them."""
    name = next(name for name, id_ in stage.assignments.items() if id_ == turn.round.assignment_id)
    turn_id = turn.id
    with stage.act(who) as viewer:
        author = stage.author(viewer, name, turn.key, who)
        author = type(author)(viewer, author.partner_id, db.session.get_one(Turn, turn_id), author.role)
        return answering.boxes_for(author, words, choose)
