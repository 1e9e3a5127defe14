"""How a test fills in whatever an exercise asks, as a person would: one page after the other, then the last look."""

import re
from collections.abc import Iterable

from playwright.sync_api import Locator, Page, expect

TEXT = "We stopped at the signal, and after twenty minutes we both came back to the table."


def write(page: Page, text: str = TEXT) -> None:
    """From the first question to the last look."""
    for _ in range(40):
        fill(page, text)
        page.locator("#writing .stack button").first.click()
        page.wait_for_load_state()
        if "/before" in page.url:
            return
    raise AssertionError(f"no last look is reached from {page.url}")


def fill(page: Page, text: str = TEXT) -> None:
    """Answer what this page asks and has no answer yet."""
    form = page.locator("#writing")
    for name in _names(form.locator("input[type=radio]")):
        group = form.locator(f"input[type=radio][name='{name}']")
        if group.and_(page.locator(":checked")).count() == 0:
            _pick(group)
    for name in _names(form.locator(".question input[type=checkbox]:not(.tick)")):
        group = form.locator(f"input[type=checkbox][name='{name}']")
        if group.and_(page.locator(":checked")).count() == 0:
            group.first.evaluate("one => one.closest('details')?.setAttribute('open', '')")
            group.first.check(force=True)
    for box in form.locator(".question textarea, .question input[type=text]").all():
        if box.is_visible() and not box.input_value():
            box.fill("2" if box.get_attribute("inputmode") == "decimal" else text)
    for box in form.locator(".question input[type=date]").all():
        if not box.input_value():
            box.fill(page.evaluate("new Date().toISOString().slice(0, 10)"))


def _names(inputs: Locator) -> Iterable[str]:
    return dict.fromkeys(one.get_attribute("name") or "" for one in inputs.all())


def _pick(group: Locator) -> None:
    """Six on a scale; of words the first that is not a cry for help."""
    values = [one.get_attribute("value") or "" for one in group.all()]
    wanted = next(
        (value for value in ("6", "yes", "steady", "safe", "ok", "ready") if value in values), values[0]
    )
    group.nth(values.index(wanted)).check(force=True)


def send(page: Page) -> None:
    """The last look: the widest choices, then send."""
    for label in ("Yes", "As it says above"):
        choice = page.get_by_label(re.compile(f"^{label}"))
        if choice.count():
            choice.first.check(force=True)
    page.get_by_role("button", name=re.compile("^(Send it|Propose it)")).click()
    done = page.get_by_role("heading", name="Your part is done")
    expect(done.or_(page.get_by_role("heading", name="Your entries so far"))).to_be_visible()
