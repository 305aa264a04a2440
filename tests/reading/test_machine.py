"""Mail of machines, beside the corpus: other people's bounces, absences in six languages, gates."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chalicelib.reading import Context, parse, read
from chalicelib.reading.machine import return_on
from tests.parts.samples import samples_of
from tests.reading.reading_of import context, mail, said

# In that collection, but no bounce: a reservation, an auto-reply, a held list posting.
NO_BOUNCE = {"groupwise_03.txt", "qmail_08.txt", "simple_20.txt"}


@pytest.fixture(scope="session")
def bounces() -> list[Path]:
    """The samples inside the source package of flufl.bounce, fetched once by pip."""
    where = samples_of("flufl.bounce", "6.0.0") / "tests" / "data"
    return sorted(where.glob("*.txt"))


def test_bounces_of_many_servers_are_recognised(bounces: list[Path]) -> None:
    real = [path for path in bounces if path.name not in NO_BOUNCE]
    missed = [path.name for path in real if read(parse(path.read_bytes()), Context()).kind != "bounce"]
    assert len(real) > 100
    assert len(missed) <= 0.05 * len(real), missed


def _report(action: str, status: str, diagnostic: str = "smtp; 550 no such user") -> bytes:
    return f"""From: MAILER-DAEMON@mx.us.example
To: compta@us.example
Subject: Undelivered Mail
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

See below.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.us.example

Final-Recipient: rfc822; marie@client.example
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}
--b--
""".encode()


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "kind", "permanent"),
    [
        ("failed", "5.1.1", "smtp; 550 5.1.1 user unknown", "bounce", True),
        ("failed", "5.2.2", "smtp; 552 mailbox full", "bounce", False),
        ("failed", "5.7.1", "smtp; 554 blocked using rbl.example", "bounce", False),
        ("delayed", "4.4.1", "smtp; connection timed out", "bounce", False),
        ("relayed", "2.0.0", "smtp; 250 ok", "receipt", None),
    ],
)
def test_a_delivery_report_says_whether_the_address_is_dead(
    action: str, status: str, diagnostic: str, kind: str, permanent: bool | None
) -> None:
    reading = read(parse(_report(action, status, diagnostic)), context())
    assert reading.kind == kind
    if permanent is not None:
        assert reading.bounce is not None
        assert reading.bounce.recipient == "marie@client.example"
        assert reading.bounce.permanent is permanent
        assert reading.account_id == "A"


def test_our_own_server_refused_goes_to_a_person() -> None:
    reading = read(parse(_report("failed", "5.7.1", "smtp; 554 blocked using rbl.example")), context())
    assert (reading.decision, reading.reason) == ("review", "server-blocked")


@pytest.mark.parametrize(
    ("words", "back", "certain"),
    [
        ("Je suis absent jusqu'au vendredi 4 décembre inclus.", "2026-12-07", True),
        ("De retour le lundi 7 décembre.", "2026-12-07", True),
        ("I am on leave from 25 to 27 November, back on Monday 30 November.", "2026-11-30", True),
        (
            "Ich bin bis einschließlich Freitag, 04.12.2026 nicht im Haus; ab Montag, dem 07.12., wieder.",
            "2026-12-07",
            True,
        ),
        ("Estoy de vacaciones, vuelvo el 7 de diciembre.", "2026-12-07", True),
        ("Sono in ferie, rientro il 7 dicembre.", "2026-12-07", True),
        ("Ik ben met vakantie, maandag 7 december weer bereikbaar.", "2026-12-07", True),
        ("I am out until Wednesday 2 December.", "2026-12-03", False),
        ("I'm next in on Thursday 26th November. I only work Tuesdays and Thursdays.", "2026-11-26", True),
        ("On leave up to and including Tuesday 1st December, back Wednesday.", "2026-12-02", True),
        ("Away for the rest of this week, I will pick up emails again on Monday.", "2026-11-30", True),
        ("Maître ne pourra prendre connaissance de votre message que vendredi 27.", "2026-11-27", True),
        ("Ik ben met vakantie. Maandag 30 november ben ik er weer.", "2026-11-30", True),
        ("Cerramos por reforma. Volvemos el 7 de diciembre.", "2026-12-07", True),
        ("Lo studio riaprirà il 4 dicembre.", "2026-12-04", True),
        ("Estou fora, regresso a 7 de dezembro.", "2026-12-07", True),
        ("Je suis absent jusqu'au 15 décembre et reprends le mercredi 16.", "2026-12-16", True),
        ("Je suis absent jusqu'au 15 décembre, retour le 16.", "2026-12-16", True),
        ("Je ne suis là que le mardi et le jeudi, absent cette semaine. Retour mardi 1er.", "2026-12-01", True),
        ("I don't work Fridays and Mondays. I will next be at my desk on Tuesday 1 December.", "2026-12-01", True),
        ("Off this Friday as well. I'll answer on Tuesday 1 December.", "2026-12-01", True),
        ("Formation interne, 3 décembre.", "2026-12-03", False),
        ("Un gestionnaire vous répondra sous 5 jours ouvrés.", None, True),
        ("Merci de votre message.", None, True),
    ],
)
def test_the_day_somebody_is_back(words: str, back: str | None, certain: bool) -> None:
    assert return_on(words, date(2026, 11, 24)) == (date.fromisoformat(back) if back else None, certain)


def test_an_absence_is_no_answer() -> None:
    raw = mail(
        "Je suis en congés jusqu'au 4 décembre inclus. Urgences : paul@client.example.", Auto_Submitted="auto-replied"
    )
    reading = read(parse(raw), context())
    assert reading.kind == "auto_reply"
    assert reading.contacts == ("paul@client.example",)
    assert reading.promise is None


def test_a_program_that_tells_of_a_payment_is_a_reply() -> None:
    raw = mail(
        "Remittance advice 88120\n\nF-1041 | 1 250,00\nTotal paid | 1 250,00\nPayment date: 20/11/2026\n",
        Auto_Submitted="auto-generated",
    )
    reading = read(parse(raw), context())
    assert reading.kind == "reply"
    assert "remittance" in reading.intents


def test_a_person_who_mentions_a_holiday_still_promises() -> None:
    reading = said("Je suis en congés la semaine prochaine, la F-1041 sera payée vendredi 27.")
    assert reading.kind == "reply"
    assert reading.promise is not None


def test_what_is_absent_may_be_a_number() -> None:
    words = "Votre facture F-1041 a été suspendue. Motif : absence de numéro de commande."
    reading = read(parse(mail(words, Auto_Submitted="auto-generated")), context())
    assert (reading.kind, reading.intents, reading.invoices) == ("reply", ("dispute",), ("F-1041",))


@pytest.mark.parametrize(
    "words",
    [
        "Your message is on hold. Click https://gate.example/x to prove you are human and it will be delivered.",
        "O seu e-mail ficou em quarentena. Responda a esta mensagem com o código 1234 para que seja entregue.",
        "Your message to a@b.example has been quarantined, you are not yet a trusted sender. Complete the check.",
    ],
)
def test_a_gate_asks_a_person_to_click(words: str) -> None:
    reading = said(words)
    assert (reading.kind, reading.decision) == ("challenge", "review")
