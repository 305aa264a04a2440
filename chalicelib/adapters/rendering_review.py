"""Write the weekly review: the words of templates/review in one language, its tables, and its chart beside them.

`review.text.j2` and `review.html.j2` lay out the same figures; `<language>/labels.j2` holds the words of both. The
chart is a picture in the mail itself, and every figure in it stands in a table: nothing depends on seeing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2

from chalicelib.adapters import rendering_mime as mime
from chalicelib.adapters.rendering import Rendered, dense, environment, tidy
from chalicelib.adapters.rendering_mime import Enclosure
from chalicelib.domain.creditor import Creditor
from chalicelib.domain.numbers import Numbers
from chalicelib.domain.review import Review, review_of
from chalicelib.errors import BadInput


class TemplateReviewWriter:
    """A ReviewWriter."""

    def __init__(self, templates: Path) -> None:
        self._folder = templates / "review"

    def write(self, numbers: Numbers, creditor: Creditor, chart: bytes, *, at: datetime) -> bytes:
        """The mail as RFC 5322 bytes; without a chart where `chart` is empty. BadInput: an address cannot be used."""
        review = review_of(numbers, creditor)
        seed = f"review.{numbers.on:%Y%m%d}"
        domain = creditor.mailbox.rpartition("@")[2]
        shown = [
            Enclosure(name="chart.png", content_type="image/png", content=chart, content_id=f"chart.{seed}@{domain}")
        ]
        rendered = self.render(review, content_id=shown[0].content_id if chart else "")
        return mime.mail(
            _headers(review, rendered.subject, f"<relance.{seed}@{domain}>", at),
            text=rendered.text,
            html=rendered.html,
            shown=shown if chart else (),
            seed=seed,
        )

    def render(self, review: Review, *, content_id: str = "") -> Rendered:
        """The words and tables, before they become a mail."""
        values: dict[str, object] = {"review": review, "numbers": review.numbers, "content_id": content_id}
        return Rendered(
            subject=self._render("subject", review.language, values).strip(),
            text=tidy(self._render("text", review.language, values)),
            html=dense(self._render("html", review.language, values)),
        )

    def _render(self, part: str, language: str, values: Mapping[str, object]) -> str:
        name = f"review.{part}.j2"
        made = environment(self._folder, language, html=part == "html")
        try:
            return made.get_template(name).render(values)
        except jinja2.TemplateError as error:
            raise BadInput(f"templates/review/{name}", str(error), "correct the template") from error


def _headers(review: Review, subject: str, message_id: str, at: datetime) -> list[tuple[str, str]]:
    wanted, creditor = review.creditor.weekly_review, review.creditor
    if wanted is None:
        raise BadInput("creditor, weekly_review", "nobody wants a review", "name who in the creditor's profile")
    to = [mime.checked_address(address, "creditor, weekly_review, to") for address in wanted.to]
    sender = mime.checked_address(review.persona.email, "creditor, personas, collector")
    return [
        ("Date", format_datetime(at.astimezone(ZoneInfo(creditor.zone)))),
        ("From", mime.mailbox(f"Relance ({creditor.name})", sender)),
        ("To", mime.mailboxes(to)),
        ("Subject", mime.unstructured(subject)),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", review.language),
    ]
