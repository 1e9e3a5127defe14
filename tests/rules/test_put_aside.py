"""What staff typed is never lost: an ended sign-in, an old tab, an error of ours; in every form that takes words.

The forms are read off every page that a person can get, so that a new one is tried without being named here.
"""

import pytest
from flask.testing import FlaskClient

from clinic.accounts.models import KeptForm
from clinic.extensions import db
from tests.rules.forms_on import FormOnPage, forms_on
from tests.rules.site import Site

CANARY = "canary that was typed at {}"
PASSWORDS = {"password"}
PROOFS = {"code", "answer"}
"""Boxes of the second step: as where a passphrase is asked, nothing of such a form is put aside."""


def forms_of(site: Site, who: str) -> dict[str, FormOnPage]:
    """One form of each kind that takes words, by the endpoint to which it goes."""
    match = site.app.url_map.bind("localhost").match
    found: dict[str, FormOnPage] = {}
    for made in site.sweep(who).answers:
        for form in forms_on(made.path, made.text) if made.is_page else []:
            takes_words = form.method == "post" and form.for_words and form.box("writer")
            if takes_words and not any(box.kind in PASSWORDS for box in form.boxes):
                found.setdefault(match(form.action.partition("?")[0], method="POST")[0], form)
    return found


def typed(form: FormOnPage) -> dict[str, str]:
    """Something in every box."""
    return {box.name: CANARY.format(number) for number, box in enumerate(form.for_words)}


def words_for(site: Site, who: str, page: str) -> str:
    """What somebody else finds at that screen."""
    browser = site.client(who)
    return "".join(browser.get(path).text for path in (page, "/accounts/put-aside", "/progress/today"))


def is_back(form: FormOnPage, page: str) -> bool:
    """True when everything that was typed stands in its box again."""
    again = [one for one in forms_on(form.page, page) if one.action == form.action]
    return any(
        all((box := one.box(name)) is not None and box.value == said for name, said in typed(form).items())
        for one in again
    )


def test_every_form_with_room_for_words_says_whose_it_is(site: Site, who: str) -> None:
    for made in site.sweep(who).answers:
        for form in forms_on(made.path, made.text) if made.is_page and who != "nobody" else []:
            asks_proof = any(box.kind in PASSWORDS or box.name in PROOFS for box in form.boxes)
            is_public = (
                form.action.startswith(("/accounts/sign-in", "/accounts/forgot", "/join/"))
                or "/release/" in form.action
            )
            if form.method == "post" and form.for_words and not asks_proof and not is_public:
                assert form.box("writer") is not None, f"{made.path} → {form.action}"


def signs_out(site: Site, browser: FlaskClient) -> None:
    browser.post("/accounts/sign-out")


def signed_in_anew(site: Site, browser: FlaskClient) -> None:
    """In another tab; the token of this page is from before."""


def leaves_it_to_another(site: Site, browser: FlaskClient) -> None:
    with browser.session_transaction() as session:
        session["_user_id"] = site.tokens["partner_a"]


CASES = [
    ("counselor", signs_out),
    ("counselor", signed_in_anew),
    ("counselor", leaves_it_to_another),
    ("owner", signs_out),
    ("supervisor", signs_out),
]


@pytest.mark.parametrize(("staff", "meanwhile"), CASES)
def test_what_was_typed_comes_back_to_its_writer_and_to_nobody_else(site: Site, staff, meanwhile) -> None:
    forms, was_there = forms_of(site, staff), site.world.ids["kept form counselor"]
    assert forms, f"{staff} has nothing to write"
    for endpoint, form in forms.items():
        browser = site.client(staff)
        drawn = forms_on(form.page, browser.get(form.page).text)
        shown = next(one for one in drawn if (one.action, one.method) == (form.action, "post"))
        meanwhile(site, browser)
        answer = browser.post(form.action, data=shown.sent(**typed(form)), forged=meanwhile is signed_in_anew)
        assert answer.status_code in {303, 400, 403}, endpoint
        assert "canary" not in answer.text, endpoint
        for other in ("nobody", "partner_a", "other_counselor", "supervisor"):
            assert other == staff or "canary" not in words_for(site, other, form.page), (endpoint, other)
        with site.app.app_context():
            kept = db.session.scalars(db.select(KeptForm).where(KeptForm.id != was_there)).all()
            assert [one.action for one in kept] == [form.action.partition("?")[0]], endpoint
        if meanwhile is signs_out:
            site.put_back_sign_ins()
        own = site.client(staff)
        assert is_back(form, own.get(form.page).text), endpoint
        assert all(said in own.get("/accounts/put-aside").text for said in typed(form).values()), endpoint
        site.put_back()
