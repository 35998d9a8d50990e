"""`loyalty keys` as people see it, and what a key can do then."""

from __future__ import annotations

import functions_framework
import pytest

from loyalty import app as composition


def add(loyalty, *words: str) -> str:
    return loyalty.run("keys", "add", *words).stdout.strip()


def status(loyalty, secret: str, method: str = "GET") -> int:
    """Call the member API with a key, as a till would once the server runs again."""
    with loyalty.rig() as rig:
        composition.use(composition.App(rig.shop))
        served = functions_framework.create_app("main", "functions/member_api/main.py")
        answer = served.test_client().open(
            "/v1/members/m_404", method=method, headers={"Authorization": f"Bearer {secret}"}
        )
        composition._APP.clear()
    return answer.status_code


def test_a_new_key_opens_the_member_api(changing):
    assert status(changing, add(changing, "till-3")) == 404


def test_a_revoked_key_is_refused(changing):
    secret = add(changing, "till-3")
    assert "Revoked till-3." in changing("keys", "revoke", "till-3")
    assert status(changing, secret) == 401


def test_a_key_may_do_no_more_than_its_scopes(changing):
    assert status(changing, add(changing, "kiosk", "--scopes", "members:write")) == 403


def test_the_key_itself_is_stored_nowhere(changing):
    secret = add(changing, "till-3")
    assert secret.encode() not in (changing.folder / "loyalty.db").read_bytes()


def test_keys_are_listed_by_name_without_the_key(changing):
    secret = add(
        changing, "till-3", "--scopes", "members:read", "--stores", "main", "--per-minute", "60"
    )
    said = changing("keys", "list")
    assert "till-3 members:read main 60" in said
    assert secret not in said


def test_no_key_is_told_as_none(loyalty):
    assert loyalty("keys", "list").startswith("There is no key yet.")


def test_a_name_is_given_once(changing):
    add(changing, "till-3")
    assert "There is a key till-3 already." in changing("keys", "add", "till-3", code=1)


def test_what_is_not_there_cannot_be_revoked(changing):
    assert "There is no key till-3." in changing("keys", "revoke", "till-3", code=1)


@pytest.mark.parametrize("scopes", ["members:burn", "", "members:read,"])
def test_a_scope_that_does_not_exist_is_refused(changing, scopes):
    assert "is no scope" in changing("keys", "add", "till-3", "--scopes", scopes, code=2)
