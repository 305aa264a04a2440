"""What may follow a formal notice that brought no money: the options as data, and the task that each of them raises.

The facts are those of French procedure; a person chooses, with the debtor's file before them. Whatever was chosen, a
payment in full closes the task by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.domain.calendar import BusinessCalendar
from chalicelib.domain.debtor_file import Case, DebtorFile, Task, TaskKind, at_stake


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing to do next: what it is, what it costs, what it needs, in French and English, and the task it raises.

    `within_business_days` is how soon the task is due.
    """

    outcome: str
    task: TaskKind | None
    title: Mapping[str, str]
    what: Mapping[str, str]
    costs: Mapping[str, str]
    needs: Mapping[str, str]
    law: str = ""
    within_business_days: int = 5

    def reason(self, language: str, file: str) -> str:
        """Why its task is raised; `file` is what is to be handed over."""
        law = f" ({self.law})" if self.law else ""
        title, what, costs, needs = (told[language] for told in (self.title, self.what, self.costs, self.needs))
        if language == "fr":
            return f"{title}{law} : {what}. Coût : {costs}. Il faut : {needs}. Le dossier à remettre : {file}"
        return f"{title}{law}: {what}. Costs: {costs}. Needs: {needs}. The file to hand over: {file}"


OPTIONS: tuple[Option, ...] = (
    Option(
        outcome="court_order",
        task=TaskKind.FILE_COURT_ORDER,
        title={"fr": "Injonction de payer", "en": "Order to pay (injonction de payer)"},
        what={
            "fr": "requête sans audience ; signifiée, le débiteur a un mois pour s’y opposer",
            "en": "a request without a hearing; once it is served the debtor has a month to object",
        },
        costs={"fr": "environ 37 € de greffe, plus la signification", "en": "about 37 EUR of court fees, plus service"},
        needs={
            "fr": "créance contractuelle d’un montant déterminé : commande, livraison, facture, mise en demeure",
            "en": "a contractual debt of a fixed amount: order, delivery, invoice, formal notice",
        },
        law="CPC art. 1405 sq.",
    ),
    Option(
        outcome="summary_proceedings",
        task=TaskKind.FILE_SUMMARY_PROCEEDINGS,
        title={"fr": "Référé-provision", "en": "Summary proceedings (référé-provision)"},
        what={
            "fr": "assignation devant le président du tribunal, qui peut accorder une provision",
            "en": "a summons before the court’s president, who may grant an interim payment",
        },
        costs={
            "fr": "commissaire de justice, et l’avocat s’il y en a un",
            "en": "bailiff, and a lawyer where there is one",
        },
        needs={
            "fr": "une obligation qui n’est pas sérieusement contestable",
            "en": "an obligation that cannot seriously be contested",
        },
        law="CPC art. 872-873",
    ),
    Option(
        outcome="collection_agency",
        task=TaskKind.HAND_TO_AGENCY,
        title={"fr": "Société de recouvrement", "en": "Collection agency"},
        what={
            "fr": "un tiers relance à l’amiable pour votre compte",
            "en": "a third party chases for you, out of court",
        },
        costs={"fr": "une commission, selon le mandat", "en": "a commission, by its mandate"},
        needs={"fr": "un mandat écrit et le dossier", "en": "a written mandate and the file"},
    ),
    Option(
        outcome="factoring",
        task=TaskKind.SELL_CLAIM,
        title={"fr": "Cession de la créance", "en": "Sale of the claim (factoring)"},
        what={"fr": "céder la créance à un affactureur", "en": "sell the claim to a factor"},
        costs={"fr": "commission et décote, selon le contrat", "en": "commission and discount, by the contract"},
        needs={
            "fr": "une créance non contestée que l’affactureur accepte",
            "en": "an undisputed claim that the factor accepts",
        },
    ),
    Option(
        outcome="mediator",
        task=TaskKind.ASK_MEDIATOR,
        title={"fr": "Médiateur des entreprises", "en": "Business mediator (Médiateur des entreprises)"},
        what={
            "fr": "médiation confidentielle, quand le différend est réel et que le client compte",
            "en": "a confidential mediation, where the dispute is real and the client matters",
        },
        costs={"fr": "gratuit", "en": "free"},
        needs={"fr": "l’accord des deux parties", "en": "that both parties agree"},
    ),
    Option(
        outcome="wait",
        task=None,
        title={"fr": "Attendre", "en": "Wait"},
        what={"fr": "ne rien faire jusqu’à une date", "en": "do nothing until a day"},
        costs={"fr": "rien, sauf le temps", "en": "nothing but time"},
        needs={"fr": "une date", "en": "a day"},
    ),
    Option(
        outcome="write_off",
        task=TaskKind.WRITE_OFF,
        title={"fr": "Passer en perte", "en": "Write off"},
        what={
            "fr": "constater la perte ; la facture est soldée par le prochain import",
            "en": "book the loss; the next import settles the invoice",
        },
        costs={"fr": "la créance", "en": "the claim"},
        needs={"fr": "l’accord de la direction", "en": "the director’s consent"},
        within_business_days=10,
    ),
)

OUTCOMES = frozenset(option.outcome for option in OPTIONS)


def follow_up(
    file: DebtorFile, task: Task, outcome: str, cases: Sequence[Case], calendar: BusinessCalendar, *, today: date
) -> Task | None:
    """The task that an option raises, about the cases that are still open; None where it raises none."""
    option = next(option for option in OPTIONS if option.outcome == outcome)
    if option.task is None or not cases:
        return None
    return Task(
        id=f"{option.task}-{task.id}",
        kind=option.task,
        raised_on=today,
        due_on=calendar.add(today, option.within_business_days),
        reason=option.reason("en", f"relance litigation {file.id} --out FILE.zip"),
        numbers=tuple(case.number for case in cases),
        at_stake=at_stake(cases),
        assignee=task.assignee,
    )
