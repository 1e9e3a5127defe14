"""The path of a request at its edges: names that are not ours."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from clinic.app import HEADERS


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a b", "[::1"])
@pytest.mark.parametrize("path", ["/", "/accounts/sign-in", "/static/site.css", "/nowhere"])
def test_a_name_that_is_not_ours_gets_a_plain_400_with_all_our_headers(
    client_for: Callable[[str], FlaskClient], nobody: FlaskClient, host: str, path: str
) -> None:
    for client in (nobody, client_for("partner_a")):
        for answer in (client.get(path, headers={"Host": host}), client.post(path, headers={"Host": host})):
            assert answer.status_code == 400
            assert set(HEADERS.items()) <= set(answer.headers.items())
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Location" not in answer.headers
            assert len(answer.data) < 100
            assert host not in answer.text or not host
