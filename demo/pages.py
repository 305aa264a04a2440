"""`make pages`: play the sample company, then show the operations pages of its stack until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from typing import Any

import boto3

from demo.__main__ import main as demo
from demo.play import Played
from infra.local.pages_server import DEFAULT_PORT, address, serve_and_reload
from infra.local.people import PEOPLE, admit, settings_of_pages, sign_in_settings

DATA_OF = ("RELANCE_",)
"""Which of a function's variables the pages need: where the data lie."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.pages", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"where the pages are ({DEFAULT_PORT})")
    chosen, rest = parser.parse_known_args(arguments)
    return demo(rest, look=lambda played: _show(played, chosen.port))


def _show(played: Played, port: int) -> None:
    stage, url = played.stage, address(port)
    settings = stage.stack.client_settings()
    pool, client = stage.outputs["PeoplePool"], stage.outputs["PagesClient"]
    admit(stage.stack, pool=pool, client=client, pages_url=url)
    # Another than the deployed one: a stack that is deployed again would write that anew.
    secrets: Any = boto3.client("secretsmanager", **settings)
    secret = secrets.create_secret(
        Name="pages-sign-in", SecretString=sign_in_settings(stage.stack, pool=pool, client=client)
    )["Name"]
    function = boto3.client("lambda", **settings).get_function_configuration(FunctionName=stage.outputs["DueName"])
    data = {k: v for k, v in function["Environment"]["Variables"].items() if k.startswith(DATA_OF)}
    environment = {
        **data, **stage.stack.environment(),
        **settings_of_pages(stage.stack, secret=secret, pages_url=url, pool=pool),
    }  # fmt: skip
    print(f"\nPages: {url}/ops/today\nPassword of all three: {PEOPLE[0].password}")
    for someone in PEOPLE:
        print(f"  {someone.role:10} {someone.email}")
    print("A change of a template, a text or a module is there with the next request. Ctrl-C ends it.", flush=True)
    with suppress(KeyboardInterrupt):
        serve_and_reload(port, environment)


if __name__ == "__main__":
    sys.exit(main())
