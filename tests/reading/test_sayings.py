# ruff: noqa: E501  (a saying is one line)
"""One line of words, one expectation: the intents of the tables beside this file, and the day."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.reading import second_voice
from tests.reading.reading_of import said

TABLES = ("said.txt", "said-oddly.txt", "said-traps.txt", "said-at-length.txt", "said-elsewhere.txt", "said-more.txt")
SHORT = {
    "promise": "promise_to_pay",
    "document": "document_request",
    "plan": "payment_plan_request",
    "contact": "contact_change",
}


def _lines(name: str) -> list[tuple[frozenset[str], str | None, str]]:
    out = []
    for line in (Path(__file__).parent / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            want, day, words = (part.strip() for part in line.split("|", 2))
            intents = frozenset(SHORT.get(w, w) for w in want.split(",") if w != "none")
            out.append((intents, None if day == "-" else day, words))
    return out


# What the reader does not understand yet. A line that is understood must leave this list.
NOT_YET = {
    "Just paid F-1041 online.",
    "L'installation facturée sous F-1077 n'est toujours pas terminée, nous paierons quand ce sera fait.",
    "Our treasurer signs only the Friday of the next week, 4 December, then the F-1041 is payed.",
    "Votre virement F-1041 date du 13 novembre, référence 20261113-01.",
    "F-1041 hit your account on Friday according to our bank.",
    "La F-1058 concerne un article que nous avons rendu au chauffeur.",
    "Il était question de 300 € pour la 1058, pas de 348,20.",
    "Vous aviez promis 10 % de remise sur la 1041, je ne les vois pas.",
    "New vendor set-up: please return the attached form with your bank letter.",
    "Laissez-nous passer les fêtes pour la F-1077, s'il vous plaît.",
    "Depuis le 1er, tout passe par ap@client.example.",
    "Je suis en congés jusqu'à lundi, je verrai à mon retour.",
    "F-1041 is not due until 15 December.",
    "Our office is closed on 26 and 27 November.",
    "La commande du 12 octobre a bien été reçue le 20.",
    "Vous serez payés quand les poules auront des dents.",
    "Le 27 novembre nous fermons à midi.",
    "Nous avons déjà payé un acompte de 30 % à la commande, la F-1041 ne le déduit pas.",
    "Envoyez-moi la F-1041 avant vendredi et elle passera au prochain paiement.",
    "Nous ne pourrons pas honorer la F-1077 avant février, est-ce envisageable ?",
    "Could the due date of F-1077 be moved to 31 January?",
    "Bonjour, effectivement la F-1041 était restée coincée chez notre chef de travaux, c'est débloqué. Elle part avec le virement du 30.",
    "Toutes mes excuses, j'étais en arrêt. Je reprends vendredi 4 décembre et ma première tâche sera de vous régler la F-1041.",
    "Votre commercial nous avait assuré que la livraison était offerte, merci de retirer les 90 € de la F-1041.",
    "The tap on F-1041 leaks and your plumber hasn't been back. We'll pay when it stops.",
    "j'te fais ça samedi promis 348 balles et 20",
    "Notre extrait de compte du 19 novembre indique la sortie des 348,20 €.",
    "La somme de 6 904,75 € vous a été adressée par LCR échue le 18 novembre.",
    "F-1077 has been rejected: goods not as per specification.",
    "F-1041 needs a proper VAT number on it before we can accept it.",
    "The sofa on F-1077 went back to you in October. Where's the credit?",
    "F-1058 isn't on our ledger, send it on would you.",
    "est ce que je peu payer la 1077 en 2 fois",
    "Au vu de notre saison, serait-il pensable de ne solder la F-1077 qu'au printemps ?",
    "F-1041 : OK pour le 30 novembre. F-1058 : KO, pièce non reçue.",
    "The small one went on Friday (348.20), the big one, F-1077, goes on the 30th.",
    "Madame, vos messages sont parfaitement déplacés et nous n'y répondrons plus.",
    "Si cela continue je dépose plainte pour harcèlement.",
    "Vous dérangez mes équipes pour rien, cela suffit.",
    "Encore vous ! Vous n'avez donc rien d'autre à faire ?",
    "Qui vous a donné mon adresse privée ? Effacez-la.",
    "On ne parle pas comme ça aux gens. Bonne continuation sans nous.",
    "I've had quite enough of being chased over trivial sums.",
    "What a disgraceful way to treat people who always paid.",
    "Leave my mother alone, she is 84 and your letters frighten her.",
    "Dit is intimidatie, stop ermee.",
    "La société a cessé ses paiements et sera dissoute, voyez avec le mandataire.",
    "Le magasin a été liquidé, il n'y aura plus rien pour les fournisseurs.",
    "Nous avons besoin de soixante jours de plus pour la F-1077.",
    "Notre banque nous lâche, accordez-nous jusqu'en mars pour la F-1077 s'il vous plaît.",
    "La F-1077 est trop lourde pour nous en une seule fois, peut-on la fractionner ?",
    "On peut s'arranger pour la 1077 ? un peu chaque mois",
    "Would you be open to extending the terms on F-1077 to 90 days?",
    "We can't manage F-1077 all at once. Can we break it up?",
    "Wir bitten um etwas mehr Zeit für die F-1077.",
    "La pièce jointe de la F-1041 ne s'ouvre pas, renvoyez-la svp.",
    "Pourriez-vous joindre les attachements de travaux à la F-1077 ?",
    "Our auditors need a statement as at 31 October.",
    "Please attach the purchase order we gave you for F-1041.",
    "Nous n'acceptons pas la F-1058, les travaux ont été mal exécutés.",
    "Le prix au mètre de la F-1077 a été doublé sans explication.",
    "Sur la F-1041 il y a cinq lampes de trop.",
    "La F-1041 est adressée à une société que nous ne connaissons pas.",
    "La peinture de la F-1077 s'écaille déjà, venez voir avant de réclamer.",
    "Ce n'est pas la couleur choisie, je ne garde pas le canapé de la F-1077.",
    "The invoice F-1041 shows the old price, the new one was agreed in May.",
    "F-1058 is for goods we sent back.",
    "We've been charged for delivery on F-1058, which was meant to be free.",
    "This isn't our order. F-1058 must be for somebody else.",
    "F-1041 duplicates the invoice you sent in September.",
    "I prezzi della F-1041 non corrispondono all'offerta.",
    "F-1041 is al gecrediteerd, deze klopt dus niet.",
    "Je suis nouvelle dans le service, laissez-moi le temps de prendre connaissance du dossier.",
    "Consider it done on Thursday, F-1058.",
    "F-1041 : c'est parti le 20, référence 88-112.",
    "Vous avez été crédités de 348,20 € le 17 novembre.",
    "On vous a versé quelque chose en septembre, non ?",
    "Y a-t-il une ristourne si je paie plus tôt ?",
    "I don't deal with dates, I only open the post.",
    "I'm back on Monday and will look at it then.",
    "On avait dit pose comprise, la F-1041 la compte en plus.",
    "Colis de la F-1058 perdu par le transporteur, à vous de voir avec lui.",
    "La date de péremption des produits de la F-1058 était dépassée.",
    "F-1041 contains items that we rejected at the gate.",
    "The hourly rate on F-1058 is not the contract rate.",
    "We received the invoice F-1041 but not the goods.",
    "F-1041: the PO was for ten, you invoiced twelve.",
    "F-1077 disagrees with our goods receipt.",
    "La F-1041 part le 1er décembre ; renvoyez-moi la F-1058, je ne l'ai pas.",
    "We can pay F-1058 on 30 November but would need three months for F-1077, is that acceptable?",
}


@pytest.fixture(autouse=True)
def _rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second voice has learned these very lines: here only the rules speak."""
    monkeypatch.setattr(second_voice, "opinions", lambda text: {})


@pytest.mark.parametrize(
    ("intents", "day", "words"),
    [
        pytest.param(*line, marks=pytest.mark.xfail(strict=True) if line[2] in NOT_YET else (), id=line[2][:70])
        for name in TABLES
        for line in _lines(name)
    ],
)
def test_these_words_mean_this(intents: frozenset[str], day: str | None, words: str) -> None:
    reading = said(words)
    assert set(reading.intents) == intents
    assert reading.kind == "reply"
    if "promise_to_pay" in intents:
        assert reading.promise is not None
        assert (reading.promise.date.isoformat() if reading.promise.date else None) == day
    elif "remittance" in intents:
        assert reading.remittance is not None
        assert (reading.remittance.date.isoformat() if reading.remittance.date else None) == day
