"""The pages show what guests and staff read, to anybody, safely, without scripts."""

import re
import runpy
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import requests
from infra import sandbox as package

PAT = "+15005550001"
NASTY = "<script>alert('1 & 2')</script>\n  two  spaces"


class Reader(HTMLParser):
    """Collects a page's tags, and the words inside chosen ones."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.words = []
        self._depth = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if dict(attrs).get("class") in ("bubble", "words"):
            self._depth = tag
            self.words.append("")

    def handle_endtag(self, tag):
        if tag == self._depth:
            self._depth = False

    def handle_data(self, data):
        if self._depth:
            self.words[-1] += data


@pytest.fixture
def page(sandbox):
    def get(path, status=200):
        answer = requests.get(sandbox.url + path, timeout=5)
        assert answer.status_code == status
        return answer.text

    return get


def test_a_phone_shows_every_text_exactly_newest_last(text, sandbox, page):
    text(Body="Welcome, you have 0 points.")
    text(Body=NASTY)
    sandbox.twilio.inbound(PAT, "STOP")

    for path in ("/phones", f"/phones/{PAT}", "/phones/%2B15005550001"):
        said = Reader(page(path)).words
        assert said[:3] == ["Welcome, you have 0 points.", NASTY, "STOP"]
        assert said[3].startswith("You have successfully been unsubscribed")
    assert "<script" not in page("/phones")


def test_a_text_that_never_arrived_is_marked(text, sandbox, page):
    sandbox.twilio.outcomes[PAT] = ("undelivered", 30003)
    text()
    assert sandbox.settle()

    assert "undelivered" in page("/phones")
    assert 'class=" lost"' in page("/phones")


def test_a_guest_can_answer_from_the_page(text, sandbox):
    text()

    answer = requests.post(
        f"{sandbox.url}/phones/{PAT}",
        data={"body": "STOP"},
        headers={"Origin": sandbox.url},
        timeout=5,
    )

    assert Reader(answer.text).words[1] == "STOP"
    assert text().json()["code"] == 21610


def test_another_site_cannot_answer_for_a_guest(text, sandbox):
    text()

    answer = requests.post(
        f"{sandbox.url}/phones/{PAT}",
        data={"body": "STOP"},
        headers={"Origin": "https://elsewhere.example"},
        timeout=5,
    )

    assert answer.status_code == 403
    assert text().status_code == 201


def test_a_request_under_another_name_is_misdirected(sandbox):
    answer = requests.get(sandbox.url, headers={"Host": "rebound.example"}, timeout=5)

    assert answer.status_code == 421


def test_mail_is_listed_newest_first_and_opens_with_its_html_locked_in(
    mail, mail_body, sandbox, page
):
    mail(mail_body)
    mail(mail_body | {"subject": "Second <b>", "content": [{"type": "text/plain", "value": NASTY}]})
    assert sandbox.settle()

    inbox = page("/mail")
    assert inbox.index("Second &lt;b&gt;") < inbox.index("Your coffee is on us")
    frames = [attrs for tag, attrs in Reader(page("/mail/0")).tags if tag == "iframe"]
    assert [(f["sandbox"], f["srcdoc"]) for f in frames] == [("", "<p>Come by &amp; enjoy</p>")]
    assert Reader(page("/mail/1")).words == [NASTY]
    page("/mail/2", status=404)


def test_the_staffs_channel_shows_notices_as_staff_read_them(notice, page):
    notice({"text": "3 failed &lt;r9&gt; &amp; more"})

    assert Reader(page("/staff")).words == ["3 failed <r9> & more"]


@pytest.fixture
def busy(text, mail, mail_body, notice, sandbox):
    text()
    mail(mail_body)
    notice({"text": "hello"})
    assert sandbox.settle()


PAGES = ["/", "/phones", f"/phones/{PAT}", "/mail", "/mail/0", "/cards", "/staff"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("busy")
def test_every_page_is_plain_html_that_renews_itself_and_can_stand_still(page, sandbox, path):
    live, still = page(path), page(f"{path}?live=off")

    tags = Reader(live).tags
    assert not any(tag in ("script", "link", "img") for tag, _ in tags)
    assert not any(name.startswith("on") for _, attrs in tags for name in attrs)
    links = [attrs["href"] for tag, attrs in tags if tag == "a"]
    assert all(link.startswith(("/", "#", "?")) for link in links)
    assert ("html", {"lang": "en"}) in tags
    assert len([tag for tag, _ in tags if tag == "main"]) == 1
    assert len([tag for tag, _ in tags if tag == "h1"]) == 1
    assert 'http-equiv="refresh"' in live
    assert 'http-equiv="refresh"' not in still
    policy = requests.get(sandbox.url + path, timeout=5).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")


def test_the_first_page_counts_requests_refusals_and_faults(text, sandbox, page):
    text()
    text(To=None)
    sandbox.fault("twilio", "slow")

    row = re.search(r"Twilio</a>.*?</tr>", page("/"), re.DOTALL).group()

    assert re.findall(r'class="n">(\d+)<', row) == ["2", "1", "1"]


def test_the_sandbox_knows_nothing_of_the_product():
    for source in Path(package.__file__).parent.glob("*.py"):
        assert not re.search(r"^\s*(from|import) loyalty\b", source.read_text(), re.MULTILINE)


def test_it_runs_alone_and_explains_itself(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sandbox", "--help"])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("infra.sandbox", run_name="__main__")

    assert ended.value.code == 0
    assert "--port" in capsys.readouterr().out
