# ruff: noqa: E501  (a mail is one line of a table)
"""What is left of a body when quotes, our own text, signatures and disclaimers are gone."""

from __future__ import annotations

import pytest

from chalicelib.reading.words import own_words

OURS = "Bonjour,\n\nSauf erreur de notre part, la facture F-1041 de 1 250,00 € reste impayée à ce jour.\n\nCordialement,\nNadia Ferrand"
MARKS = {
    "gmail": "Le mar. 24 nov. 2026 à 09:00, Compta <compta@us.example> a écrit :\n\n{quoted}",
    "gmail wrapped": "On Tue, 24 Nov 2026 at 09:00, Accounts Receivable\n<compta@us.example> wrote:\n\n{quoted}",
    "outlook": "________________________________\nDe : Compta <compta@us.example>\nEnvoyé : mardi 24 novembre 2026 09:00\nÀ : Marie\nObjet : Rappel\n\n{plain}",
    "outlook with a hard space": "De\u00a0: Compta\nEnvoyé\u00a0: mardi 24 novembre 2026 09:00\nÀ\u00a0: Marie\nObjet\u00a0: Rappel\n\n{plain}",
    "original": "-----Message d'origine-----\nDe : Compta\nEnvoyé : mardi\nObjet : Rappel\n\n{plain}",
    "notes": 'De :\t"Compta" <compta@us.example>\nA :\tmarie@client.example\nDate :\t24/11/2026 09:00\nObjet :\tRappel\n\n{plain}',
    "german": "Am 24.11.2026 um 09:00 schrieb Compta:\n{quoted}",
    "spanish": "El mar, 24 nov 2026 a las 9:00, Compta (<compta@us.example>) escribió:\n\n{quoted}",
    "dutch": "Op di 24 nov 2026 om 09:00 schreef Compta <compta@us.example>:\n\n{quoted}",
    "orange": "> Message du 24/11/26 09:00\n> De : compta@us.example\n> Objet : Rappel\n>\n{quoted}",
}


def _own(text: str, **more: object) -> str:
    return own_words(text, **more).own()  # type: ignore[arg-type]


@pytest.mark.parametrize("program", sorted(MARKS))
def test_a_mail_program_marks_what_it_quotes(program: str) -> None:
    quoted = "\n".join(f"> {line}" for line in OURS.split("\n"))
    below = MARKS[program].format(quoted=quoted, plain=OURS)
    assert _own(f"Réglé hier.\n\n{below}") == "Réglé hier."


def test_answers_between_the_lines_are_own_words() -> None:
    text = "Le 24/11/2026 à 09:00, Compta a écrit :\n> facture F-1041 : 1 250,00 €\n\npayée le 12\n\n> facture F-1058 : 348,20 €\n\npart vendredi\n"
    assert _own(text).split() == ["payée", "le", "12", "part", "vendredi"]


def test_the_text_that_we_sent_is_known_wherever_it_stands() -> None:
    text = "F-1041 payée.\n\n" + OURS.replace("\n\n", "\n") + "\n"
    assert _own(text, sent_texts=[OURS]).strip() == "F-1041 payée."


def test_a_list_in_the_body_is_no_signature() -> None:
    text = "Voici notre proposition :\n- 1er versement le 5\n- solde le 20\n"
    assert "1er versement le 5" in _own(text)


def test_somebody_who_wrote_to_them_is_content() -> None:
    text = "Le 3 novembre, votre commercial nous a écrit :\nl'avoir sera établi sous huit jours.\n"
    assert "avoir" in _own(text)


@pytest.mark.parametrize(
    "signature",
    [
        "Cordialement,\n\nMarie Client\nComptabilité fournisseurs\nTél. 01 99 00 12 34",
        "-- \nMarie Client",
        "Kind regards\nMarie",
        "Envoyé de mon iPhone",
        "Sent from my Galaxy",
        "Marie Client\nTout litige relève du tribunal de Lyon",
    ],
)
def test_a_signature_is_left_out(signature: str) -> None:
    own = _own(f"Payé hier.\n\n{signature}\n", sender_name="Marie Client")
    assert own == "Payé hier."


def test_a_postscript_below_the_signature_is_read() -> None:
    own = _own("Payé hier.\n\nCordialement,\nMarie\n\nPS : et la F-1058 vendredi.\n", sender_name="Marie")
    assert "F-1058 vendredi" in own


@pytest.mark.parametrize(
    "disclaimer",
    [
        "This e-mail is confidential and intended only for the addressee.",
        "Ce message et ses pièces jointes sont confidentiels et destinés à leurs destinataires.",
        "CAUTION: This email originated from outside the organization.",
    ],
)
def test_a_disclaimer_is_left_out(disclaimer: str) -> None:
    assert _own(f"Payé hier.\n\n{disclaimer}\n") == "Payé hier."


def test_own_words_stand_where_the_spans_say() -> None:
    text = "Un.\n> deux\nTrois.\n"
    found = own_words(text)
    assert [text[s:e] for s, e in found.own_spans()] == ["Un.", "Trois."]
