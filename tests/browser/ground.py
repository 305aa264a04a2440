"""The ground of the browser tests: the real application on the embedded stack, served as API Gateway would.

People, client and secret come from the very template that deploys them; only the address to come back to is local.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import boto3
from samtranslator.yaml_helper import yaml_parse

from chalicelib import bootstrap
from infra.local.ministack import MiniStack
from infra.local.pages_server import address, serving
from infra.local.people import PEOPLE, Someone, admit, settings_of_pages, sign_in_settings
from infra.local.ports import free_port
from tests.e2e.real import RealProgram, real_program

TEMPLATE = Path(__file__).resolve().parents[2] / "infra" / "resources.yaml"
STACK = "pages-test"
BUILT_ONCE = (
    bootstrap.parts, bootstrap.sessions, bootstrap.identity, bootstrap._secrets, bootstrap.policy_store,
    bootstrap.audit_log, bootstrap.directory, bootstrap.numbers_store, bootstrap.import_log,
    bootstrap.import_files, bootstrap.import_queue, bootstrap.upload_door,
)  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """Where the pages are, and what lies below them. `program.put(file, at)` stores a debtor's file."""

    url: str
    program: RealProgram
    stack: MiniStack

    def someone(self, role: str) -> Someone:
        return next(one for one in PEOPLE if one.role == role)

    def to(self, path: str) -> str:
        return f"{self.url}{path}"


@contextmanager
def standing(stack: MiniStack, at: datetime, *, port: int = 0) -> Iterator[Ground]:
    """Everything up while the block lasts; the environment is given back afterwards."""
    port = port or free_port()
    outputs = _deploy_sign_in(stack, address(port))
    admit(stack, pool=outputs["PeoplePool"], client=outputs["PagesClient"], pages_url=address(port))
    program = real_program(stack.endpoint, stack, at)
    boto3.client("secretsmanager", **stack.client_settings()).put_secret_value(
        SecretId=f"{STACK}-sign-in",
        SecretString=sign_in_settings(stack, pool=outputs["PeoplePool"], client=outputs["PagesClient"]),
    )
    bucket = program.parts.archive._bucket  # type: ignore[attr-defined]
    boto3.client("s3", **stack.client_settings()).put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={"CORSRules": [{
            "AllowedMethods": ["POST"], "AllowedHeaders": ["*"], "AllowedOrigins": [address(port).rpartition("/")[0]],
        }]},
    )  # fmt: skip
    settings = {
        **stack.environment(),
        **settings_of_pages(
            stack, secret=f"{STACK}-sign-in", pages_url=address(port), pool=outputs["PeoplePool"]
        ),
        "RELANCE_TABLE": program.table.name,
        "RELANCE_ARCHIVE_BUCKET": bucket,
        "RELANCE_IMPORT_BUCKET": bucket,
        "RELANCE_IMPORT_QUEUE_URL": program.due_queue_url,
        "RELANCE_DUE_QUEUE_URL": program.due_queue_url,
        "RELANCE_MAIL_QUEUE_URL": program.due_queue_url,
        "RELANCE_OUTBOX": "ses",
        "RELANCE_SES_CONFIGURATION_SET": "none",
        "RELANCE_MAILBOX_SECRET": "none",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    for function in BUILT_ONCE:
        function.cache_clear()
    try:
        from app import app

        with serving(app, port) as url:
            yield Ground(url, program, stack)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        for function in BUILT_ONCE:
            function.cache_clear()


def _deploy_sign_in(stack: MiniStack, pages_url: str) -> dict[str, str]:
    """The template's people, client and secret, through CloudFormation as they are deployed."""
    whole = yaml_parse(TEMPLATE.read_text("utf-8"))
    kept = {
        name: resource for name, resource in whole["Resources"].items()
        if str(resource.get("Type", "")).startswith("AWS::Cognito::") or name == "SignIn"
    }  # fmt: skip
    for urls in ("CallbackURLs", "LogoutURLs"):
        # The other branch names the API, which is not deployed here.
        kept["PagesClient"]["Properties"][urls] = [kept["PagesClient"]["Properties"][urls][0]["Fn::If"][1]]
    template = {
        "Parameters": {name: whole["Parameters"][name] for name in ("PagesUrl", "LocalStack")},
        "Conditions": {"OnAws": whole["Conditions"]["OnAws"]},
        "Resources": kept,
        "Outputs": {name: whole["Outputs"][name] for name in ("PeoplePool", "PagesClient")},
    }
    cloudformation = boto3.client("cloudformation", **stack.client_settings())
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": "PagesUrl", "ParameterValue": pages_url},
            {"ParameterKey": "LocalStack", "ParameterValue": "yes"},
        ],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    made = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
