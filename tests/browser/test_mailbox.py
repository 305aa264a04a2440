"""The mailbox in a real browser: reading, accepting, correcting, reassigning, answering; hostile mail stays words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from chalicelib.domain.debtor_file import Contact, PromiseState
from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.settle_mail import examples
from chalicelib.ports import MailRecord
from tests.browser.conftest import PHONE
from tests.browser.ground import Ground
from tests.browser.look import assert_fits, assert_quiet
from tests.sample import case, file_of

Visit = Callable[..., Page]
Look = Callable[[Page], None]

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
WORDS = (
    "Bonjour,\n\nLe virement de la facture {number} partira le {day}. Pour le reste, la quantité livrée ne correspond "
    "pas au bon de commande : qui peut me rappeler ?\n\nCordialement,\nPaul Morel"
)


def debtor(ground: Ground, id_: str, **facts: str) -> str:
    """A debtor of one's own with two late invoices; its domain."""
    domain = f"{id_.lower()}.example"
    due = (datetime.now(UTC) - timedelta(days=20)).date().isoformat()
    contact = Contact(id="payer", name="Paul Morel", email=f"paul@{domain}", phone="+33 1 00 00 00 00")
    file = file_of(
        case(f"{id_}-1", due, "1200.00"), case(f"{id_}-2", due, "84.50"), contact=contact, id=id_,
        **{"name": f"Garage {id_}", **facts},
    )  # fmt: skip
    ground.program.put(file, datetime.now(UTC) - timedelta(days=5))
    return domain


def deliver(
    ground: Ground, sender: str, words: str, *, subject: str = "Re: votre facture", file: tuple[str, str] | None = None,
    name: str = "", vouched: bool = True,
) -> str:  # fmt: skip
    """Put a mail into the archive and let it be read, as the collector and its queue do; its id."""
    now = datetime.now(UTC)
    message = EmailMessage()
    if vouched:
        domain = sender.rpartition("@")[2]
        message["Authentication-Results"] = f"mx.verre-clair.example; dmarc=pass header.from={domain}"
    message["From"] = f"{name} <{sender}>" if name else sender
    message["To"], message["Subject"] = "compta@verre-clair.example", subject
    message["Date"], message["Message-ID"] = (
        now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        f"<{now.timestamp()}@x.example>",
    )
    message.set_content(words)
    if file:
        message.add_attachment(file[1].encode(), maintype="application", subtype="octet-stream", filename=file[0])
    raw = message.as_bytes()
    id_ = hashlib.sha256(raw).hexdigest()
    parts = ground.program.parts
    parts.archive.put(f"mail/{id_}.eml", raw, content_type="message/rfc822")
    parts.mail_log.record(
        MailRecord(
            id=id_, mailbox="compta@verre-clair.example", folder="INBOX", uid_validity=1, uid=1, size=len(raw),
            received_at=now, collected_at=now, archive=f"mail/{id_}.eml",
        )
    )  # fmt: skip
    apply_reply(parts, id_, at=now)
    return id_


def in_days(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


@pytest.mark.parametrize(("language", "accept"), [("fr", "Accepter"), ("en", "Accept")])
def test_what_was_read_is_accepted_with_a_key(
    visit: Visit, ground: Ground, assert_accessible: Look, language: str, accept: str
) -> None:
    id_ = f"MBA{language.upper()}"
    sender = f"paul@{debtor(ground, id_)}"
    words = WORDS.format(number=f"{id_}-1", day=f"{in_days(9):%d/%m/%Y}")
    mail = deliver(ground, sender, words, subject=f"Facture {id_}", file=("bon.txt", "12 verres"), vouched=False)
    page = visit("collector", language, path="/ops/mailbox")
    page.get_by_role("link", name=f"Facture {id_}").click()
    expect(page.locator("mark").first).to_be_visible()
    assert_accessible(page)
    expect(page.get_by_role("button", name=accept)).to_be_visible()
    page.locator("body").press("a")
    expect(page.get_by_role("status")).to_be_visible()
    page.wait_for_url("**/ops/mailbox*")
    assert [p.mail for p in ground.program.file(id_).promises.values() if p.state is PromiseState.OPEN] == [mail]
    assert_quiet(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_correction_is_applied_and_teaches(
    visit: Visit, ground: Ground, assert_accessible: Look, language: str
) -> None:
    id_ = f"MBC{language.upper()}"
    sender = f"paul@{debtor(ground, id_)}"
    mail = deliver(ground, sender, f"Bonjour, quelle est votre adresse de livraison ? {id_}", subject=f"Question {id_}")
    page = visit("collector", language, path=f"/ops/mailbox/{mail}")
    page.locator("body").press("c")
    page.locator("input[name=intents][value=promise_to_pay]").check()
    page.locator("input[name=promise_on]").fill(f"{in_days(-3):%Y-%m-%d}")
    page.locator("input[name=note]").fill("au téléphone")
    page.locator("#correct button.main").click()
    expect(page.locator(".error")).to_be_visible()
    assert page.locator("input[name=note]").input_value() == "au téléphone", "what was typed is not lost"
    assert_accessible(page)
    page.locator("input[name=promise_on]").fill(f"{in_days(6):%Y-%m-%d}")
    page.locator(f"input[name='numbers:promise_to_pay'][value='{id_}-2']").check()
    page.locator("#correct button.main").click()
    page.wait_for_url("**/ops/mailbox")
    (promise,) = ground.program.file(id_).promises.values()
    assert (promise.numbers, promise.pay_on) == ((f"{id_}-2",), in_days(6).date())
    assert any(id_ in line for line in examples(ground.program.parts))
    assert [entry.who for entry in ground.program.store.journal(id_)][-1] == ground.someone("collector").email


def test_a_mail_of_nobody_gets_its_debtor(visit: Visit, ground: Ground, assert_accessible: Look) -> None:
    debtor(ground, "MBR")
    mail = deliver(ground, "someone@nowhere.example", "Nous payons la facture bientôt.", subject="Bonjour MBR")
    page = visit("collector", "en", path="/ops/mailbox?shelf=unmatched")
    page.get_by_role("link", name="Bonjour MBR").click()
    page.get_by_label("Another debtor").fill("MBR-1")
    page.get_by_role("button", name="Find").click()
    assert_accessible(page)
    page.get_by_role("button", name="It is theirs").click()
    expect(page.get_by_role("status")).to_contain_text("Reassigned")
    record = ground.program.parts.mail_log.get(mail)
    assert record is not None
    assert record.debtor_id == "MBR"
    assert_quiet(page)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_an_answer_is_previewed_then_ordered(
    visit: Visit, ground: Ground, assert_accessible: Look, language: str
) -> None:
    id_ = f"MBW{language.upper()}"
    mail = deliver(ground, f"paul@{debtor(ground, id_)}", f"Qui est votre comptable ? {id_}", subject=f"Qui {id_}")
    page = visit("collector", language, path=f"/ops/mailbox/{mail}/answer")
    page.locator("textarea").fill("C’est moi-même.")
    page.locator("button[value=preview]").click()
    expect(page.locator(".words").first).to_contain_text("C’est moi-même.")
    assert_accessible(page)
    page.locator("button[value=send]").click()
    page.wait_for_url("**/ops/mailbox*")
    (order,) = ground.program.file(id_).orders.values()
    assert [fact.text for fact in order.facts] == ["C’est moi-même."]
    assert_quiet(page)


def test_hostile_mail_is_shown_as_words_and_runs_nowhere(visit: Visit, ground: Ground, assert_accessible: Look) -> None:
    domain = debtor(ground, "MBX", name=f"Garage {SCRIPT}")
    mail = deliver(
        ground, f"paul@{domain}", f"Facture MBX-1 : {SCRIPT} payée. Qui me rappelle ?", subject=f"Re: {SCRIPT}",
        name='"<script>alert(1)</script>"', file=("<img src=x onerror=alert(1)>.svg", "<svg onload=alert(1)>"),
    )  # fmt: skip
    for path in ("/ops/mailbox?shelf=all", f"/ops/mailbox/{mail}", f"/ops/mailbox/{mail}/answer"):
        page = visit("collector", "en", path=path)
        expect(page.get_by_role("main")).to_contain_text("<script>document.title")
        assert page.title() != "owned"
        assert page.locator("main script, main img[src=x]").count() == 0
        assert_accessible(page)
        assert_quiet(page)


def test_files_and_the_original_are_downloads_from_the_archive(visit: Visit, ground: Ground) -> None:
    mail = deliver(
        ground, f"paul@{debtor(ground, 'MBD')}", "Voici le bon. Qui me rappelle ?", subject="Bon MBD",
        file=("bon é.html", "<script>alert(1)</script>"),
    )  # fmt: skip
    page = visit("viewer", "en", path=f"/ops/mailbox/{mail}")
    with page.expect_download() as begun:
        page.get_by_role("link", name="bon é.html").click()
    assert begun.value.suggested_filename == "bon é.html"
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download the original").click()
    assert begun.value.suggested_filename == f"mail-{mail[:12]}.eml"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_mailbox_fits_a_phone(visit: Visit, ground: Ground, assert_accessible: Look, language: str) -> None:
    id_ = f"MBP{language.upper()}"
    words = WORDS.format(number=f"{id_}-1", day=f"{in_days(9):%d/%m/%Y}")
    mail = deliver(ground, f"paul@{debtor(ground, id_)}", words, subject=f"Facture {id_}")
    for path in ("/ops/mailbox", f"/ops/mailbox/{mail}", f"/ops/mailbox/{mail}#correct", f"/ops/mailbox/{mail}/answer"):
        page = visit("collector", language, path=path, viewport=PHONE)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert_fits(page)
        assert_accessible(page)
