"""Forms as a browser reads them off a page: where each goes, what it would send, which of its boxes take words."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

WORDS = {"text", "search", "textarea"}
UNSENT = {"submit", "button", "reset", "image"}


@dataclass
class Box:
    """One control of a form."""

    name: str
    kind: str  # the type of an input, or textarea, select
    value: str = ""
    is_sent: bool = True  # a box that is not ticked sends nothing


@dataclass
class FormOnPage:
    """One form; `boxes` in the order in which they stand."""

    page: str
    action: str
    method: str
    boxes: list[Box] = field(default_factory=list)

    def box(self, name: str) -> Box | None:
        """The first box of that name."""
        return next((one for one in self.boxes if one.name == name), None)

    @property
    def for_words(self) -> list[Box]:
        return [one for one in self.boxes if one.kind in WORDS]

    def sent(self, **said: str) -> dict[str, list[str]]:
        """What is sent when nothing but `said` was typed or picked."""
        values: dict[str, list[str]] = {}
        for one in self.boxes:
            if one.name in said:
                values[one.name] = [said[one.name]]
            elif one.is_sent and not one.name.endswith("csrf_token"):
                values.setdefault(one.name, []).append(one.value)
        return values


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.found = page, list[FormOnPage]()
        self.form: FormOnPage | None = None
        self.text: Box | None = None
        self.select: Box | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = given.get("action") or self.page
            self.form = FormOnPage(self.page, action, given.get("method", "get").lower())
            self.found.append(self.form)
        if self.form is not None:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        assert self.form is not None
        if tag == "option" and self.select is not None and ("selected" in given or not self.select.value):
            self.select.value = given.get("value", "")
        if tag not in {"input", "textarea", "select"} or not given.get("name"):
            return
        kind = given.get("type", "text") if tag == "input" else tag
        box = Box(given["name"], kind, given.get("value", ""))
        box.is_sent = kind not in UNSENT and (kind not in {"radio", "checkbox"} or "checked" in given)
        self.form.boxes.append(box)
        self.text, self.select = (box if tag == "textarea" else None), (box if tag == "select" else None)

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "textarea" and self.text is not None:
            self.text.value = self.text.value.removeprefix("\r\n").removeprefix("\n")
            self.text = None
        elif tag == "select":
            self.select = None


def forms_on(page: str, text: str) -> list[FormOnPage]:
    """Every form of a page."""
    reader = _Reader(page)
    reader.feed(text)
    return reader.found
