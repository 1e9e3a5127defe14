"""What somebody wrote turns nothing around that stands beside it, whatever direction it is written in or asks for."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree

import html5lib
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, Form, FormField, HiddenField, PasswordField, StringField

import forms
from forms.bounds import LineField, LinesField
from forms.reflections.around import Words
from tests.rules.site import Site

WORDS = re.compile(r"zq[0-9a-f]{12}")
APART = {"bdi", "title", "option"}


def beside(node: ElementTree.Element, apart: bool = False) -> Iterator[str]:
    """Written words that no element keeps apart from what stands around them."""
    apart = apart or node.tag in APART or node.get("dir") == "auto"
    for text in (node.text, *(child.tail for child in node)):
        if text and not apart and WORDS.search(text):
            yield f"<{node.tag} class={node.get('class')}> {' '.join(text.split())[:60]}"
    for child in node:
        yield from beside(child, apart)


def test_written_words_stand_by_themselves(site: Site, who: str) -> None:
    found: Counter[str] = Counter()
    for made in site.sweep(who).answers:
        if made.is_page and WORDS.search(made.text):
            page = html5lib.parse(made.text, namespaceHTMLElements=False)
            found.update({f"{made.path}: {one}" for one in beside(page)})
    assert not found, "\n".join(f"{count} {said}" for said, count in found.most_common())


def test_words_that_do_not_stand_by_themselves_would_be_found() -> None:
    page = "<p>She said zq0123456789ab again</p><p dir=auto>zq0123456789ab</p><p>Of <bdi>zq0123456789ab</bdi></p>"
    assert len(list(beside(html5lib.parse(page, namespaceHTMLElements=False)))) == 1


# Names

TURNED = "Mara \u202eanoJ\u202c \u2066x\u2069\u2067y\u2069 \u202a\u202b\u202d\x00\ud800\nz"


def boxes(form: type[Form]) -> Iterator[tuple[str, type[StringField]]]:
    """The boxes for words of a form, and of the rows in it."""
    for name in dir(form):
        box = getattr(form, name)
        if hasattr(box, "field_class") and issubclass(box.field_class, FormField):
            yield from boxes(box.args[0])
        elif hasattr(box, "field_class") and issubclass(box.field_class, FieldList):
            yield from boxes(type("Row", (Form,), {name: box.args[0]}))
        elif hasattr(box, "field_class") and issubclass(box.field_class, StringField):
            yield f"{form.__name__}.{name}", box.field_class


def forms_of_the_house() -> Iterator[type[Form]]:
    """Every form class in the forms package."""
    for found in pkgutil.walk_packages(forms.__path__, "forms."):
        for one in vars(importlib.import_module(found.name)).values():
            if isinstance(one, type) and issubclass(one, Form) and one.__module__ == found.name:
                yield one


def test_every_box_for_a_name_or_words_is_one_that_turns_nothing_around() -> None:
    """Words of clients come as they were typed, and stand by themselves; names and labels stand beside others."""
    found = {name: kind for form in forms_of_the_house() for name, kind in boxes(form)}
    fine = (LineField, LinesField, Words, PasswordField, HiddenField)
    wrong = [name for name, kind in found.items() if not issubclass(kind, fine)]
    assert len(found) > 25
    assert wrong == ["ReleaseForm.name"]  # only compared with the partner's name, and shown to nobody


def test_a_name_keeps_its_letters_and_loses_what_turns_words_around() -> None:
    class Names(Form):
        name = LineField()
        lines = LinesField()

    made = Names(MultiDict({"name": TURNED, "lines": TURNED}))
    assert made.name.data == "Mara anoJ xy  z"
    assert made.lines.data is not None
    assert "\x00" not in made.lines.data
    assert made.lines.data.endswith("\nz")
    for name in ("يوسف", "Анна", "Zoë", "👩\u200d👧", "م\u200cی"):  # joiners belong to the writing
        assert Names(MultiDict({"name": name})).name.data == name
