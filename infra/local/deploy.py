"""Deploy a stage: package, upload, CloudFormation, outputs. One path for AWS and for the local stack.

python -m infra.local.deploy --stage prod --set SenderDomain=example.com
python -m infra.local.deploy --stage local --endpoint http://127.0.0.1:4566
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.package import Package, PackagingFailed, package

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
SECONDS_BETWEEN_LOOKS = {True: 0.1, False: 5.0}  # by whether the stack is local


class DeployFailed(Exception):
    """The stack was not deployed. The message says what failed and what to do."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A deployed stack: its name, its outputs, and how long each part took."""

    stack: str
    outputs: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)


def deploy(
    stage: str,
    *,
    endpoint: str | None = None,
    dynamodb_endpoint: str | None = None,
    parameters: Mapping[str, str] | None = None,
    stack: str = "",
    packaged: Package | None = None,
    settings: Mapping[str, Any] | None = None,
    say: Callable[[str], None] = print,
) -> Deployed:
    """Bring the stack of `stage` to what the project says.

    endpoint: a local stack's, which the functions are then told of; None is AWS. dynamodb_endpoint: the
    table lives there instead (local stack only). parameters: of infra/resources.yaml. packaged: what
    to deploy; made of the project where it is left out. settings: for the AWS
    clients (region, keys).
    """
    stack = stack or f"relance-{stage}"
    took: dict[str, float] = {}
    session = boto3.session.Session(**{k: v for k, v in (settings or {}).items() if k != "endpoint_url"})

    def client(service: str) -> Any:
        # A local stack knows no virtual hosts; path style works for both.
        config = Config(s3={"addressing_style": "path"}, retries={"mode": "standard"})
        return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]

    with _Timed("package", took):
        say(f"{stack}: packaging …")
        packaged = packaged or package(stage)
    with _Timed("upload", took):
        say(f"{stack}: uploading {packaged.zip.stat().st_size / 1e6:.1f} MB …")
        template_url = _upload(client("s3"), session, client("sts"), packaged, endpoint, dynamodb_endpoint)
    with _Timed("stack", took):
        outputs = _bring_up(
            client("cloudformation"), stack, template_url, _parameters(parameters, endpoint), bool(endpoint), say
        )
    if dynamodb_endpoint:
        _copy_table(client("dynamodb"), session, dynamodb_endpoint, outputs["TableName"])
    say(f"{stack}: ready ({', '.join(f'{what} {seconds:.1f} s' for what, seconds in took.items())})")
    return Deployed(stack=stack, outputs=outputs, seconds=took)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.deploy", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--stage", choices=("prod", "local"), required=True)
    parser.add_argument("--endpoint", help="URL of a local stack; AWS itself where it is left out")
    parser.add_argument("--dynamodb-endpoint", help="URL of a DynamoDB that keeps the table of the local stack")
    parser.add_argument("--stack", default="", help="name of the CloudFormation stack (relance-<stage>)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter of the template")
    parser.add_argument("--verbose", action="store_true", help="where packaging fails, all that it printed")
    chosen = parser.parse_args(arguments)
    if chosen.stage == "local" and not chosen.endpoint:
        parser.error("--stage local needs --endpoint: it never goes to AWS")
    for pair in chosen.set:
        if pair.find("=") < 1:
            parser.error(f"--set {pair}: write KEY=VALUE")
    try:
        deployed = deploy(
            chosen.stage,
            endpoint=chosen.endpoint,
            dynamodb_endpoint=chosen.dynamodb_endpoint,
            parameters=dict(pair.split("=", 1) for pair in chosen.set),
            stack=chosen.stack,
            settings=_local_settings() if chosen.endpoint else None,
        )
    except (DeployFailed, PackagingFailed, BotoCoreError, ClientError) as error:
        if isinstance(error, PackagingFailed) and chosen.verbose:
            print(error.said, file=sys.stderr)
        print(f"not deployed: {error}", file=sys.stderr)
        return 1
    width = max(len(key) for key in deployed.outputs)
    for key, value in sorted(deployed.outputs.items()):
        print(f"  {key:{width}}  {value}")
    return 0


def _parameters(given: Mapping[str, str] | None, endpoint: str | None) -> dict[str, str]:
    return {**({"LocalStack": "yes"} if endpoint else {}), **(given or {})}


def _local_settings() -> dict[str, str]:
    from infra.local.ministack import ACCESS_KEY, REGION, SECRET_KEY

    return {"region_name": REGION, "aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}


def _upload(
    s3: Any, session: Any, sts: Any, packaged: Package, endpoint: str | None, dynamodb_endpoint: str | None
) -> str:
    """Put zip and template where CloudFormation finds them; gives the template's URL."""
    account = sts.get_caller_identity()["Account"]
    bucket = f"relance-artifacts-{account}-{session.region_name}"
    _have_bucket(s3, bucket, session.region_name)
    code = packaged.zip.read_bytes()
    code_key = f"{hashlib.sha256(code).hexdigest()}.zip"
    _put_once(s3, bucket, code_key, code)
    template = json.dumps(_pointed_at(packaged.template, f"s3://{bucket}/{code_key}", endpoint, dynamodb_endpoint))
    template_key = f"{hashlib.sha256(template.encode()).hexdigest()}.json"
    _put_once(s3, bucket, template_key, template.encode())
    # A template in a request may have 51,200 bytes; ours is near that.
    return f"{s3.meta.endpoint_url}/{bucket}/{template_key}"


def _pointed_at(
    template_file: Path, code_uri: str, endpoint: str | None, dynamodb_endpoint: str | None
) -> dict[str, Any]:
    template: dict[str, Any] = yaml.safe_load(template_file.read_text("utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = code_uri
    endpoints = {"AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint}
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables.update({name: url for name, url in endpoints.items() if url})
    return template


def _have_bucket(s3: Any, bucket: str, region: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
    # us-east-1 is the one region that must not be named.
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True))


def _put_once(s3: Any, bucket: str, key: str, content: bytes) -> None:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        s3.put_object(Bucket=bucket, Key=key, Body=content)


def _bring_up(
    cloudformation: Any,
    stack: str,
    template_url: str,
    parameters: Mapping[str, str],
    local: bool,
    say: Callable[[str], None],
) -> dict[str, str]:
    before = _describe(cloudformation, stack)
    if before and before["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        raise DeployFailed(
            f"stack {stack} is left over from a failed creation ({before['StackStatus']}); delete it first"
        )
    given: list[dict[str, Any]] = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    if before:
        # What was set at an earlier deploy stays set.
        given += [
            {"ParameterKey": p["ParameterKey"], "UsePreviousValue": True}
            for p in before.get("Parameters", ()) if p["ParameterKey"] not in parameters
        ]  # fmt: skip
    act = cloudformation.update_stack if before else cloudformation.create_stack
    say(f"{stack}: {'updating' if before else 'creating'} the stack …")
    try:
        act(StackName=stack, TemplateURL=template_url, Parameters=given, Capabilities=list(CAPABILITIES))
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise
        say(f"{stack}: nothing has changed")
    after = _wait(cloudformation, stack, local)
    if after["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        why = _failures(cloudformation, stack) or after.get("StackStatusReason") or "no reason given"
        raise DeployFailed(f"stack {stack} is {after['StackStatus']}: {why}")
    return {output["OutputKey"]: output["OutputValue"] for output in after.get("Outputs", ())}


def _describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def _wait(cloudformation: Any, stack: str, local: bool) -> dict[str, Any]:
    while True:
        now = _describe(cloudformation, stack)
        if now is None:
            raise DeployFailed(f"stack {stack} has gone while it was deployed")
        if not now["StackStatus"].endswith("IN_PROGRESS"):
            return now
        time.sleep(SECONDS_BETWEEN_LOOKS[local])


def _failures(cloudformation: Any, stack: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    failed = [
        f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', 'no reason given')}"
        for e in reversed(events) if "FAILED" in e["ResourceStatus"]
    ]  # fmt: skip
    return "; ".join(failed[:5])


def _copy_table(dynamodb: Any, session: Any, endpoint: str, table: str) -> None:
    """Make the stack's table in another DynamoDB, which CloudFormation does not reach."""
    made = dynamodb.describe_table(TableName=table)["Table"]
    indexes = [
        {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
        for index in made.get("GlobalSecondaryIndexes", ())
    ]
    other = session.client("dynamodb", endpoint_url=endpoint)
    try:
        other.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=made["AttributeDefinitions"],
            KeySchema=made["KeySchema"],
            **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
        )
    except other.exceptions.ResourceInUseException:
        return
    other.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 20})


class _Timed:
    """How long a block took, noted under its name."""

    def __init__(self, what: str, took: dict[str, float]) -> None:
        self._what, self._took = what, took

    def __enter__(self) -> None:
        self._started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._took[self._what] = time.monotonic() - self._started


if __name__ == "__main__":
    sys.exit(main())
