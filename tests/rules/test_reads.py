"""A GET writes nothing but the trail and the sign-in's last use, whoever asks for what."""

from tests.rules.site import Site
from tests.rules.visits import visit


def test_a_get_writes_only_the_trail_and_the_last_use(site: Site, who: str) -> None:
    wrong = [f"{made}: {made.changed}" for made in site.sweep(who).answers if made.changed]
    assert not wrong, "\n".join(wrong)


def test_after_all_gets_every_table_is_as_it_was(site: Site, who: str) -> None:
    assert site.sweep(who).after == site.sweep(who).before


def test_a_get_by_somebody_leaves_a_line_when_words_were_opened(site: Site) -> None:
    path = f"/progress/ours/{site.world.ids['round checkin 1']}"
    made = visit(site.app, site.client("partner_a"), "partner_a", "GET", path)
    assert "opened, of b" in [one.label for one in site.world.canaries if one.token in made.text]
    assert made.writes.count("audit_event") == 1


def test_a_head_is_no_way_around(site: Site) -> None:
    for who in ("partner_a", "nobody"):
        path = f"/reflections/{site.world.ids['turn checkin 2 pulse partner_b']}"
        assert site.client(who).head(path).status_code in {303, 404}
        assert site.client(who).options(path).status_code in {200, 303, 404}
