"""The whole story on real pages: from two names to a printed report, the partners on phones."""

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, Enter
from tests.browser.house import PASSPHRASE, House
from tests.browser.writing import send, write

NAMES = ("Mara", "Jonas")
SAID = "I read the messages twice, standing in the kitchen."


@dataclass
class Story:
    """The counselor at her desk, and the partners on their phones as they come in."""

    house: House
    enter: Enter
    desk: Page
    phones: dict[str, Page] = field(default_factory=dict)

    def go(self, name: str) -> None:
        """Press a button or follow a link of the desk by its words."""
        self.desk.get_by_role("button", name=name).or_(self.desk.get_by_role("link", name=name)).first.click()

    def prove(self) -> None:
        """Show once more who sits there: the last proof is older than five minutes."""
        self.desk.get_by_label("Your passphrase").fill(PASSPHRASE)
        self.go("Go on")

    # The beginning

    def create_the_couple(self) -> None:
        self.go("Caseload")
        self.go("Create the first couple")
        for place, name in zip(("First", "Second"), NAMES, strict=True):
            self.desk.get_by_label(f"{place} partner").fill(name)
        self.go("Create")
        expect(self.desk.get_by_role("heading", name="Mara & Jonas", level=1)).to_be_visible()

    def invite(self, name: str) -> None:
        self.go(f"Invite {name}")
        link = self.desk.get_by_label("Link", exact=True).input_value()
        secret = self.desk.locator("#digits ~ p b").inner_text()
        self.desk.get_by_role("link", name="Done").click()
        phone = self.phones[name] = self.enter(self.house, None)
        phone.goto(link)
        phone.get_by_label("six digits").fill(secret)
        phone.get_by_label("What we call you").fill(name)
        phone.get_by_label("A sign-in name").fill(name.lower())
        phone.get_by_label("A passphrase").fill(PASSPHRASE)
        phone.get_by_role("button", name="Join").click()
        for _ in range(3):
            phone.get_by_role("link", name="Go on").click()
        phone.get_by_role("button", name="I am ready").click()
        expect(phone.get_by_text("Your counselor is preparing your next step.")).to_be_visible()

    def confirm(self, name: str) -> None:
        self.desk.reload()
        self.go(f"It was {name}")
        expect(self.desk.get_by_text(f"{name} is confirmed.")).to_be_visible()

    def sign(self, name: str) -> None:
        """Both papers, alone, in their own account."""
        phone = self.phones[name]
        for title in ("Working together as a couple", "What one of you tells us alone"):
            phone.goto(f"{self.house.url}/consent/")
            phone.get_by_role("link", name=title).click()
            phone.get_by_role("link", name="Go on to sign it").click()
            phone.get_by_label("I have read this").check(force=True)
            phone.get_by_label("Your name").fill(name)
            phone.get_by_role("button", name="Sign it").click()
            expect(phone.get_by_text("Signed. Only you and your counselor can see that.")).to_be_visible()

    def clear(self) -> None:
        self.go("Clearance and papers")
        for place in (1, 2):
            side = self.desk.locator(f"section[aria-labelledby=side-{place}]")
            side.get_by_text("Decide on clearance").click()
            side.get_by_label("Joint work is all right").check(force=True)
            side.get_by_label("Why").fill("Talked with each alone; nobody is afraid.")
            side.get_by_role("button", name="Record", exact=True).click()
        expect(self.desk.get_by_text("Joint work is open")).to_be_visible()

    # Homework

    def give(self, title: str, *, to: str = "Both") -> None:
        self.go("Library")
        self.desk.get_by_role("link", name=title).first.click()
        self.desk.get_by_role("link", name=re.compile("Give")).first.click()
        if "/for/" in self.desk.url:
            self.go("Mara & Jonas")
        form = self.desk.locator("form.form")
        form.get_by_label("Why this, why now").fill("Because small steps are easier to keep.")
        form.get_by_role("radio", name=to, exact=True).first.check(force=True)
        writes = form.locator("input[name=first][value='1']")
        if writes.count():  # nothing says yet which of the two writes it
            writes.check(force=True)
        self.go("Give it")
        expect(self.desk.get_by_role("heading", name=title, level=1)).to_be_visible()

    def open_task(self, name: str, title: str) -> Page:
        phone = self.phones[name]
        phone.goto(f"{self.house.url}/progress/now")
        card = phone.locator(".now-card", has_text=title)
        link = card.locator("a.button") if card.count() else phone.get_by_role("link", name=title)
        link.first.click()
        return phone


def test_a_couple_from_two_names_to_a_printed_report(new_house: House, enter: Enter) -> None:
    story = Story(new_house, enter, enter(new_house, "ruth", **DESK))
    story.create_the_couple()
    for name in NAMES:
        story.invite(name)
        story.confirm(name)
        story.sign(name)
    story.clear()
    story.give("Weekly trust check-in")
    _both_answer_apart(story)
    _the_counselor_answers(story)
    story.give("Feelings and triggers log", to="Mara")
    write(story.open_task("Mara", "Feelings and triggers log"), "The message tone at night.")
    send(story.phones["Mara"])
    story.give("Impact statement")
    _a_release_with_its_hold(story)
    _a_report_for_both(story)


def _both_answer_apart(story: Story) -> None:
    """What is sealed opens when both have sent, and not before."""
    phone = story.open_task("Mara", "Weekly trust check-in")
    write(phone, "Mara kept her word on Tuesday.")
    send(phone)
    phone.goto(f"{story.house.url}/progress/ours")
    expect(phone.get_by_text("What you share will be here")).to_be_visible()
    phone = story.open_task("Jonas", "Weekly trust check-in")
    write(phone, "Jonas put the phone away at dinner.")
    send(phone)
    for phone in story.phones.values():
        phone.goto(f"{story.house.url}/progress/ours")
        for words in ("Mara kept her word on Tuesday.", "Jonas put the phone away at dinner."):
            expect(phone.get_by_text(words).first).to_be_visible()


def _the_counselor_answers(story: Story) -> None:
    story.go("Today")
    story.desk.locator(".worklist a").first.click()
    expect(story.desk.get_by_text("Mara kept her word on Tuesday.").first).to_be_visible()
    story.desk.get_by_text("Reply to one or both").click()
    reply = story.desk.locator("form", has=story.desk.get_by_role("button", name="Send the reply"))
    for name in NAMES:
        reply.get_by_role("checkbox", name=name).check(force=True)
    reply.locator("textarea").fill("You both looked for the other. Keep that.")
    reply.get_by_role("button", name="Send the reply").click()
    story.go("Mark as reviewed")
    phone = story.phones["Jonas"]
    phone.goto(f"{story.house.url}/progress/now")
    expect(phone.get_by_text("You both looked for the other.")).to_be_visible()


def _a_release_with_its_hold(story: Story) -> None:
    """Released words reach the other after ten minutes, and until then they can be called back."""
    phone = story.open_task("Mara", "First sitting")
    write(phone, SAID)
    send(phone)
    story.go("Today")
    story.desk.locator(".worklist", has_text="release").get_by_role("link").first.click()
    story.go("See what Jonas will see")
    expect(story.desk.get_by_text(SAID).first).to_be_visible()
    story.desk.locator("input[type=text]").last.fill("Jonas")
    story.go("Release to Jonas")
    expect(story.desk.get_by_role("button", name="Call it back")).to_be_visible()
    other = story.phones["Jonas"]
    other.goto(f"{story.house.url}/progress/ours")
    expect(other.get_by_text(SAID)).to_have_count(0)
    story.house.later(11)
    for _ in range(20):
        other.goto(f"{story.house.url}/progress/ours")
        if other.get_by_text(SAID).count():
            break
        other.wait_for_timeout(500)
    expect(other.get_by_text(SAID).first).to_be_visible()


def _a_report_for_both(story: Story) -> None:
    """Asked for, printed by the background, shown as pages."""
    story.go("Caseload")
    story.go("Mara & Jonas")
    story.go("Make a report")
    story.desk.get_by_label("In your words").fill("They have begun, and both keep coming.")
    story.go("Make it")
    story.prove()
    link = story.desk.locator("a[href$='/pages'], a[href*='/pages?']").first
    expect(link).to_be_visible(timeout=60_000)
    answer = story.desk.request.get(f"{story.house.url}{link.get_attribute('href')}")
    assert answer.status == 200
    assert answer.body().startswith(b"%PDF-")
    assert story.desk.locator("object, iframe, embed").count() == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_visitor_with_a_used_link_learns_nothing(new_house: House, enter: Enter, name: str) -> None:
    page = enter(new_house, None)
    page.goto(f"{new_house.url}/join/{name}-is-no-token")
    expect(page.get_by_text(name)).to_have_count(0)
