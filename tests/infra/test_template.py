"""The template that is deployed: sound, closed, and no right wider than it must be."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local.package import AWS_SERVICES, PROJECT, Package

Template = Mapping[str, Any]
FUNCTIONS = {"APIHandler", "DunningRun", "MailboxPoll", "Watch", "Due", "Mail", "Imports", "ProviderEvents", "Numbers"}
HOW_PEOPLE_SIGN_IN = "SignIn"  # names a client that is public, and is made anew with its stack
QUEUE_OF = {"Due": "DueQueue", "Mail": "MailQueue", "Imports": "ImportQueue", "ProviderEvents": "ProviderEventQueue"}


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: r.get("Properties", {}) for name, r in template["Resources"].items() if r["Type"] == kind}


def functions(template: Template) -> dict[str, Any]:
    return of_type(template, "AWS::Serverless::Function")


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement that allows or denies something to a role, with the role's name."""
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                for one in statement["Fn::If"][1:] if "Fn::If" in statement else [statement]:
                    yield name, one


def on_a_local_stack_alone(value: str) -> dict[str, Any]:
    """What an emulator needs and AWS never sees."""
    return {"Fn::If": ["OnAws", {"Ref": "AWS::NoValue"}, value]}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.slow
def test_cfn_lint_finds_nothing(packaged: Package) -> None:
    linted = subprocess.run(
        [str(Path(sys.executable).with_name("cfn-lint")), "--", str(packaged.template)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (linted.returncode, linted.stdout + linted.stderr) == (0, "")


def test_letters_are_printed_by_the_sender_alone_and_handed_out_by_the_routes(template: Template) -> None:
    letters = {"Fn::Sub": "${Archive.Arn}/letters/*"}
    rights: dict[str, set[str]] = {}
    for role, one in statements(template):
        if letters in as_list(one["Resource"]):
            rights.setdefault(role.removesuffix("Role"), set()).update(as_list(one["Action"]))
    # Personal data is erased with every version; nobody may delete what is not asked for by its version.
    erases = {"s3:DeleteObjectVersion"}
    assert rights == {"Due": {"s3:GetObject", "s3:PutObject"}, "ApiHandler": {"s3:GetObject"} | erases}


def test_what_names_people_is_erased_by_the_pages_alone_and_no_invoice_or_evidence(template: Template) -> None:
    mine = [(role, one) for role, one in statements(template) if "s3:DeleteObjectVersion" in as_list(one["Action"])]
    ((role, one),) = mine
    assert role == "ApiHandlerRole"
    erased = {resource["Fn::Sub"].removeprefix("${Archive.Arn}/") for resource in one["Resource"]}
    assert erased == {
        "mail/*", "attachments/*", "examples/*", "sent/*", "letters/*", "litigation/*", "exports/personal/*",
    }  # fmt: skip
    listed = [one for _, one in statements(template) if "s3:ListBucketVersions" in as_list(one["Action"])]
    assert [set(one["Condition"]["StringLike"]["s3:prefix"]) for one in listed] == [erased]


def test_every_function_is_there_and_has_a_role_of_its_own(template: Template) -> None:
    roles = {name: json.dumps(f["Role"]) for name, f in functions(template).items()}
    assert set(roles) == FUNCTIONS
    assert len(set(roles.values())) == len(FUNCTIONS)


def test_no_role_reaches_beyond_what_the_stack_made(template: Template) -> None:
    for role, statement in statements(template):
        for resource in as_list(statement["Resource"]):
            if role in ("DueRole", "NumbersRole") and resource == on_a_local_stack_alone("*"):
                continue
            text = json.dumps(resource)
            assert resource != "*", (role, statement)
            if isinstance(resource, str) or "Fn::Sub" in resource:
                ours = r"\$\{(AWS::StackName|[A-Z][A-Za-z]+\.Arn|ConfigurationSet|SenderDomain)\}"
                assert re.search(ours, text), (role, text)


def test_no_role_may_do_everything_with_anything(template: Template) -> None:
    for role, statement in statements(template):
        assert statement["Effect"] == "Allow"
        for action in as_list(statement["Action"]):
            assert action == on_a_local_stack_alone("sqs:SendMessageBatch") or "*" not in action, (role, action)


@pytest.mark.parametrize(
    ("action", "roles"),
    [
        ("ses:SendRawEmail", {"DueRole", "NumbersRole"}),
        ("secretsmanager:GetSecretValue", {"ApiHandlerRole", "DueRole", "MailboxPollRole", "NumbersRole"}),
        (
            "sqs:SendMessage",
            {"ApiHandlerRole", "DunningRunRole", "MailRole", "MailboxPollRole", "WatchRole", "SchedulerRole"},
        ),
        ("s3:PutObject", {"ApiHandlerRole", "DueRole", "ImportsRole", "MailboxPollRole", "NumbersRole"}),
        ("s3:DeleteObject", set()),
        ("s3:DeleteObjectVersion", {"ApiHandlerRole"}),
        ("s3:ListBucketVersions", {"ApiHandlerRole"}),
        ("dynamodb:Scan", set()),
        ("dynamodb:DeleteTable", set()),
    ],
)
def test_only_those_that_need_a_right_have_it(template: Template, action: str, roles: set[str]) -> None:
    assert {role for role, statement in statements(template) if action in as_list(statement["Action"])} == roles


def test_the_sender_may_read_no_secret_but_its_own_servers(template: Template) -> None:
    reads = [s for role, s in statements(template) if role == "DueRole" and "secretsmanager" in json.dumps(s["Action"])]
    assert [s["Resource"] for s in reads] == [{"Fn::GetAtt": ["SmtpSecret", "Id"]}]


@pytest.mark.parametrize("function", sorted(QUEUE_OF))
def test_a_queue_hides_a_message_six_times_as_long_as_its_function_may_run(template: Template, function: str) -> None:
    queue = template["Resources"][QUEUE_OF[function]]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * functions(template)[function]["Timeout"]


@pytest.mark.parametrize("function", sorted(QUEUE_OF))
def test_a_consumer_takes_its_own_queue_and_reports_failures_one_by_one(template: Template, function: str) -> None:
    (event,) = functions(template)[function]["Events"].values()
    assert event["Properties"]["Queue"] == {"Fn::Sub": f"${{{QUEUE_OF[function]}.Arn}}"}
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("function", sorted(QUEUE_OF))
def test_what_keeps_failing_goes_where_an_alarm_rings(template: Template, function: str) -> None:
    redrive = template["Resources"][QUEUE_OF[function]]["Properties"]["RedrivePolicy"]
    (letters, _) = redrive["deadLetterTargetArn"]["Fn::GetAtt"]
    assert redrive["maxReceiveCount"] >= 3
    watched = [json.dumps(alarm.get("Dimensions")) for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()]
    assert any(f'"{letters}"' in dimensions for dimensions in watched)


def test_every_queue_is_encrypted(template: Template) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    assert len(queues) == 9
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())


def test_every_bucket_is_encrypted_closed_versioned_cleaned_up_and_refuses_plain_http(template: Template) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    assert set(buckets) == {"Archive", "ImportBucket"}
    for bucket in buckets.values():
        assert bucket["BucketEncryption"]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["LifecycleConfiguration"]["Rules"]
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert all(bucket["PublicAccessBlockConfiguration"].values())
    policies = of_type(template, "AWS::S3::BucketPolicy").values()
    assert {policy["Bucket"]["Ref"] for policy in policies} == set(buckets)
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_holds_data_outlives_the_stack(template: Template) -> None:
    kept = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret")
    for name, resource in template["Resources"].items():
        if resource["Type"] in kept and name != HOW_PEOPLE_SIGN_IN:
            policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
            # What a failed first deploy leaves behind would only be in the way of the next.
            assert policies == ("RetainExceptOnCreate", "Retain"), name


def test_the_table_can_be_brought_back_to_any_second(template: Template) -> None:
    (table,) = of_type(template, "AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_as_many_senders_are_invited_as_the_sender_may_be(template: Template) -> None:
    due = functions(template)["Due"]
    (event,) = due["Events"].values()
    assert event["Properties"]["ScalingConfig"] == {"MaximumConcurrency": due["ReservedConcurrentExecutions"]}


def test_nothing_is_traced_and_no_function_runs_longer_than_a_lost_notice_waits(template: Template) -> None:
    from chalicelib.domain.elapsed import OUTCOME_WITHIN

    for name, function in functions(template).items():
        assert function["Tracing"] == "PassThrough"
        assert function["Timeout"] < OUTCOME_WITHIN.total_seconds(), name


def test_the_run_keeps_the_creditors_hours_on_weekdays(template: Template) -> None:
    schedule = of_type(template, "AWS::Scheduler::Schedule")["RunSchedule"]
    assert schedule["ScheduleExpression"] == "cron(0 7-18 ? * MON-FRI *)"
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "CreditorZone"}
    assert "Input" not in schedule["Target"], "without an input the event carries its time"


def test_the_numbers_are_counted_before_work_and_the_review_is_tried_until_the_evening(template: Template) -> None:
    schedule = of_type(template, "AWS::Scheduler::Schedule")["NumbersSchedule"]
    assert schedule["ScheduleExpression"] == "cron(0/15 4-19 ? * * *)"
    assert schedule["ScheduleExpressionTimezone"] == {"Ref": "CreditorZone"}
    assert schedule["State"] == {"Ref": "Schedules"}
    assert "Input" not in schedule["Target"], "without an input the event carries its time"
    alarm = template["Resources"]["NumbersMissedAlarm"]["Properties"]
    night = 24 - 19.75 + 4
    assert night + 1 < alarm["Period"] * alarm["EvaluationPeriods"] / 3600 <= 24


def test_the_review_may_be_archived_nowhere_but_among_the_desks_mails(template: Template) -> None:
    puts = [s for role, s in statements(template) if role == "NumbersRole" and "s3:PutObject" in as_list(s["Action"])]
    assert [s["Resource"] for s in puts] == [{"Fn::Sub": "${Archive.Arn}/sent/desk/*"}]


def test_every_schedule_can_be_switched_off(template: Template) -> None:
    switch = {"Ref": "Schedules"}
    assert template["Resources"]["RunSchedule"]["Properties"]["State"] == switch
    for name in ("MailboxPoll", "Watch"):
        (event,) = functions(template)[name]["Events"].values()
        assert event["Properties"]["State"] == switch


def test_a_run_that_does_not_happen_rings_but_a_weekend_does_not(template: Template) -> None:
    alarm = template["Resources"]["RunMissedAlarm"]["Properties"]
    hours = alarm["Period"] * alarm["EvaluationPeriods"] / 3600
    weekend = 24 - 18 + 24 + 24 + 7
    assert weekend + 1 < hours <= 7 * 24, "CloudWatch looks back a week at most"
    assert alarm["TreatMissingData"] == "breaching"


def test_every_function_has_an_alarm_for_its_errors(template: Template) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    watched = {a["Dimensions"][0]["Value"]["Ref"] for a in alarms if a["MetricName"] == "Errors"}
    assert watched == FUNCTIONS
    assert all(a["AlarmActions"] == [{"Ref": "Alarms"}] for a in alarms)


def test_no_secret_stands_in_the_template(template: Template) -> None:
    secrets = dict(of_type(template, "AWS::SecretsManager::Secret"))
    told = secrets.pop(HOW_PEOPLE_SIGN_IN)["SecretString"]["Fn::Sub"]
    assert set(json.loads(told)) == {"issuer", "client_id"}
    for secret in secrets.values():
        assert set(secret) == {"Description"}


def test_nobody_signs_up_and_nobody_signs_in_by_a_weak_password(template: Template) -> None:
    (people,) = of_type(template, "AWS::Cognito::UserPool").values()
    assert people["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert people["MfaConfiguration"] == "OPTIONAL"
    rules = people["Policies"]["PasswordPolicy"]
    assert rules["MinimumLength"] >= 14
    assert all(rules[f"Require{what}"] for what in ("Lowercase", "Uppercase", "Numbers", "Symbols"))


def test_the_pages_sign_in_by_code_alone_and_come_back_to_us_alone(template: Template) -> None:
    (client,) = of_type(template, "AWS::Cognito::UserPoolClient").values()
    assert (client["AllowedOAuthFlows"], client["GenerateSecret"]) == (["code"], False)
    assert len(client["CallbackURLs"]) == 1
    groups = {g["GroupName"] for g in of_type(template, "AWS::Cognito::UserPoolGroup").values()}
    assert groups == {"viewer", "collector", "manager"}


def test_what_the_sign_in_leaves_is_deleted_in_time(template: Template) -> None:
    (table,) = of_type(template, "AWS::DynamoDB::Table").values()
    assert table["TimeToLiveSpecification"] == {"AttributeName": "forget_at", "Enabled": True}


def test_merging_left_no_value_with_two_meanings(template: Template) -> None:
    def look(value: Any, path: str) -> None:
        if isinstance(value, dict):
            meanings = [key for key in value if key == "Ref" or key.startswith("Fn::")]
            assert not meanings or len(value) == 1, path
            for key, item in value.items():
                look(item, f"{path}/{key}")
        elif isinstance(value, list):
            for number, item in enumerate(value):
                look(item, f"{path}/{number}")

    look(template["Resources"], "")


def test_the_provider_reports_in_the_words_of_the_cloudformation_resource(template: Template) -> None:
    """Elsewhere Amazon SES writes DELIVERY_DELAY; this resource knows the names of the API's first version."""
    (reports,) = of_type(template, "AWS::SES::ConfigurationSetEventDestination").values()
    known = {"send", "reject", "bounce", "complaint", "delivery", "deliveryDelay"}
    assert set(reports["EventDestination"]["MatchingEventTypes"]) == known


COMMAND_LINE_ALONE = {"cloudformation", "lambda"}


def test_every_service_that_the_functions_call_is_in_the_zip() -> None:
    source = Path(PROJECT, "chalicelib", "bootstrap.py").read_text("utf-8")
    called = set(re.findall(r'_client\("([a-z0-9]+)"', source))
    assert "dynamodb" in called
    assert called - COMMAND_LINE_ALONE <= AWS_SERVICES
    for module in Path(PROJECT, "chalicelib").rglob("*.py"):
        if module.name != "bootstrap.py":
            assert "boto3.client" not in module.read_text("utf-8"), module


SIDS_OF_UPLOADS = {"LetFilesBeDropped", "PutExports", "RememberMappings", "LetProofsBeHandedOver", "KeepProofs"}


def test_the_pages_may_let_files_be_dropped_in_one_place_and_read_scans_of_receipts_alone(template: Template) -> None:
    mine = [
        (as_list(one["Action"]), json.dumps(one["Resource"]))
        for _, one in statements(template)
        if one.get("Sid") in SIDS_OF_UPLOADS
    ]
    assert mine == [
        (["s3:GetObject", "s3:PutObject"], '{"Fn::Sub": "${Archive.Arn}/exports/*"}'),
        (["s3:PutObject"], '{"Fn::Sub": "${Archive.Arn}/mappings/*"}'),
        (["s3:PutObject"], '{"Fn::Sub": "${ImportBucket.Arn}/dropped/*"}'),
        (["s3:GetObject", "s3:PutObject"], '{"Fn::Sub": "${ImportBucket.Arn}/proofs/*"}'),
        (["s3:PutObject"], '{"Fn::Sub": "${Archive.Arn}/letters/*-proof.*"}'),
    ]
    (rule,) = of_type(template, "AWS::S3::Bucket")["ImportBucket"]["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]
    assert "*" not in rule["AllowedOrigins"]
    exports = of_type(template, "AWS::S3::Bucket")["Archive"]["LifecycleConfiguration"]["Rules"][1]
    assert (exports["Prefix"], exports["ExpirationInDays"]) == ("exports/", 1)


def test_what_names_people_beside_the_files_lapses_by_itself(template: Template) -> None:
    rules = of_type(template, "AWS::S3::Bucket")["Archive"]["LifecycleConfiguration"]["Rules"]
    lapses = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert lapses == {"exports/": 1, "sent/desk/": 90}
