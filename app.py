"""Every entry point of Relance: four schedules, four queues, and the routes and pages of `chalicelib.web`.

A schedule's event carries its `time` and a queue's message its `at` (moved on by the time that it has waited):
they are the clock of all that follows, so a day that is played again runs the same code as the day itself.
Each entry names the verb of the pipeline that does the work.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate, SQSEvent

from chalicelib.bootstrap import import_files, import_log, numbers_store, parts, review_writer
from chalicelib.entry import (
    acting_at,
    dropped_files,
    log_as_json,
    on_messages,
    on_schedule,
    reported_at,
    text_of,
)
from chalicelib.pipeline.apply_replies import apply_reply
from chalicelib.pipeline.collect_mail import collect_mail
from chalicelib.pipeline.import_dropped import import_dropped
from chalicelib.pipeline.keep import office_of
from chalicelib.pipeline.remind import remind
from chalicelib.pipeline.run_dunning import run_dunning as run
from chalicelib.pipeline.settle_notices import settle
from chalicelib.pipeline.watch import watch as look_after
from chalicelib.pipeline.weekly_review import look_back
from chalicelib.web import agreements as _agreements  # noqa: F401 — adds its routes
from chalicelib.web import letters as _letters  # noqa: F401 — adds its routes
from chalicelib.web.pages import pages
from chalicelib.web.routes import routes

log_as_json()
app = Chalice(app_name="relance", configure_logs=False)
app.register_blueprint(routes)
app.register_blueprint(pages)


@app.lambda_function(name="dunning_run")
def dunning_run(event: dict[str, Any], context: Any) -> Any:
    """Hand out the debtors that may be due: hourly in the creditor's day (RunSchedule in infra/)."""
    return on_schedule("dunning_run", event, context, lambda at: run(parts(), at=at))


@app.schedule(Rate(5, unit=Rate.MINUTES), name="mailbox_poll")
def mailbox_poll(event: CloudWatchEvent) -> Any:
    """Archive what has come into the creditor's mailbox."""
    return on_schedule("mailbox_poll", event.to_dict(), event.context, lambda at: collect_mail(parts(), at=at))


@app.schedule(Rate(1, unit=Rate.HOURS), name="watch")
def watch(event: CloudWatchEvent) -> Any:
    """Look after what nobody else would notice: blindness, mails that a queue lost."""
    return on_schedule("watch", event.to_dict(), event.context, lambda at: look_after(parts(), at=at))


@app.lambda_function(name="numbers")
def numbers(event: dict[str, Any], context: Any) -> Any:
    """Count the day's numbers, and mail the week's review: every quarter of an hour (NumbersSchedule in infra/)."""
    return on_schedule(
        "numbers", event, context, lambda at: look_back(parts(), numbers_store(), review_writer(), at=at)
    )


# As many senders as the function's reserved concurrency (.chalice/config.json): more would only be turned away.
@app.on_sqs_message(queue="due", name="due", batch_size=10, maximum_concurrency=5)
def due(event: SQSEvent) -> dict[str, Any]:
    """Do what is due about a debtor: remind, raise tasks, note what time has changed."""
    office = cache(lambda: office_of(parts()))  # read once for the batch
    return on_messages(
        "due", event,
        lambda m: remind(parts(), text_of(m, "debtor_id"), at=acting_at(m), office=office()),
    )  # fmt: skip


@app.on_sqs_message(queue="mail", name="mail", batch_size=5)
def mail(event: SQSEvent) -> dict[str, Any]:
    """Read an archived mail and let it change the case that it answers."""
    return on_messages("mail", event, lambda m: apply_reply(parts(), text_of(m, "mail_id"), at=acting_at(m)))


@app.on_sqs_message(queue="imports", name="imports", batch_size=1, maximum_concurrency=2)
def imports(event: SQSEvent) -> dict[str, Any]:
    """Import the ledger files that were dropped in the import bucket."""
    return on_messages(
        "imports", event,
        lambda m: [
            import_dropped(parts(), import_files(), key, at=at, log=import_log()) for key, at in dropped_files(m)
        ],
    )  # fmt: skip


@app.on_sqs_message(queue="provider-events", name="provider_events", batch_size=10)
def provider_events(event: SQSEvent) -> dict[str, Any]:
    """Settle notices by what the mail provider reports: delivered, bounced, complained about."""
    return on_messages("provider_events", event, lambda m: settle(parts(), m, at=reported_at(m)))
