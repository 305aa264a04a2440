"""Tell an entry of the journal in French or English: what happened, with the invoices, sums and days that it names.

A new event needs a line in `_EVENTS`; without one its name is told in plain words, so that nothing is left out of a
court's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from chalicelib.domain.debtor_file import Case, DebtorFile
from chalicelib.domain.events import Event
from chalicelib.domain.letter_facts import Told
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import in_words

_EVENTS = {  # French, English
    "DebtorOpened": ("Dossier ouvert", "File opened"),
    "DebtorChanged": ("Fiche du débiteur modifiée", "Debtor's details changed"),
    "ContactSet": ("Contact enregistré", "Contact recorded"),
    "ContactDied": ("Adresse hors service", "Address is dead"),
    "AbsenceNoted": ("Absence notée", "Absence noted"),
    "InvoiceEntered": ("Facture enregistrée", "Invoice entered"),
    "InvoiceCorrected": ("Facture corrigée", "Invoice corrected"),
    "BuyerStatusNoted": ("Statut chez l’acheteur noté", "Buyer's status noted"),
    "InvoiceWithdrawn": ("Facture retirée", "Invoice withdrawn"),
    "CreditReceived": ("Somme ou avoir reçu", "Payment or credit note received"),
    "CreditAllocated": ("Somme affectée", "Credit allocated"),
    "AllocationUndone": ("Affectation annulée", "Allocation undone"),
    "CreditWithdrawn": ("Somme ou avoir annulé", "Credit withdrawn"),
    "NoticeClaimed": ("Courriel préparé", "E-mail prepared"),
    "NoticeSent": ("Courriel parti", "E-mail sent"),
    "NoticeDeferred": ("Courriel différé par le serveur", "E-mail deferred by the provider"),
    "NoticeFailed": ("Courriel refusé, rien n’est parti", "E-mail refused, nothing left"),
    "NoticeBounced": ("Courriel revenu non distribué", "E-mail came back"),
    "NoticeLost": ("Sort du courriel inconnu", "What became of the e-mail is unknown"),
    "NoticeOrdered": ("Courriel demandé", "E-mail ordered"),
    "OrderWithdrawn": ("Courriel demandé puis abandonné", "E-mail ordered and given up"),
    "PlanAgreed": ("Échéancier convenu", "Payment plan agreed"),
    "InstalmentAnnounced": ("Échéance annoncée", "Instalment announced"),
    "InstalmentMissed": ("Échéance manquée", "Instalment missed"),
    "PlanKept": ("Échéancier respecté", "Payment plan kept"),
    "PlanBroken": ("Échéancier non respecté", "Payment plan broken"),
    "PlanWithdrawn": ("Échéancier annulé", "Payment plan withdrawn"),
    "ReplyReceived": ("Réponse reçue", "Answer received"),
    "ReplySettled": ("Réponse relue par une personne", "Answer settled by a person"),
    "SendingHeld": ("Tous les envois suspendus", "All sending held"),
    "SendingResumed": ("Envois repris", "Sending resumed"),
    "PromiseMade": ("Promesse de règlement", "Promise to pay"),
    "PromiseKept": ("Promesse tenue", "Promise kept"),
    "PromiseBroken": ("Promesse non tenue", "Promise broken"),
    "PromiseWithdrawn": ("Promesse annulée", "Promise withdrawn"),
    "PaymentClaimed": ("Avis de virement du débiteur", "Remittance advice of the debtor"),
    "PaymentClaimConfirmed": ("Avis de virement confirmé par la banque", "Remittance advice confirmed by the bank"),
    "PaymentClaimLapsed": ("Avis de virement resté sans effet", "Remittance advice never confirmed"),
    "DisputeOpened": ("Litige ouvert", "Dispute opened"),
    "DisputeResolved": ("Litige résolu", "Dispute resolved"),
    "BlockPlaced": ("Relances suspendues", "Chasing put on hold"),
    "BlockLifted": ("Suspension levée", "Hold lifted"),
    "InsolvencyReported": ("Procédure collective signalée", "Insolvency reported"),
    "InsolvencyRefuted": ("Procédure collective démentie", "Insolvency refuted"),
    "CallLogged": ("Appel", "Call"),
    "PhoneFoundWrong": ("Numéro de téléphone faux", "Phone number is wrong"),
    "CaseDeclaredUnpaid": ("Facture passée de en retard à impayée", "Invoice passed from late to unpaid"),
    "PromisePartlyKept": ("Promesse tenue en partie", "Promise partly kept"),
    "InstalmentMet": ("Échéance payée", "Instalment met"),
    "DisputeProgressed": ("Litige suivi", "Dispute progressed"),
    "DisputeEscalated": ("Litige transmis plus haut", "Dispute escalated"),
    "BlockReviewed": ("Suspension confirmée", "Hold confirmed"),
    "DebtDeclared": ("Créance déclarée", "Claim declared"),
    "CreditHoldProposed": ("Blocage crédit proposé", "Credit hold proposed"),
    "CreditHeld": ("Blocage crédit décidé", "Credit held"),
    "CreditReleased": ("Blocage crédit levé", "Credit released"),
    "FormalNoticeApproved": ("Mise en demeure approuvée", "Formal notice approved"),
    "LetterWithdrawn": ("Mise en demeure annulée avant impression", "Formal notice withdrawn before print"),
    "LetterPrinted": ("Mise en demeure imprimée et archivée", "Formal notice printed and archived"),
    "LetterPosted": ("Lettre recommandée remise à la poste", "Registered letter posted"),
    "LetterNotPosted": ("Lettre non postée", "Letter not posted"),
    "LetterDelivered": ("Preuve de distribution enregistrée", "Proof of delivery filed"),
    "TaskNarrowed": ("Tâche réduite", "Task narrowed"),
    "TaskUrged": ("Tâche rendue urgente", "Task made urgent"),
    "ErasureBegun": ("Effacement de données personnelles commencé", "Erasure of personal data begun"),
    "RecordsRedacted": ("Données personnelles effacées de la fiche", "Personal data erased from the file"),
    "PersonalErased": ("Données personnelles effacées", "Personal data erased"),
    "NoteWritten": ("Note", "Note"),
    "TaskRaised": ("Tâche créée", "Task raised"),
    "TaskExtended": ("Tâche complétée", "Task extended"),
    "TaskAssigned": ("Tâche attribuée", "Task assigned"),
    "TaskSnoozed": ("Tâche reportée", "Task put off"),
    "TaskClosed": ("Tâche close", "Task closed"),
    "TaskReopened": ("Tâche rouverte", "Task opened again"),
}

_FRENCH = {
    "pre_due": "rappel avant échéance", "courtesy": "rappel avant échéance", "first_reminder": "première relance",
    "second_reminder": "deuxième relance", "third_reminder": "troisième relance", "last_reminder": "dernière relance",
    "formal_notice": "mise en demeure", "call_agreed": "confirmation d’appel", "ask_promise": "demande de date",
    "document_sent": "envoi de document", "call": "appel", "approve_notice": "approuver la mise en demeure",
    "choose_action": "choisir la suite", "review_mail": "lire un courriel", "answer_dispute": "répondre au litige",
    "send_document": "envoyer un document", "negotiate_plan": "négocier un échéancier",
    "confirm_contact": "confirmer le contact", "dead_address": "trouver une adresse",
    "broken_promise": "promesse non tenue", "unconfirmed_payment": "paiement non confirmé",
    "unknown_delivery": "envoi incertain", "refused_mail": "courriel refusé", "insolvency": "procédure collective",
    "complaint": "réclamation", "check_invoice": "contrôler la facture", "time_bar": "prescription",
    "allocate_payment": "affecter un paiement", "post_letter": "poster la lettre", "done": "fait", "reached": "joint",
    "voicemail": "messagerie", "no_answer": "pas de réponse", "wrong_number": "mauvais numéro", "refused": "refus",
    "promised": "promesse", "disputed": "litige", "approved": "approuvé", "rejected": "rejeté", "edited": "modifié",
    "paid": "payé", "credited": "crédité", "withdrawn": "retiré", "payment": "paiement", "credit_note": "avoir",
    "manual": "par une personne", "answered": "réponse reçue", "unverified": "réponse non vérifiée",
    "document": "document demandé", "plan": "échéancier", "human": "réponse d’une personne",
    "wrong_phone": "trouver un numéro", "credit_hold": "blocage crédit", "review_block": "revoir une suspension",
    "missing_credit_note": "établir l’avoir promis", "resume": "reprise des relances",
    "reopen": "litige rouvert",
    "write_off": "passer en perte", "declare_claim": "déclarer la créance", "court_order": "injonction de payer",
    "summary_proceedings": "référé-provision", "collection_agency": "société de recouvrement",
    "factoring": "affacturage", "mediator": "médiateur", "wait": "attendre",
    "file_court_order": "déposer une injonction de payer", "file_summary_proceedings": "engager un référé-provision",
    "hand_to_agency": "confier au recouvrement", "sell_claim": "céder la créance",
    "ask_mediator": "saisir le médiateur", "business": "entreprise",
    "public": "organisme public", "consumer": "particulier", "buyer": "acheteur",
    "approver": "valideur", "payer": "payeur", "director": "direction", "recipient": "destinataire", "reply": "réponse",
    "review": "à lire par une personne", "corrected_invoice": "facture corrigée",
    "transfer": "virement", "cheque": "chèque", "promise_to_pay": "promesse de règlement", "apply": "appliquée",
    "remittance_advice": "avis de virement", "remittance": "avis de virement", "dispute": "litige",
    "payment_plan_request": "demande d’échéancier", "plan_request": "demande d’échéancier",
    "document_request": "demande de document", "contact_change": "changement de contact",
    "out_of_office": "absence", "bounce": "retour de courriel", "acknowledgement": "accusé de réception",
}  # fmt: skip

_STATES = {
    "open": ("ouverte", "open"), "disputed": ("ouverte, en litige", "open, disputed"), "paid": ("payée", "paid"),
    "credited": ("créditée", "credited"), "withdrawn": ("retirée", "withdrawn"),
}  # fmt: skip

# What is told of a record, in this order; ids, tokens and what only the program needs are not.
_TOLD = (
    "kind", "step", "template", "number", "numbers", "takes", "to", "email", "sender", "name", "role", "amount", "owed",
    "instalments", "demands", "totals", "came", "expected", "short", "overdue", "since_on", "cause", "spoke_to",
    "means", "reference", "pay_on", "until", "due_on", "on", "status", "intents", "decision", "reason", "text",
    "outcome", "resolution", "closed", "assignee", "note", "next_on", "message_id", "tracking", "deadline_on", "sha256",
)  # fmt: skip


_TOLD_OF_NAMED = ("kind", "step", "template", "numbers", "takes", "to", "email", "amount", "pay_on")


def told(event: Event, file: DebtorFile, language: str, *, why: str = "") -> tuple[Told, ...]:
    """What happened, as pieces to be put one after the other: text, and the sums and days among it.

    `file` is whole: where an event names a record by its id only, it tells what that is about. What stands in `why`
    already is not said again.
    """
    name = type(event).__name__
    words = _EVENTS.get(name)
    head = words[language != "fr"] if words else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()
    why = in_words(why, language)
    details: list[list[Told]] = []
    for detail in _details(event, file, language):
        if detail not in details and detail != [why]:
            details.append(detail)
    pieces: list[Told] = [head]
    for at, detail in enumerate(details):
        pieces += [", " if at else " : " if language == "fr" else ": ", *detail]
    return tuple(pieces)


def state_of(file: DebtorFile, case: Case, language: str) -> str:
    """How an invoice stands, in words."""
    state = case.closed.value if case.closed else "disputed" if file.dispute_on(case.number) else "open"
    return _STATES[state][language != "fr"]


def _details(event: Event, file: DebtorFile, language: str) -> Iterator[list[Told]]:
    """Of the event and the record that it carries or names; what is empty says nothing."""
    said: set[str] = set()
    carried = [value for value in _values(event) if is_dataclass(value) and not isinstance(value, Money)]
    for names, records in ((_TOLD, [event, *carried]), (_TOLD_OF_NAMED, _named(event, file))):
        for record in records:
            for name in names:
                value = getattr(record, name, None)
                if not value or name in said or (name == "sender" and "@" not in str(value)):
                    continue
                said.add(name)
                if pieces := _pieces(value, language):
                    yield pieces


def _named(event: Event, file: DebtorFile) -> list[Any]:
    """The records whose ids the event gives: `notice_id` is one of `file.notices`."""
    ids = [(field.name.removesuffix("_id"), getattr(event, field.name)) for field in fields(event)]
    found = [getattr(file, f"{kind}s", {}).get(id_) for kind, id_ in ids if isinstance(id_, str)]
    return [record for record in found if record]


def _values(record: Any) -> list[Any]:
    return [getattr(record, field.name) for field in fields(record)]


def _pieces(value: Any, language: str) -> list[Told]:
    if isinstance(value, Money):
        return [value]
    if isinstance(value, datetime):
        return [value.date()]
    if isinstance(value, date):
        return [value]
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        plain = value.replace("_", " ") if re.fullmatch("[a-z]+(_[a-z]+)*", value) else value
        return [_FRENCH.get(value) or in_words(plain, language) if language == "fr" else plain]
    if isinstance(value, tuple):
        # Of (number, step) and (number, step, day) the number is told: the step stands before.
        items = [item[0] if isinstance(item, tuple) else item for item in value]
        parts: list[Told] = []
        for item in items:
            own = _pieces(item, language) if not is_dataclass(item) or isinstance(item, Money) else _record(item)
            parts += [" + ", *own] if parts and own else own
        return parts
    return []


def _record(item: Any) -> list[Told]:
    """A record within a record (an instalment, a demand): its names, days and sums."""
    parts: list[Told] = []
    for value in _values(item):
        if isinstance(value, str | Money | date) and value:
            parts += [" – ", value] if parts else [value]
    return parts
