"""SendGrid takes mail as its schema says, fills templates in, and keeps its lists."""

from copy import deepcopy
from datetime import timedelta

import pytest
import requests
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Asm, Category, CustomArg, GroupId, Mail, To

TEMPLATE = "d-00000000000000000000000000000001"


def test_a_good_mail_is_202_with_an_empty_body_and_a_message_id(mail, mail_body, sandbox):
    answer = mail(mail_body)

    assert (answer.status_code, answer.content) == (202, b"")
    (kept,) = sandbox.outbox
    assert kept.id == answer.headers["X-Message-Id"]
    assert (kept.channel, kept.to, kept.subject) == (
        "email",
        "pat@example.com",
        "Your coffee is on us",
    )
    assert kept.text == "Come by & enjoy"
    assert kept.sender == "Shop Club <club@regulars.example>"


def test_the_vendors_own_library_sends_a_template(sandbox):
    sandbox.sendgrid.templates[TEMPLATE] = (
        "Subject: {{ guest.name }}, {{points}} points\n\n<p>Hi {{guest.name}}{{missing}}!</p>"
    )
    letter = Mail(from_email=sandbox.secrets.sendgrid_from_email, to_emails=To("pat@example.com"))
    letter.template_id = TEMPLATE
    letter.dynamic_template_data = {"guest": {"name": "Pat & Co"}, "points": 120}
    letter.add_custom_arg(CustomArg("delivery_id", "d-42", p=0))
    letter.add_category(Category("loyalty"))
    letter.asm = Asm(GroupId(1001))
    key = sandbox.secrets.sendgrid_api_key
    client = SendGridAPIClient(key, host=f"{sandbox.url}/sendgrid")

    assert client.send(letter).status_code == 202
    (kept,) = sandbox.outbox
    assert kept.subject == "Pat & Co, 120 points"
    assert kept.html == "<p>Hi Pat &amp; Co!</p>"
    assert kept.text == "Hi Pat & Co!"
    assert kept.details["custom_args"] == {"delivery_id": "d-42"}


REQUIRED = {
    "personalizations": (["personalizations"], "personalizations"),
    "to": (["personalizations", 0, "to"], "personalizations.0.to"),
    "to.email": (["personalizations", 0, "to", 0, "email"], "personalizations.0.to.0.email"),
    "from": (["from"], "from"),
    "from.email": (["from", "email"], "from.email"),
    "subject": (["subject"], "subject"),
    "content": (["content"], "content"),
    "content.type": (["content", 0, "type"], "content.0.type"),
    "content.value": (["content", 0, "value"], "content.0.value"),
    "asm.group_id": (["asm", "group_id"], "asm.group_id"),
    "attachment.content": (["attachments", 0, "content"], "attachments.0.content"),
    "attachment.filename": (["attachments", 0, "filename"], "attachments.0.filename"),
}


@pytest.mark.parametrize(("path", "field"), REQUIRED.values(), ids=REQUIRED)
def test_a_mail_without_a_required_field_is_refused_by_its_name(
    mail, mail_body, sandbox, path, field
):
    mail_body["asm"] = {"group_id": 1001}
    mail_body["attachments"] = [{"content": "aGk=", "filename": "hi.txt"}]
    assert mail(mail_body).status_code == 202
    sandbox.reset()
    inside = mail_body
    for step in path[:-1]:
        inside = inside[step]
    del inside[path[-1]]

    answer = mail(mail_body)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert sandbox.outbox == []
    assert len(sandbox.requests.refused("sendgrid")) == 1


def changed(body, **changes):
    return deepcopy(body) | changes


def envelope(**extra):
    return {"personalizations": [{"to": [{"email": "pat@example.com"}], **extra}]}


WRONG = {
    "an address that is none": (
        {"personalizations": [{"to": [{"email": "pat at home"}]}]},
        "personalizations.0.to.0.email",
    ),
    "nobody": ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
    "a recipient in a list too few": (
        {"personalizations": [{"to": {"email": "pat@example.com"}}]},
        "personalizations.0.to",
    ),
    "an address twice": (envelope(bcc=[{"email": "PAT@example.com"}]), "personalizations.0"),
    "1001 recipients": (
        {"personalizations": [{"to": [{"email": f"p{n}@example.com"}]} for n in range(1001)]},
        "personalizations",
    ),
    "an unknown field": ({"reply-to": {"email": "x@example.com"}}, "reply-to"),
    "an unknown field inside": (envelope(template_data={}), "personalizations.0.template_data"),
    "HTML before plain text": (
        {
            "content": [
                {"type": "text/html", "value": "<p>x</p>"},
                {"type": "text/plain", "value": "x"},
            ]
        },
        "content",
    ),
    "empty content": ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
    "two ways to reply": (
        {"reply_to": {"email": "a@example.com"}, "reply_to_list": [{"email": "b@example.com"}]},
        "reply_to_list",
    ),
    "a number as custom argument": (
        envelope(custom_args={"n": 1}),
        "personalizations.0.custom_args.n",
    ),
    "10001 bytes of arguments": (
        envelope(custom_args={"n": "x" * 10_000}),
        "personalizations.0.custom_args",
    ),
    "eleven categories": ({"categories": [str(n) for n in range(11)]}, "categories"),
    "a long category": ({"categories": ["x" * 256]}, "categories.0"),
    "a template nobody made": ({"template_id": TEMPLATE}, "template_id"),
    "a template id that is none": ({"template_id": "welcome"}, "template_id"),
    "a group nobody made": ({"asm": {"group_id": 7}}, "asm.group_id"),
    "26 groups to display": (
        {"asm": {"group_id": 1001, "groups_to_display": [1001] * 26}},
        "asm.groups_to_display",
    ),
    "an attachment that is not base64": (
        {"attachments": [{"content": "hi!", "filename": "hi"}]},
        "attachments.0.content",
    ),
    "a reserved header": (envelope(headers={"Subject": "x"}), "personalizations.0.headers"),
    "a switch in words": (
        {"mail_settings": {"sandbox_mode": {"enable": "true"}}},
        "mail_settings.sandbox_mode.enable",
    ),
}


@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG)
def test_a_mail_that_breaks_a_rule_is_refused_with_the_field(
    mail, mail_body, sandbox, changes, field
):
    answer = mail(changed(mail_body, **changes))

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["errors"][0].keys() == {"message", "field", "help"}
    assert sandbox.outbox == []


def test_a_send_time_beyond_72_hours_is_refused(mail, mail_body, clock):
    late = int((clock() + timedelta(hours=72, seconds=1)).timestamp())

    assert mail(changed(mail_body, send_at=late)).status_code == 400
    assert mail(changed(mail_body, send_at=late - 1)).status_code == 202


def test_a_stranger_an_unverified_sender_and_a_narrow_key_are_refused(mail, mail_body, sandbox):
    assert mail(mail_body, key="SG.wrong").status_code == 401
    assert mail(changed(mail_body, **{"from": {"email": "boss@bank.example"}})).status_code == 403
    sandbox.sendgrid.scopes.remove("mail.send")
    assert mail(mail_body).status_code == 403
    assert sandbox.outbox == []
    assert [seen.status for seen in sandbox.requests.refused("sendgrid")] == [401, 403, 403]


def test_a_body_that_is_not_json_is_415_and_broken_json_400(sandbox):
    for kind, body, status in (("text/plain", "{}", 415), ("application/json", "{", 400)):
        answer = requests.post(
            f"{sandbox.url}/sendgrid/v3/mail/send",
            data=body,
            headers={
                "Authorization": f"Bearer {sandbox.secrets.sendgrid_api_key}",
                "Content-Type": kind,
            },
            timeout=5,
        )
        assert answer.status_code == status


def test_sandbox_mode_checks_everything_and_sends_nothing(mail, mail_body, sandbox):
    body = changed(mail_body, mail_settings={"sandbox_mode": {"enable": True}})

    assert mail(body).status_code == 200
    assert sandbox.outbox == []


@pytest.fixture
def ask(sandbox):
    def call(method, path, body=None):
        answer = requests.request(
            method,
            f"{sandbox.url}/sendgrid/v3{path}",
            json=body,
            headers={"Authorization": f"Bearer {sandbox.secrets.sendgrid_api_key}"},
            timeout=5,
        )
        return answer.status_code, answer.json() if answer.content else None

    return call


def test_a_key_can_be_asked_for_its_scopes(ask):
    status, body = ask("GET", "/scopes")

    assert status == 200
    assert "mail.send" in body["scopes"]


def test_people_can_be_put_on_a_groups_list_found_there_and_taken_off(ask):
    pat = {"recipient_emails": ["pat@example.com"]}

    assert ask("POST", "/asm/groups/1001/suppressions", pat) == (201, pat)
    assert ask("GET", "/asm/groups/1001/suppressions") == (200, ["pat@example.com"])
    both = {"recipient_emails": ["pat@example.com", "kim@example.com"]}
    assert ask("POST", "/asm/groups/1001/suppressions/search", both) == (200, ["pat@example.com"])
    assert ask("GET", "/asm/suppressions/pat@example.com")[1]["suppressions"][0]["suppressed"]
    assert ask("GET", "/asm/groups")[1][0]["unsubscribes"] == 1
    assert ask("DELETE", "/asm/groups/1001/suppressions/pat@example.com") == (204, None)
    assert ask("GET", "/asm/groups/1001/suppressions") == (200, [])
    assert ask("POST", "/asm/groups/1001/suppressions", {})[0] == 400


def test_an_unknown_group_means_the_global_list(ask):
    pat = {"recipient_emails": ["pat@example.com"]}
    assert ask("GET", "/asm/suppressions/global/pat@example.com") == (200, {})

    assert ask("POST", "/asm/groups/77/suppressions", pat)[0] == 201

    found = {"recipient_email": "pat@example.com"}
    assert ask("GET", "/asm/suppressions/global/pat@example.com") == (200, found)
    assert ask("GET", "/suppression/unsubscribes")[1][0]["email"] == "pat@example.com"
    assert ask("DELETE", "/asm/suppressions/global/pat@example.com") == (204, None)


def test_groups_can_be_opened_and_batches_numbered(ask):
    assert ask("POST", "/asm/groups", {"name": "Birthdays", "description": "Cake"}) == (
        201,
        {"id": 1002, "name": "Birthdays", "description": "Cake", "is_default": False},
    )
    assert ask("POST", "/asm/groups", {"name": "Birthdays"})[0] == 400
    assert ask("POST", "/mail/batch")[0] == 201
    assert ask("GET", "/nothing/here")[0] == 404
