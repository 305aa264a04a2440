"""Play the whole demonstration: stage, creditor, story, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from chalicelib.domain.calendar import local_day
from chalicelib.domain.creditor import Creditor
from chalicelib.domain.debtor_file import DebtorFile
from demo.chronicle import Chronicle
from demo.exhibits import Exhibits, write
from demo.figures import Figures, count
from demo.stage import Clock, Stage, StageBroken, set_up
from demo.story import Story


@dataclass(frozen=True)
class Played:
    """What was played, while the stage is still up. `mails` are the bytes of all that reached our mailbox."""

    stage: Stage
    chronicle: Chronicle
    figures: Figures
    mails: tuple[bytes, ...]
    files: dict[str, DebtorFile]
    exhibits: Exhibits


@contextmanager
def play(
    state: Path,
    creditor: Creditor,
    *,
    progress: Callable[[date, Chronicle], None],
    say: Callable[[str], None],
    last_day: date | None = None,
    aws_port: int | None = None,
    mail_page_port: int | None = None,
) -> Iterator[Played]:
    """Everything from the start of the stack to the figures; what was started ends with the block."""
    with set_up(state, creditor, Clock(), say=say, aws_port=aws_port, mail_page_port=mail_page_port) as stage:
        stage.parts.offices.set_creditor(creditor)
        today = last_day or local_day(datetime.now(UTC), creditor.zone)
        chronicle = Story(stage, today=today).play(progress)
        if dead := stage.dead_letters():
            raise StageBroken(f"messages that nobody could work on: {dead}; see {stage.stack.log}")
        mails = tuple(d.raw for d in stage.server.deliveries() if not stage.is_ours(d))
        store = stage.parts.store
        files = {id_: file for id_ in store.debtor_ids() if (file := store.load(id_, whole=True))}
        figures = count(stage.parts, list(files.values()), mails, today=today)
        yield Played(stage, chronicle, figures, mails, files, write(stage.parts, files, chronicle, to=state))
