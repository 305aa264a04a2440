"""Show the pages on the ground of the tests until Ctrl-C: `python -m tests.browser`, up in five seconds."""

from __future__ import annotations

import tempfile
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tests.conftest  # noqa: F401  (clears the machine's own AWS settings and sets those of the embedded parts)
from infra.local.ministack import run_ministack
from infra.local.people import PEOPLE
from tests.browser.ground import standing
from tests.sample import case, file_of

NAMES = ("Garage Morel", "Boulangerie Lefèvre", "Clinique des Tilleuls", "Mairie de Vertou", "Transports Ngo & Fils")


def main() -> None:
    at = datetime.now(UTC)
    with (
        tempfile.TemporaryDirectory() as folder,
        run_ministack(Path(folder), persist=False) as stack,
        standing(stack, at, port=8600) as ground,
    ):
        for number, name in enumerate(NAMES):
            due = (at - timedelta(days=12 * number - 5)).date().isoformat()
            file = file_of(case(f"F{number}01", due), case(f"F{number}02", due, "80.50"), id=f"C00{number}", name=name)
            ground.program.put(file, at - timedelta(days=70))
        print(f"{ground.url}/ops/today, password {PEOPLE[0].password}: {', '.join(one.email for one in PEOPLE)}")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
