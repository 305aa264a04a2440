"""The clients: each has a fixed character, pays as it pays, and writes in its own words.

A client without a habit pays only when its character says so. `answer` gives what a client does about one of our
mails, `unasked` what it does on a day of its own accord, `on_the_phone` what it says when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from demo.scene import Act, Meaning, Scene, en, eur, fr

Character = Callable[[Scene], Iterator[Act]]

HABITS: dict[str, int] = {
    "C101": 6, "C107": 27, "C122": -1, "C123": 3, "C125": 13, "C130": 0, "C132": 19, "C144": 9, "C147": 12,
}  # fmt: skip
"""Days after the due date on which these have always paid, whatever we write."""

RUN_DAYS: dict[str, tuple[int, ...]] = {"C108": (10, 25), "C145": (10, 25)}
"""Days of the month on which these pay everything that is due by then."""

GONE: frozenset[str] = frozenset({"C116", "C117"})
"""Their addresses are dead: C116's server takes the mail and reports, C117's refuses it in the session."""

CONTESTED = {"C104": "FK-30480"}
"""Never delivered: its credit note is all that this client waits for."""

NEW_ADDRESS = {"C116": "atelier@guivarch-photographie.example"}
"""What a person finds out."""


def answer(scene: Scene) -> Iterator[Act]:
    """What the client does about the mail in the scene."""
    character = CHARACTERS.get(scene.client.account)
    if character:
        yield from character(scene)


def habit(scene: Scene, day: int) -> Iterator[Act]:
    """What is paid today without anybody having asked. `day` counts from the story's first."""
    account = scene.client.account
    if account in HABITS:
        wanted = timedelta(days=HABITS[account])
        numbers = [sale.number for sale, _ in scene.owed if sale.due_on + wanted <= scene.today]
        if numbers:
            yield scene.pays(numbers, scene.today)
    if account in RUN_DAYS and scene.today.day in RUN_DAYS[account]:
        numbers = [sale.number for sale, _ in scene.owed if sale.due_on <= scene.today]
        if numbers:
            yield scene.pays(numbers, scene.today, reference=f"REGLT {scene.today:%d%m}")
    yield from unasked(scene, day)


# Promises


def hotel_des_remparts(s: Scene) -> Iterator[Act]:
    """Promises a Friday, and it is there."""
    if s.nth == 1:
        day = s.next(4, at_least=3)
        yield s.says(
            f"""
Bonjour Madame Morvan,

Merci pour votre message, la facture {s.asked[0]} était restée dans le parapheur de mon associé.
Le virement de {eur(s.sum(s.asked[:1]))} partira {fr(day, weekday=True)}.

Bien cordialement,

Bruno Castel
Hôtel des Remparts
02 98 00 01 02
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
        )
        yield s.pays(s.asked[:1], day)
    elif s.overdue:
        yield s.pays(s.asked, s.business_day(4))


def brasserie_du_port_rhu(s: Scene) -> Iterator[Act]:
    """Promises, breaks, and keeps what it says on the phone."""
    if s.nth == 1:
        day = s.today + timedelta(days=6)
        yield s.says(
            f"""
Bonjour

Oui désolé, on est en pleine saison. Je vous règle par virement le {fr(day)} sans faute.

Loïc
""",
            Meaning(kind="promise", numbers=tuple(s.asked), day=day),
            program="phone", clock="15:25",
        )  # fmt: skip
    elif s.nth == 3:
        yield s.pays(s.overdue, s.business_day(5))


def odonnell_fitouts(s: Scene) -> Iterator[Act]:
    """The same in English: a promise, and nothing comes."""
    if s.nth == 1:
        day = s.next(3, at_least=5)
        yield s.says(
            f"""
Hi Claire,

Apologies for the delay on this one. Invoice {s.asked[0]} is approved now and will be paid by bank transfer
on Thursday {en(day)}.

Kind regards,
Niamh O'Donnell
Director, O'Donnell Fitouts Ltd
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
        )


def harrington_and_blythe(s: Scene) -> Iterator[Act]:
    """In pounds, promised and kept."""
    if s.nth == 1:
        day = s.business_day(6)
        yield s.says(
            f"""
Dear Claire,

Thank you for your email. {s.asked[0]} for £{s.sum(s.asked[:1]):,.2f} has been passed for payment and we will
pay it on {en(day)} by BACS.

Best wishes
Emily Carter
Accounts Payable
Harrington & Blythe Ltd
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
            program="outlook", clock="11:10",
        )  # fmt: skip
        yield s.pays(s.asked[:1], day, reference="HARRINGTON BLYTHE BACS")
    elif s.overdue:
        yield s.pays(s.asked, s.business_day(2), reference="HARRINGTON BLYTHE BACS")


def belle_isle_marine(s: Scene) -> Iterator[Act]:
    """A large sum for the end of the month; it is a day late, within the grace."""
    if s.nth == 1:
        day = s.month_end()
        if (day - s.today).days < 4:
            day = s.next(4, at_least=6)
        yield s.says(
            f"""
Madame,

Nous accusons réception de votre relance concernant la facture {s.asked[0]}.
Compte tenu de notre trésorerie, nous vous confirmons le règlement de {eur(s.sum(s.asked[:1]))} par virement
pour le {fr(day)}.

Veuillez agréer, Madame, nos salutations distinguées.

Philippe Caradec
Directeur administratif et financier
SAS Belle-Isle Marine
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
            program="outlook", clock="16:50",
        )  # fmt: skip
        yield s.pays(s.asked[:1], day + timedelta(days=1))


def domaine_de_kerellou(s: Scene) -> Iterator[Act]:
    """Needs a copy first, then promises."""
    if s.nth == 1:
        yield s.says(
            f"""
Bonjour,

Je ne retrouve pas la facture {s.asked[0]} dans nos dossiers. Pourriez-vous m'en renvoyer une copie, ainsi que
votre RIB ?

Merci d'avance,
Xavier de Penfentenyo
Domaine de Kerellou
""",
            Meaning(kind="document", numbers=tuple(s.asked[:1])),
            program="apple",
        )  # fmt: skip
    elif s.nth == 2:
        day = s.next(1, at_least=4)
        yield s.says(
            f"""
Bonjour Madame,

Bien reçu, merci. Nous réglons {s.asked[0]} par virement {fr(day, weekday=True)}.

X. de Penfentenyo
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
            program="apple",
        )  # fmt: skip
        yield s.pays(s.asked[:1], day)


def abri_du_marin(s: Scene) -> Iterator[Act]:
    """Soon, one of these days."""
    if s.nth == 1:
        yield s.says(
            "bonjour, c'est noté, on vous règle ça dès que possible\nThierry\n",
            Meaning(kind="vague", numbers=tuple(s.asked)),
            program="phone", clock="22:15", day=s.today,
        )  # fmt: skip
    elif s.nth == 3:
        yield s.pays(s.overdue, s.business_day(4))


# Announced payments


def garage_le_floch(s: Scene) -> Iterator[Act]:
    """Announces a transfer that does arrive."""
    if s.nth == 1:
        sent = s.business_day(1)
        yield s.says(
            f"""
Bonjour,

Virement effectué ce jour pour la facture {s.asked[0]}, montant {eur(s.sum(s.asked[:1]))}, réf. LF{sent:%d%m%y}.

Cordialement
Denis Le Floc'h
""",
            Meaning(kind="remittance", numbers=tuple(s.asked[:1]), day=sent),
            program="thunderbird",
        )  # fmt: skip
        yield s.pays(s.asked[:1], s.business_day(2), reference=f"LF{sent:%d%m%y}")
    elif s.overdue:
        yield s.pays(s.asked, s.business_day(3))


def pharmacie_de_la_place(s: Scene) -> Iterator[Act]:
    """Announces a transfer that never comes."""
    if s.nth == 1:
        yesterday = s.today - timedelta(days=1)
        yield s.says(
            f"""
Bonjour,
Sauf erreur de notre part cette facture a été payée par virement le {fr(yesterday)}. Merci de vérifier.
Bonne journée,
Sandrine Lautrou
""",
            Meaning(kind="remittance", numbers=tuple(s.asked), day=yesterday),
            clock="12:35",
            day=s.today,
        )


def schreiner_und_falk(s: Scene) -> Iterator[Act]:
    """A remittance advice from the accounts department, in English."""
    if s.nth == 1:
        sent = s.business_day(1)
        yield s.says(
            f"""
Dear Sir or Madam,

please be informed that we have paid the following invoice today by SEPA credit transfer:

  {s.asked[0]}    EUR {s.sum(s.asked[:1]):.2f}    our reference 2200{s.asked[0][-4:]}

Best regards
Jürgen Falk
Schreiner & Falk GmbH, Buchhaltung
""",
            Meaning(kind="remittance", numbers=tuple(s.asked[:1]), day=sent),
            program="outlook", clock="14:20",
        )  # fmt: skip
        yield s.pays(s.asked[:1], s.business_day(3), reference=f"2200{s.asked[0][-4:]}")
    elif s.overdue:
        yield s.pays(s.asked, s.business_day(2))


def ferronnerie_tanguy(s: Scene) -> Iterator[Act]:
    """Had paid when we wrote: the letters crossed."""
    if s.nth == 1:
        yield s.says(
            f"""
Bonjour Claire,

La facture {s.asked[0]} a été réglée hier par virement, vous devriez l'avoir demain sur votre compte.

Gwenaël
""",
            Meaning(kind="remittance", numbers=tuple(s.asked[:1]), day=s.today - timedelta(days=1)),
            day=s.today, clock="17:05", program="phone",
        )  # fmt: skip
        yield s.pays(s.asked[:1], s.business_day(1))


# Disputes


def cabinet_kervella(s: Scene) -> Iterator[Act]:
    """Contests one invoice, and pays the other."""
    if s.nth == 1:
        yield s.says(
            f"""
Bonjour,

Nous contestons la facture {s.asked[0]} : les meubles bas qu'elle mentionne ne nous ont jamais été livrés, nous
avions annulé cette commande. Nous attendons un avoir.

Dr Anne Kervella
""",
            Meaning(kind="dispute", numbers=tuple(s.asked[:1])),
        )
    elif others := [n for n in s.overdue if n != CONTESTED["C104"]]:
        yield s.pays(others, s.business_day(3))


def commune_de_kermorvan(s: Scene) -> Iterator[Act]:
    """Cannot pay without the commitment number that one invoice lacks."""
    without = [n for n in s.overdue if not s.sale(n).purchase_order]
    if without and s.client.account == "C106" and s.mail and without[0] in s.mail.numbers and s.nth <= 3:
        yield s.says(
            f"""
Madame, Monsieur,

La facture {without[0]} ne peut être mandatée : elle ne porte pas de numéro d'engagement. Nous vous la
retournons et vous remercions de nous en adresser une nouvelle comportant cette référence.

Le service des finances
Commune de Kermorvan-sur-Aulne
""",
            Meaning(kind="dispute", numbers=tuple(without[:1])),
            program="outlook", name="Service des finances",
        )  # fmt: skip
    ready = [n for n in s.overdue if s.sale(n).purchase_order]
    if ready:
        yield s.pays(ready, s.business_day(8), reference="MANDAT DDFIP29")


def comptoir_breton(s: Scene) -> Iterator[Act]:
    """Answers invoice by invoice: paid, promised, contested."""
    if s.nth == 2 and len(s.owed) >= 3:
        first, second, third = (sale.number for sale, _ in list(s.owed)[:3])
        yesterday, day = s.today - timedelta(days=1), s.next(4, at_least=4)
        yield s.says(
            f"""
Bonjour Claire,

Je fais le point avec vous :
- {first} : réglée hier par virement
- {second} : je la règle par virement le {fr(day)}
- {third} : le plateau de la table est rayé, nous refusons de payer tant qu'il n'est pas remplacé

Bonne journée
Armelle Youinou
Le Comptoir Breton
""",
            Meaning(kind="remittance", numbers=(first,), day=yesterday),
            Meaning(kind="promise", numbers=(second,), day=day),
            Meaning(kind="dispute", numbers=(third,)),
            program="gmail",
        )
        yield s.pays([first], s.business_day(1))
        yield s.pays([second], day)


# Papers, plans, people


def mutuelle_oceane(s: Scene) -> Iterator[Act]:
    """A large house that has lost the invoice."""
    if s.nth == 1:
        yield s.says(
            f"""
Bonjour,

Nous n'avons pas trace de la facture {s.asked[0]} dans notre outil. Merci de nous en faire parvenir un duplicata
au format PDF.

Cordialement,

Isabelle Rouault
Comptabilité fournisseurs — Mutuelle Océane
""",
            Meaning(kind="document", numbers=tuple(s.asked[:1])),
            program="outlook", clock="09:50",
        )  # fmt: skip
        yield s.pays(s.asked[:1], s.business_day(9), reference="MUTUELLE OCEANE VIRT")
    elif s.overdue:
        yield s.pays(s.asked, s.business_day(5), reference="MUTUELLE OCEANE VIRT")


def armor_distribution(s: Scene) -> Iterator[Act]:
    """Another address for invoices; pays on its own days whatever happens."""
    if s.nth == 1:
        yield s.says(
            """
Bonjour,

Je ne suis plus en charge du suivi des fournisseurs. Merci d'adresser désormais vos relances à ma collègue
Solenn Bihan, solenn.bihan@armor-distribution.example.

Cordialement,
Nathalie Prigent
Groupe Armor Distribution
""",
            Meaning(kind="contact"),
            program="outlook",
        )


def cornouaille_promotion(s: Scene) -> Iterator[Act]:
    """Cannot pay all at once."""
    if s.nth == 1:
        yield s.says(
            """
Bonjour Madame,

Notre trésorerie est très tendue, plusieurs de nos acquéreurs n'ayant pas encore débloqué les fonds. Serait-il
possible d'étaler le règlement de ce que nous vous devons en trois mensualités ?

Dans l'attente de votre retour,
Patrick Merrien
Gérant, Cornouaille Promotion
""",
            Meaning(kind="plan", numbers=tuple(s.asked)),
        )


def campings_bord_de_mer(s: Scene) -> Iterator[Act]:
    """Pays a part without a word, and the rest after the next reminder."""
    if s.nth == 1:
        yield s.pays(s.asked[:1], s.business_day(2), part=Decimal("3000.00"))
    elif s.nth == 2:
        yield s.pays(s.asked, s.business_day(3))
    elif s.overdue and s.nth > 3:
        yield s.pays(s.asked, s.business_day(2))


def ecole_de_voile(s: Scene) -> Iterator[Act]:
    """Away, and says who stands in."""
    if s.nth == 1:
        back = s.next(0, at_least=8)
        yield s.says(
            f"""
Bonjour,

Je suis absente du bureau jusqu'au {fr(back - timedelta(days=1))} inclus. De retour le {fr(back)}.
En cas d'urgence vous pouvez joindre Titouan Guéguen : titouan.gueguen@voile-pointe.example

Maëlle Cariou
""",
            Meaning(kind="absence", day=back),
            day=s.today, clock="09:06", program="bare",
            subject=f"Réponse automatique : {s.mail.subject if s.mail else ''}",
            headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
        )  # fmt: skip
    elif s.nth == 2:
        yield s.pays(s.overdue, s.business_day(2))


def vandermeulen(s: Scene) -> Iterator[Act]:
    """Away too, in English; pays on return."""
    if s.nth == 1:
        back = s.next(2, at_least=9)
        yield s.says(
            f"""
Thank you for your message. I am out of the office and will be back on {en(back)}. Your email will not be
forwarded; I will answer on my return.

Katrien Vandermeulen
""",
            Meaning(kind="absence", day=back),
            day=s.today, clock="09:07", program="bare",
            subject=f"Automatic reply: {s.mail.subject if s.mail else ''}",
            headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
        )  # fmt: skip
    elif s.nth == 2:
        day = s.next(4, at_least=3)
        yield s.says(
            f"""
Dear Claire,

I am back in the office and found your reminder. {s.asked[0]} will be paid on Friday {en(day)}.

Best regards,
Katrien
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
            program="apple",
        )  # fmt: skip
        yield s.pays(s.asked[:1], day)


def kreiz_immobilier(s: Scene) -> Iterator[Act]:
    """Has had enough."""
    if s.nth == 2:
        yield s.says(
            """
Madame,

C'est la deuxième relance en huit jours, c'est du harcèlement ! Je vous demande de cesser immédiatement de
m'écrire et de supprimer mes données personnelles de vos fichiers. Si cela continue je saisis la CNIL.

Stéphane Corre
""",
            Meaning(kind="complaint"),
            program="outlook", clock="18:45", day=s.today,
        )  # fmt: skip


def bati_ouest(s: Scene) -> Iterator[Act]:
    """In receivership."""
    if s.nth == 2:
        since = s.today - timedelta(days=2)
        yield s.says(
            f"""
Madame, Monsieur,

Par jugement du {fr(since)}, le tribunal de commerce de Quimper a ouvert une procédure de redressement
judiciaire à l'encontre de la société Bâti-Ouest Construction. Nous vous invitons à déclarer votre créance
auprès du mandataire judiciaire.

Jean-Marc Tallec
Président
""",
            Meaning(kind="insolvency"),
            program="outlook", clock="11:30",
        )  # fmt: skip


def patisserie_kouign_du(s: Scene) -> Iterator[Act]:
    """Answers from a private address that nobody knows."""
    if s.nth == 1:
        yield s.says(
            f"""
coucou, c'est Marie de la pâtisserie, pour la {s.asked[0]} je passe vous déposer le chèque la semaine prochaine
""",
            Meaning(kind="unknown_sender", numbers=tuple(s.asked[:1])),
            email="marie.lecoz29@courriel-perso.example", name="Marie", program="phone", clock="21:40", day=s.today,
        )  # fmt: skip
    elif s.nth >= 3:
        yield s.pays(s.overdue, s.business_day(1), reference="CHQ 0004417")


def fromagerie_ar_vro(s: Scene) -> Iterator[Act]:
    """One transfer for all, and no reference."""
    if s.overdue and s.nth >= 1:
        yield s.pays_at_once(s.overdue, s.business_day(3), reference="FROMAGERIE AR VRO")


def conserverie_penn_sardin(s: Scene) -> Iterator[Act]:
    """Is sure to have paid long ago, before the invoices were in our program."""
    if s.nth == 1:
        day = s.today - timedelta(days=50)
        yield s.says(
            f"""
Bonjour,

Les factures {s.asked[0]} et {s.asked[1]} ont été payées par chèque le {fr(day)}. Merci de vérifier.

Yvonne Kerloc'h
Conserverie Penn Sardin
""",
            Meaning(kind="remittance", numbers=tuple(s.asked[:2]), day=day),
            program="thunderbird", clock="11:55",
        )  # fmt: skip


def chambre_de_metiers(s: Scene) -> Iterator[Act]:
    """A public accountant gives the day of the payment, and keeps it."""
    if s.nth == 2:
        day = s.business_day(8)
        yield s.says(
            f"""
Madame,

La facture {s.asked[0]} sera payée le {fr(day)} par virement du comptable public.

Cordialement,
L'agence comptable
Chambre de métiers du Ponant
""",
            Meaning(kind="promise", numbers=tuple(s.asked[:1]), day=day),
            program="outlook", name="Agence comptable",
        )  # fmt: skip
        yield s.pays(s.asked[:1], day, reference="CMA PONANT MANDAT")


def marechal_bricolage(s: Scene) -> Iterator[Act]:
    """Its ticket system acknowledges whatever comes."""
    if s.nth == 1:
        yield s.says(
            """
Bonjour,

Votre demande a bien été enregistrée sous le numéro 48213. Notre service comptabilité fournisseurs vous
répondra dans les meilleurs délais.

Ceci est un message automatique, merci de ne pas y répondre.
""",
            Meaning(kind="acknowledgement"),
            day=s.today, clock="09:10", program="bare", subject="[Ticket #48213] Votre demande a été enregistrée",
            headers={"Auto-Submitted": "auto-replied"},
        )  # fmt: skip


def syndic_habitat(s: Scene) -> Iterator[Act]:
    """Clears everything that is overdue after every second mail; needs our bank details once."""
    if s.nth == 3:
        yield s.says(
            """
Bonjour,

Pouvez-vous nous renvoyer votre RIB, svp ? Nous changeons de logiciel et il n'a pas été repris.

Merci,
Brigitte Le Dréau
""",
            Meaning(kind="document"),
            program="phone", clock="17:20",
        )  # fmt: skip
    if s.nth % 2 == 0 and s.overdue:
        yield s.pays(s.overdue, s.business_day(2), reference="SYNDIC HABITAT")


def optique_bellec(s: Scene) -> Iterator[Act]:
    if s.nth >= 1 and s.overdue and s.today.day % 2:
        yield s.pays(s.overdue[-1:], s.business_day(6))


def maison_ti_ar_re_gozh(s: Scene) -> Iterator[Act]:
    """Says thank you, and nothing else."""
    if s.nth == 1:
        yield s.says(
            "Bonjour,\n\nBien reçu, je transmets à la direction.\n\nSoazig Le Gall\nÉconomat\n",
            Meaning(kind="other"),
            program="outlook",
        )


def galerie_du_steir(s: Scene) -> Iterator[Act]:
    if s.nth == 2:
        yield s.pays(s.overdue, s.business_day(2))


CHARACTERS: dict[str, Character] = {
    "C102": hotel_des_remparts, "C103": brasserie_du_port_rhu, "C104": cabinet_kervella,
    "C105": cornouaille_promotion, "C106": commune_de_kermorvan, "C108": armor_distribution,
    "C109": mutuelle_oceane, "C110": harrington_and_blythe, "C112": vandermeulen,
    "C113": schreiner_und_falk, "C118": ecole_de_voile, "C119": abri_du_marin,
    "C120": pharmacie_de_la_place, "C121": garage_le_floch, "C124": optique_bellec,
    "C126": campings_bord_de_mer, "C127": kreiz_immobilier, "C128": bati_ouest,
    "C129": conserverie_penn_sardin, "C131": chambre_de_metiers, "C134": galerie_du_steir,
    "C135": fromagerie_ar_vro, "C136": domaine_de_kerellou, "C138": odonnell_fitouts,
    "C140": comptoir_breton, "C141": ferronnerie_tanguy, "C142": belle_isle_marine,
    "C143": patisserie_kouign_du, "C145": marechal_bricolage, "C146": syndic_habitat,
    "C147": maison_ti_ar_re_gozh,
}  # fmt: skip
"""Whoever is not here and has no habit says nothing at all."""


def unasked(s: Scene, day: int) -> Iterator[Act]:
    """Mails that answer none of ours."""
    if s.client.account == "C134" and day == 15:
        yield s.says(
            """
Le rendez-vous de l'automne à la galerie du Steïr

Défilé, ateliers et 20 % sur une sélection de boutiques, ce week-end seulement !

Vous recevez cette lettre d'information parce que vous êtes inscrit. Se désinscrire : https://galerie-steir.example/stop
""",
            Meaning(kind="newsletter"),
            day=s.today, clock="07:55", program="bare", alone=True, name="Galerie du Steïr",
            email="lettre@news.galerie-steir.example", subject="Les rendez-vous de l'automne",
            headers={"List-Unsubscribe": "<https://galerie-steir.example/stop>", "Precedence": "bulk"},
        )  # fmt: skip
    if s.client.account == "C134" and day == 18:
        numbers = tuple(sale.number for sale, _ in list(s.owed)[:1])
        named = f"la facture {numbers[0]}" if numbers else "votre facture"
        yield s.says(
            f"""
Bonjour,

Nous avons bien réglé {named} ce matin sur votre nouveau compte bancaire, comme demandé par votre collègue.
Merci de ne plus nous relancer.

Valérie Quiniou
""",
            Meaning(kind="forged", numbers=numbers),
            day=s.today, clock="10:02", program="bare", alone=True, subject="Facture réglée",
            envelope="bounce@bulk-sender.invalid",
        )  # fmt: skip
    if s.client.account == "C101" and day == 23:
        yield s.says(
            """
Bonjour,

Veuillez trouver ci-joint notre facture n° 2026-1187 de 214,80 € relative à votre abonnement fontaine à eau,
payable à 30 jours.

Le service facturation
Eaux de Cornouaille
""",
            Meaning(kind="stranger"),
            day=s.today, clock="09:30", program="bare", alone=True, name="Eaux de Cornouaille",
            email="facturation@eaux-cornouaille.example", subject="Votre facture 2026-1187",
        )  # fmt: skip
    yield from _last_days(s, day)
    if s.client.account == "C137" and day == 30:
        numbers = tuple(sale.number for sale, _ in s.owed if not sale.disputed and sale.due_on < s.today)
        if numbers:
            yield s.pays(numbers, s.today)


def _last_days(s: Scene, day: int) -> Iterator[Act]:
    """What comes in while the story ends, and still lies on the desk when somebody looks."""
    overdue = tuple(s.overdue[:1])
    if not overdue and s.client.account not in ("C134", "C101"):
        return
    match s.client.account, day:
        case "C142", 46:
            yield s.says(
                f"""
Bonjour,

Virement effectué ce jour pour la facture {overdue[0]}, montant {eur(s.sum(overdue))}.

Philippe Caradec
SAS Belle-Isle Marine
""",
                Meaning(kind="remittance", numbers=overdue, day=s.today),
                day=s.today, clock="08:12", alone=True, subject=f"Règlement facture {overdue[0]}",
            )  # fmt: skip
        case "C147", 55:
            yield s.says(
                f"""
Bonjour,

Merci de nous renvoyer un duplicata de la facture {overdue[0]} accompagné du bon de livraison signé.

Soazig Le Gall
Économat
""",
                Meaning(kind="document", numbers=overdue),
                day=s.today, clock="08:20", program="outlook", alone=True, subject=f"Duplicata facture {overdue[0]}",
            )  # fmt: skip
        case "C139", 56:
            yield s.says(
                """
Bonjour,

Notre trésorerie est très tendue en ce moment. Serait-il possible d'étaler le règlement de ce que nous vous devons en
trois mensualités ?

Pascal Rochat
Studio Grafik
""",
                Meaning(kind="plan", numbers=overdue),
                day=s.today, clock="08:05", alone=True, subject=f"Facture {overdue[0]}",
            )  # fmt: skip
        case "C124", 56:
            yield s.says(
                f"""
Bonjour,

Nous contestons la facture {overdue[0]} : le présentoir livré ne correspond pas à notre commande.

Mathieu Bellec
""",
                Meaning(kind="dispute", numbers=overdue),
                day=s.today, clock="08:31", program="apple", alone=True, subject=f"Facture {overdue[0]}",
            )  # fmt: skip
        case "C134", 57:
            yield s.says(
                """
Bonjour,

Merci d'adresser désormais vos relances à ma collègue Anne Tromeur, anne.tromeur@galerie-steir.example.

Cordialement,
Valérie Quiniou
""",
                Meaning(kind="contact"),
                day=s.today, clock="08:15", alone=True, subject="Changement d'interlocuteur",
            )  # fmt: skip
        case "C101", 56:
            yield s.says(
                """
Madame, Monsieur,

Votre contrat d'entretien des extincteurs arrive à échéance. Nous vous proposons un rendez-vous ce mois-ci.

Sécurité Incendie de l'Odet
""",
                Meaning(kind="stranger"),
                day=s.today, clock="08:02", program="bare", alone=True, name="Sécurité Incendie de l'Odet",
                email="contact@incendie-odet.example", subject="Contrôle annuel de vos extincteurs",
            )  # fmt: skip
        case "C101", 57:
            yield s.says(
                "-- \n" * 6000,
                Meaning(kind="stranger"),
                day=s.today, clock="08:03", program="bare", alone=True, name="scan",
                email="scan@imprimante-inconnue.example", subject="Document numérisé",
            )  # fmt: skip


# The phone


@dataclass(frozen=True, kw_only=True)
class OnThePhone:
    """What a call comes to. `days`: until the promised day; `said` is what the client shall have in writing."""

    outcome: str
    days: int = 0
    cause: str = ""
    note: str = ""
    said: str = ""


def _promises(days: int) -> OnThePhone:
    return OnThePhone(outcome="promised", days=days)


def _reached(cause: str, note: str, said: str = "") -> OnThePhone:
    return OnThePhone(outcome="reached", cause=cause, note=note, said=said)


_NO_ANSWER = OnThePhone(outcome="no_answer", note="ça sonne dans le vide")
_VOICEMAIL = OnThePhone(
    outcome="voicemail", note="message laissé : numéro, date, montant, échéance, mon nom et mon téléphone"
)
_FORGOT = _reached("forgot", "ne l'avait pas vue passer, va regarder")

CALLS: dict[str, tuple[OnThePhone, ...]] = {
    "C103": (_NO_ANSWER, _promises(5)),
    "C105": (_reached("cash", "trésorerie tendue, demande un étalement"),),
    "C111": (_NO_ANSWER, _VOICEMAIL, _NO_ANSWER),
    "C114": (
        OnThePhone(outcome="refused", note="ne veut pas en parler avant son associé"),
        _reached("other", "renvoie à son expert-comptable", "Vous deviez nous rappeler après avoir vu M. Le Dantec."),
        _VOICEMAIL,
    ),
    "C115": (_VOICEMAIL, _FORGOT, _reached("other", "transmet à sa direction")),
    "C120": (OnThePhone(outcome="wrong_number", note="un particulier, qui n'a rien à voir"),),
    "C126": (
        OnThePhone(outcome="wrong_number", note="numéro réattribué"),
        _reached("approval_pending", "à signer par le siège jeudi", "Vous faites signer la facture par le siège."),
    ),
    "C127": (), "C128": (),  # who complained, and who is insolvent, is not called
    "C130": (_reached("approval_pending", "bon à payer attendu du chef de projet"),),
    "C131": (_reached("approval_pending", "mandat en cours de signature"), _VOICEMAIL),
    "C133": (_promises(7), _promises(6)),
    "C136": (_reached("missing_document", "n'a pas le bon de livraison signé"),),
    "C138": (OnThePhone(outcome="agreed", note="no cash before the season, agreed to pay in three parts"),),
    "C142": (_reached("approval_pending", "en attente du directeur financier"), _VOICEMAIL),
}  # fmt: skip
"""What each call in turn comes to; of the others two in three can be reached the second time, then nobody calls."""

RIGHT_NUMBER = {"C126": "+33 2 98 00 01 99"}
"""What a person finds out."""

KEEPS_THE_PHONE_PROMISE = frozenset({"C103", "C133"})

INSTALMENTS_PAID = {"C105": 3, "C138": 1}
"""How many instalments of its plan a client pays, each on its day."""


def on_the_phone(account: str, nth: int) -> OnThePhone | None:
    """The outcome of the nth call (from 1); None: nobody finds the time to call."""
    calls = CALLS.get(account, (_VOICEMAIL, _FORGOT) if int(account[1:]) % 3 else ())
    return calls[nth - 1] if nth <= len(calls) else None


def phone_promise(scene: Scene, numbers: tuple[str, ...], day: date) -> Iterator[Act]:
    """What follows a promise by phone."""
    if scene.client.account in KEEPS_THE_PHONE_PROMISE:
        yield scene.pays(numbers, day)


def plan_agreed(scene: Scene, instalments: Sequence[tuple[date, Decimal]]) -> Iterator[Act]:
    """What follows a payment plan."""
    yield scene.pays_instalments(instalments[: INSTALMENTS_PAID.get(scene.client.account, 0)])
