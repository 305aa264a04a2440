"""The model beside the rules: small, quick, and never the one who acts."""

from __future__ import annotations

import time

import pytest

from chalicelib.reading import second_voice
from chalicelib.reading.model import INTENTS, Intent
from tests.reading.reading_of import said


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Les rideaux livrés hier sont déchirés et nous refusons de payer avant leur remplacement.", "dispute"),
        ("Pourriez-vous s'il vous plaît nous renvoyer une copie de cette facture introuvable ?", "document_request"),
        ("The administrators have taken over the company and no old debts will be met.", "insolvency"),
        ("Serait-il possible d'étaler le paiement de cette facture sur plusieurs mois ?", "payment_plan_request"),
        ("We sent the money by bank transfer last week, please check your account.", "remittance"),
    ],
)
def test_it_hears_what_a_text_is_about(text: str, intent: Intent) -> None:
    heard = second_voice.opinions(text)
    assert max(heard, key=lambda i: heard[i]) == intent


def test_it_has_no_opinion_on_next_to_nothing() -> None:
    assert second_voice.opinions("ok") == {}


def test_figures_names_and_addresses_leave_no_trace() -> None:
    one = second_voice.features("La F-1041 de 1 250,00 € est payée, voir marie@client.example")
    other = second_voice.features("La F-9988 de 77,10 € est payée, voir paul@autre.example")
    assert one == other


def test_where_it_disagrees_a_person_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "La F-1041 a été réglée par virement le 20 novembre."
    assert said(words).decision == "apply"
    nothing: dict[Intent, float] = dict.fromkeys(INTENTS, 0.0)
    monkeypatch.setattr(second_voice, "opinions", lambda text: {**nothing, "remittance": 0.9, "dispute": 0.9})
    reading = said(words)
    assert reading.decision == "review"
    assert "dispute" in reading.intents


def test_its_word_alone_never_makes_a_program_act(monkeypatch: pytest.MonkeyPatch) -> None:
    sure: dict[Intent, float] = {**dict.fromkeys(INTENTS, 0.0), "remittance": 1.0}
    monkeypatch.setattr(second_voice, "opinions", lambda text: sure)
    assert said("Bonjour, voici quelques mots sans rapport avec la F-1041.").decision == "review"


def test_an_opinion_takes_a_millisecond_or_two() -> None:
    text = "Nous avons bien reçu votre relance et procéderons au paiement vendredi prochain. " * 5
    second_voice.opinions(text)
    started = time.process_time()
    for _ in range(50):
        second_voice.opinions(text)
    assert (time.process_time() - started) / 50 < 0.01
