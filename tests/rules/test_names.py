"""Names agree across folders: one word a domain, a page named like its endpoint, times that read as what they are."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import pytest
from flask import template_rendered

from clinic.app import DOMAINS
from clinic.extensions import Base
from tests.rules.site import Site
from tests.rules.table import Row, table, tries_of

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
SHARED = {"_macros", "errors", "reports"}
"""Folders of templates that belong to no domain."""

NO_FORM = {"exercises", "documents"}
"""Domains in whose pages nothing is filled in; their few buttons carry the token alone."""

OTHER_PAGE = {
    "couples.describe": "couples/new.html",  # the same boxes as for a new couple
    "couples.stand_in_for": "couples/stand_in.html",
    "reflections.revise": "reflections/write.html",
}
NO_PAGE = {
    "appointments.feed",
    "documents.pages_of",
    "consent.certificate",
    "consent.signature",
    "couples.add_counselor",
    "couples.confirm",
    "couples.reset_factors",
    "reflections.take_back",
    "reflections.narrow",
}
"""What answers GET with a file, or only shows the way to the page with the button."""

STATES = {
    "accounts.codes",
    "accounts.once",
    "couples.invited",
    "couples.no_key",
    "couples.not_invited",
    "reflections.held",
    "reflections.kept",
    "reflections.over",
    "reflections.proposal",
}
"""Pages that are a state of another page, or the answer to a POST."""

SHORT = {"/join/<token>"}
"""Addresses that are typed from paper."""

SOME = ("partner_b", "counselor", "owner", "nobody")

READS = re.compile(r"^(is|has|must|awaits)_")
INSTANT = re.compile(r"(^|_)(at|until)$|^since$")


def pages() -> Iterator[str]:
    """Templates of pages as `domain.name`."""
    for file in TEMPLATES.glob("*/*.html"):
        if file.parent.name not in SHARED and not file.name.startswith("_"):
            yield f"{file.parent.name}.{file.stem}"


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_one_word_everywhere(site: Site, domain: str) -> None:
    assert (ROOT / "clinic" / domain / "__init__.py").exists()
    assert (TEMPLATES / domain).is_dir()
    assert (ROOT / "tests" / domain).is_dir()
    form = (ROOT / "forms" / f"{domain}.py").exists() or (ROOT / "forms" / domain).is_dir()
    assert form != (domain in NO_FORM)
    assert site.app.blueprints[domain].url_prefix == f"/{domain}"


def test_no_folder_belongs_to_nobody() -> None:
    assert {one.name for one in TEMPLATES.iterdir() if one.is_dir()} == {*DOMAINS, *SHARED}
    forms = {one.stem for one in (ROOT / "forms").iterdir() if not one.name.startswith("__")}
    assert forms == {*DOMAINS, "base", "bounds", "fields"} - NO_FORM


def test_every_address_begins_with_the_word_of_its_domain(site: Site) -> None:
    for rule in site.app.url_map.iter_rules():
        domain, _, name = rule.endpoint.partition(".")
        if name and rule.rule not in SHORT:
            assert rule.rule.startswith(f"/{domain}/"), rule


def test_every_page_has_a_template_of_its_name(site: Site) -> None:
    rules = [
        rule
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "." in rule.endpoint
    ]
    expected = {rule.endpoint for rule in rules} - NO_PAGE - set(OTHER_PAGE)
    assert expected - set(pages()) == set(), "pages without a template"
    assert set(pages()) - set(site.app.view_functions) == STATES, "templates without a page"


def test_an_endpoint_renders_the_template_of_its_name(site: Site) -> None:
    drawn: list[str] = []

    def note(_app: object, template: object, **_: object) -> None:
        drawn.append(template.name)  # type: ignore[attr-defined]

    wrong = []
    with template_rendered.connected_to(note, site.app):
        for row in table().of("GET"):
            if row.endpoint in NO_PAGE | {
                "home",
                "static",
                "fonts",
                "accounts.sign_in",
                "accounts.second",
                "reflections.before",
            }:
                continue
            drawn.clear()
            shown_to(site, row)
            named = OTHER_PAGE.get(row.endpoint, f"{row.endpoint.replace('.', '/')}.html")
            wrong += [f"{row.endpoint}: {drawn}"] if named not in drawn else []
    assert not wrong, "\n".join(wrong)


def shown_to(site: Site, row: Row) -> list[tuple[str, str]]:
    """Some who get a page from a route, and where."""
    tries = list(tries_of(row, site.app, site.world))
    admitted = ((who, path) for who in SOME for specimen, path in tries if row.admits(who, specimen))
    return list(
        islice(((who, path) for who, path in admitted if site.client(who).get(path).status_code == 200), 3)
    )


def test_every_template_extends_base_or_is_a_part() -> None:
    for file in TEMPLATES.rglob("*.html"):
        is_part = file.name.startswith("_") or file.parent.name in {"_macros", "reports"}
        extends = re.search(r'{%-? extends "([^"]+)"', file.read_text(encoding="utf-8"))
        is_page = extends is not None and extends[1] in {"base.html", "errors/404.html"}
        assert is_part or is_page or file.name == "base.html", file
        assert not (is_part and is_page), file


def test_every_page_has_a_title_and_a_clients_tells_nothing(site: Site, who: str) -> None:
    for row in table().of("GET"):
        for specimen, path in tries_of(row, site.app, site.world):
            made = site.seen(who, path, f"{row.endpoint} {specimen}")
            if not made.is_page:
                continue
            title = re.search(r"<title>([^<]+)</title>", made.text)
            assert title, made
            is_staff = who in table().marks["staff"] and row.mark != "public"
            fine = re.fullmatch(r"[^·]{3,90} · Goldseam", title[1]) if is_staff else title[1] == "Notes"
            assert fine, (made.path, title[1])


# Columns


def columns() -> Iterator[tuple[str, type]]:
    """(table.column, its Python type)."""
    for mapper in Base.registry.mappers:
        for column in mapper.local_table.columns:  # type: ignore[attr-defined]
            yield f"{mapper.local_table.name}.{column.name}", column.type.python_type  # type: ignore[attr-defined]


def test_booleans_read_as_sentences() -> None:
    assert not [name for name, kind in columns() if kind is bool and not READS.match(name.partition(".")[2])]


def test_instants_and_local_dates_are_told_apart() -> None:
    assert not [
        name for name, kind in columns() if kind is datetime and not INSTANT.search(name.partition(".")[2])
    ]
    assert not [name for name, kind in columns() if kind is date and not name.endswith("_on")]


def test_sealed_columns_say_so() -> None:
    odd = [
        name
        for name, kind in columns()
        if kind is bytes and not name.endswith(("_sealed", ".wrapped", ".body"))
    ]
    assert not odd
