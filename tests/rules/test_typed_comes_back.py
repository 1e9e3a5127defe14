"""Whatever is typed into a box, or asked for in an address, comes back as words and never as a part of the page."""

from collections.abc import Iterator

import html5lib

from tests.rules.site import Site
from tests.rules.table import data_of
from tests.rules.test_odd_input import QUERIES, boxes_of, tried

TYPED = 'zq"\' zqon=1><zqmark zqon="1"></textarea></title></option></bdi><zqmark>{{ 7*191 }}${7*191}'


def parts_made_of(text: str) -> Iterator[str]:
    """Elements and attributes of a page that what was typed made, and what a template made of it."""
    if "zq" not in text:
        return
    for node in html5lib.parse(text, namespaceHTMLElements=False).iter():
        if str(node.tag).startswith("zq"):
            yield f"<{node.tag}>"
        yield from (f"{node.tag} {name}" for name in node.attrib if str(name).startswith(("zq", '"', "'")))
    if "1337" in text:
        yield "7*191"


def test_what_was_typed_comes_back_as_words(site: Site) -> None:
    """Typed into every box for words of every form at once, and once with a mistake in another box."""
    wrong, back, boxes = [], 0, boxes_of(site)
    for row, specimen, path, who in tried(site, "POST"):
        told = {name: [str(one)] for name, one in data_of(row, specimen, site.world).items()}
        usual = {**boxes.get((who, row.endpoint), {}), **told}
        empty = {name: [""] for name in usual}
        for typed in ({name: [TYPED] for name in usual}, {**empty, "text": [TYPED], "name": [TYPED]}):
            answer = site.client(who).post(path, data={**usual, **typed}, follow_redirects=True)
            back += "zqmark" in answer.text
            wrong += [f"{row.endpoint}: {one}" for one in parts_made_of(answer.text)]
            site.put_back()
    assert back > 15, "hardly anything that was typed came back: this looks at nothing"
    assert not wrong, "\n".join(wrong)


def test_what_was_asked_for_comes_back_as_words(site: Site) -> None:
    wrong = []
    for row, _, path, who in tried(site, "GET"):
        with site.client(who).get(path, query_string=dict.fromkeys(QUERIES, TYPED)) as answer:
            if answer.mimetype == "text/html":
                wrong += [f"{row.endpoint}: {one}" for one in parts_made_of(answer.text)]
    wrong += list(parts_made_of(site.app.test_client().get(f"/{TYPED}").text))
    assert not wrong, "\n".join(wrong)


def test_typed_words_that_came_through_would_be_found() -> None:
    assert {"<zqmark>", "p zqon", "7*191"} <= set(
        parts_made_of(f'<p title="{TYPED}">1337 zq</p><p zqon=1>{TYPED}')
    )
