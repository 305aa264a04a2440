"""What deploying does beside CloudFormation, tried without a whole stack."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import boto3
import pytest
import yaml

from infra.local.deploy import _copy_table, _pointed_at, main
from infra.local.ministack import MiniStack
from infra.local.package import Package


def test_the_trial_never_goes_to_aws(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--stage", "local"])
    assert "--endpoint" in capsys.readouterr().err


@pytest.mark.parametrize("pair", ["SenderDomain", "=", "=x"])
def test_a_setting_without_a_value_is_refused(pair: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--stage", "prod", "--set", pair])
    assert "write KEY=VALUE" in capsys.readouterr().err


def test_only_a_local_stack_is_told_where_its_services_are(packaged: Package) -> None:
    def variables(**endpoints: str | None) -> dict[str, Any]:
        given: dict[str, Any] = {"endpoint": None, "dynamodb_endpoint": None, **endpoints}
        template = _pointed_at(packaged.template, "s3://b/k.zip", **given)
        assert all(
            r["Properties"]["CodeUri"] == "s3://b/k.zip"
            for r in template["Resources"].values()
            if r["Type"] == "AWS::Serverless::Function"
        )
        return dict(template["Globals"]["Function"]["Environment"]["Variables"])

    assert not [name for name in variables() if name.startswith("AWS_")]
    local = variables(endpoint="http://a", dynamodb_endpoint="http://b")
    assert (local["AWS_ENDPOINT_URL"], local["AWS_ENDPOINT_URL_DYNAMODB"]) == ("http://a", "http://b")


def test_every_variable_of_the_functions_is_one_that_bootstrap_explains(packaged: Package) -> None:
    from chalicelib.bootstrap import WHAT

    template = yaml.safe_load(packaged.template.read_text("utf-8"))
    own = [
        resource["Properties"].get("Environment", {}).get("Variables", {})
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    named = set(template["Globals"]["Function"]["Environment"]["Variables"]).union(*own)
    assert {name for name in named if name.startswith("RELANCE_")} == set(WHAT)


def test_the_table_can_live_in_another_dynamodb(ministack: MiniStack, dynamodb_local: str) -> None:
    settings: dict[str, Any] = dict(ministack.client_settings())
    name = f"copied-{uuid4().hex[:8]}"
    here = boto3.client("dynamodb", **settings)
    attributes = ("pk", "sk", "agenda_pk", "agenda_sk")
    here.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in attributes],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{
            "IndexName": "agenda", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["task"]},
            "KeySchema": [
                {"AttributeName": "agenda_pk", "KeyType": "HASH"}, {"AttributeName": "agenda_sk", "KeyType": "RANGE"},
            ],
        }],
    )  # fmt: skip
    session = boto3.session.Session(**{k: v for k, v in settings.items() if k != "endpoint_url"})
    for _ in range(2):  # the second time it is there
        _copy_table(here, session, dynamodb_local, name)
    there = session.client("dynamodb", endpoint_url=dynamodb_local).describe_table(TableName=name)["Table"]
    assert [k["AttributeName"] for k in there["KeySchema"]] == ["pk", "sk"]
    assert there["GlobalSecondaryIndexes"][0]["Projection"]["NonKeyAttributes"] == ["task"]
