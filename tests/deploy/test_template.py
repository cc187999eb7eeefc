"""template.yaml and samconfig.toml: what sam and cfn-lint accept, and what becomes of the parameters."""

import json
import os
import re
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws_account import Account, account
from tests.support.requirement import ROOT
from tests.support.serverless import run, transform

RECORDING = ROOT / "tests" / "support" / "stand_ins" / "recording"


def test_sam_validates_the_template() -> None:
    done = run("sam", "validate", "--lint")
    assert (done.returncode, "is a valid SAM Template" in done.stdout) == (0, True), done.stderr


def test_cfn_lint_finds_nothing_even_to_remark() -> None:
    regions = ["us-east-1", "eu-central-1", "ap-southeast-2"]
    done = run("cfn-lint", "--include-checks", "I", "--template", "template.yaml", "--regions", *regions)
    assert (done.returncode, done.stdout) == (0, "")


def test_shellcheck_finds_nothing_in_the_scripts() -> None:
    scripts = [*(ROOT / "scripts").glob("*.sh"), *(ROOT / "tests" / "support" / "stand_ins").glob("*/docker")]
    done = run("shellcheck", *map(str, scripts))
    assert (len(scripts) >= 4, done.returncode, done.stdout) == (True, 0, "")


class Engine(BaseHTTPRequestHandler):
    """A stand-in for the Docker engine that answers `sam build`'s question whether it is running."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"OK")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def engine() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("overrides", "options"),
    [
        (
            [],
            "-t classifier:onnx {} --platform linux/amd64"
            " --build-arg ENGINE=onnx --build-arg MODEL=embedded --build-arg ARCHITECTURE=x86_64",
        ),
        (
            ["Engine=pipeline", "Architecture=arm64", "Model=someone/agnews@0123456"],
            "-t classifier:pipeline {} --platform linux/arm64"
            " --build-arg ENGINE=pipeline --build-arg MODEL=someone/agnews@0123456 --build-arg ARCHITECTURE=arm64",
        ),
    ],
    ids=["defaults", "overridden"],
)
def test_sam_build_hands_the_parameters_to_docker_and_asks_for_no_attestations(
    tmp_path: Path, engine: str, overrides: list[str], options: str
) -> None:
    log = tmp_path / "docker.txt"
    docker = {"DOCKER_HOST": engine, "DOCKER_LOG": str(log), "PATH": f"{RECORDING}{os.pathsep}{os.environ['PATH']}"}
    chosen = ["--parameter-overrides", *overrides] if overrides else []
    done = run("sam", "build", "--build-dir", str(tmp_path / "built"), *chosen, **docker)
    assert done.returncode == 0, done.stderr
    flags = options.format("--provenance=false --sbom=false --load")
    assert log.read_text().splitlines() == ["buildx version", f"buildx build -f {ROOT}/Dockerfile {flags} --rm {ROOT}"]


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    return transform("1")


def test_a_public_url_has_both_grants(transformed: dict[str, Any]) -> None:
    permissions = [item for item in transformed["Resources"].values() if item["Type"] == "AWS::Lambda::Permission"]
    assert [item["Condition"] for item in permissions] == ["PublicUrl", "PublicUrl"]
    properties = [item["Properties"] for item in permissions]
    assert [(item["Principal"], item["Action"]) for item in properties] == [
        ("*", "lambda:InvokeFunctionUrl"),
        ("*", "lambda:InvokeFunction"),
    ]
    assert properties[0]["FunctionUrlAuthType"] == "NONE"
    assert properties[1]["InvokedViaFunctionUrl"] is True


def test_pages_may_call_the_url_from_the_origins_that_are_named_and_from_no_other_by_default(
    transformed: dict[str, Any],
) -> None:
    assert transformed["Parameters"]["CorsOrigins"]["Default"] == ""
    assert transformed["Conditions"]["HasCors"] == {
        "Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "CorsOrigins"}]}, ""]}]
    }
    condition, named, otherwise = transformed["Resources"]["Url"]["Properties"]["Cors"]["Fn::If"]
    assert (condition, otherwise) == ("HasCors", {"Ref": "AWS::NoValue"})
    assert named["AllowOrigins"] == {"Ref": "CorsOrigins"}
    assert {"content-type", "authorization", "x-amz-date"} <= set(named["AllowHeaders"])


def test_failed_asynchronous_events_are_kept_however_the_function_was_named(transformed: dict[str, Any]) -> None:
    items = transformed["Resources"].values()
    configured = [item["Properties"] for item in items if item["Type"] == "AWS::Lambda::EventInvokeConfig"]
    assert sorted(item["Qualifier"] for item in configured) == ["$LATEST", "live"]
    queue = {"Fn::GetAtt": ["FailedEvents", "Arn"]}
    assert [item["DestinationConfig"]["OnFailure"]["Destination"] for item in configured] == [queue, queue]


def test_samconfig_gives_values_only_to_parameters_that_exist(transformed: dict[str, Any]) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["default"]
    given = dict(item.split("=") for item in config["global"]["parameters"]["parameter_overrides"])
    defaults = {name: parameter["Default"] for name, parameter in transformed["Parameters"].items()}
    assert given == {name: defaults[name] for name in ("Engine", "Model", "Architecture")}


def test_samconfig_has_no_second_list_of_parameters_that_build_or_deploy_alone_would_read() -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    sections = {
        (name, command): values["parameters"]
        for name in config
        if name != "version"
        for command, values in config[name].items()
    }
    assert [key for key, values in sections.items() if "parameter_overrides" in values] == [("default", "global")]


@pytest.fixture(scope="module")
def stacks(moto_url: str) -> Iterator[Account]:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    config = {"digest": f"sha256:{'0' * 64}", "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
    with account(moto_url, "http://unused") as opened:
        images = opened.client("ecr")
        images.create_repository(repositoryName="agnews")
        images.put_image(repositoryName="agnews", imageTag="1", imageManifest=json.dumps(manifest))
        yield opened


def created(stacks: Account, transformed: dict[str, Any], name: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The function of a new stack. moto has no alias, URL or destination, so permissions are on the function.

    It also keeps what AWS::NoValue leaves out of a list, unlike CloudFormation: roles come without such policies.
    """
    known = {"Function", "Permission", "Role", "LogGroup", "Queue"}
    items = transformed["Resources"].items()
    kept = {key: item for key, item in items if item["Type"].rpartition("::")[2] in known}
    roles = {key: dict(item) for key, item in kept.items() if item["Type"] == "AWS::IAM::Role"}
    for item in roles.values():
        policies = [policy for policy in item["Properties"]["Policies"] if "Fn::If" not in policy]
        item["Properties"] = item["Properties"] | {"Policies": policies}
    template = {key: transformed[key] for key in ("Parameters", "Mappings", "Conditions")} | {"Resources": kept | roles}
    body = json.dumps(template).replace("ClassifierAliaslive", "Classifier")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    stacks.client("cloudformation").create_stack(StackName=name, TemplateBody=body, Parameters=given)
    function: dict[str, Any] = stacks.client("lambda").get_function(FunctionName=name)
    return function


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("onnx", {}, (1769, 60, "onnx", None, 0)),
        ("pipeline", {"Engine": "pipeline", "UrlAuth": "off"}, (3008, 120, "pipeline", None, 0)),
        (
            "chosen",
            {"MemoryMB": "512", "TimeoutSeconds": "30", "ReservedConcurrency": "5", "UrlAuth": "NONE"},
            (512, 30, "onnx", 5, 2),
        ),
    ],
)
def test_a_stack_has_its_engines_defaults_and_no_public_grant_unless_told_otherwise(
    stacks: Account, transformed: dict[str, Any], name: str, parameters: dict[str, str], expected: tuple[Any, ...]
) -> None:
    function = created(stacks, transformed, name, parameters)
    settings = function["Configuration"]
    engine = settings["Environment"]["Variables"]["AGNEWS_ENGINE"]
    reserved = function.get("Concurrency", {}).get("ReservedConcurrentExecutions")
    resources = stacks.client("cloudformation").list_stack_resources(StackName=name)["StackResourceSummaries"]
    grants = [item for item in resources if item["ResourceType"] == "AWS::Lambda::Permission"]
    assert (settings["MemorySize"], settings["Timeout"], engine, reserved, len(grants)) == expected


def test_events_for_the_console_have_names_that_its_test_tab_takes() -> None:
    names = [path.stem for path in (ROOT / "examples" / "events").glob("*.json")]
    assert names
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_-]{1,25}", name)] == []
