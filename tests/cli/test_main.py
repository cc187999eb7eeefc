"""The `agnews` command: arguments, standard streams, exit codes and what each part imports."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

import pytest

from agnews import __version__
from agnews.cli.arguments import SHELLS
from agnews.cli.main import main
from agnews.labels import LABELS
from tests.support.requirement import ROOT, require_module
from tests.support.texts import GOAL, OIL

COMMANDS = ("classify", "serve", "info", "evaluate", "bulk", "completion")
HEAVY = ("numpy", "onnxruntime", "rich", "tokenizers", "torch", "transformers")


def agnews(*arguments: str, environment: Mapping[str, str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "agnews", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env=os.environ | dict(environment),
        check=False,
    )


def test_headlines_are_answered_with_their_topics_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", OIL, GOAL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "TOPIC     SCORE   HEADLINE"
    assert [(line.split()[0], line[18:]) for line in lines[1:]] == [("Business", OIL), ("Sports", GOAL)]


def test_jsonl_on_standard_output_is_one_answer_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", OIL, GOAL, "--format", "jsonl", "--top-k", "2"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == ["line", "text", "label", "score", "truncated", "scores"]
    assert (first["line"], first["text"], first["label"], len(first["scores"])) == (1, OIL, "Business", 2)
    assert (second["line"], second["label"]) == (2, "Sports")


def test_a_topic_below_the_minimum_score_is_withheld(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", OIL, "--min-score", "1", "--format", "jsonl"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["label"], answer["abstained"]) == (None, True)


def test_a_bad_headline_is_reported_and_the_others_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", OIL, " ", GOAL]) == 1
    captured = capsys.readouterr()
    assert [line.split()[0] for line in captured.out.splitlines()[1:]] == ["Business", "error", "Sports"]
    assert captured.err.splitlines() == [
        "agnews: headline:2: InputError: the text is empty; send at least one word",
        "agnews: 1 of 3 rows could not be answered",
    ]


def test_a_headline_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", "Arsenal \x1b[2Jwin\nthe \u2028cup " + "again and again " * 7]) == 0  # few tokens
    line = capsys.readouterr().out.splitlines()[1]
    assert line[18:] == "Arsenal [2Jwin the cup " + "again and again " * 6 + "…"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--top-k", "5", OIL], "top_k must be a whole number from 1 to 4, found the number 5"),
        (["--min-score", "nan", OIL], "min_score must be a number from 0 to 1, found the number nan"),
        (["--column", "title", OIL], "--column and the other options about columns and files need a file"),
        (["--file", "examples/headlines.txt", OIL], "give headlines as arguments or with --file, not both"),
        (["--file", "examples/headlines.txt", "--column", "a"], "examples/headlines.txt has no columns to choose from"),
        (["--file", "gone.csv"], "cannot read gone.csv (No such file or directory)"),
        (["--file", "README"], "cannot read README (No such file or directory)"),
        (["--file", "LICENSE"], "LICENSE: expected a name that ends in .txt, .csv, .tsv, .jsonl"),
        (["--output", "out.txt", OIL], "--output out.txt: expected a name that ends in .csv or .jsonl"),
        (["--output", "gone/out.csv", OIL], "cannot write gone/out.csv (No such file or directory)"),
        (["--output", "out.csv", "--format", "csv", OIL], "--format applies to stdout only"),
    ],
)
def test_arguments_that_cannot_be_followed_are_refused(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["classify", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("agnews: ")
    assert message in captured.err


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("AGNEWS_ENGINE", "cuda", "AGNEWS_ENGINE is 'cuda'; choose one of onnx, pipeline"),
        ("AGNEWS_MODEL_DIR", "/gone", "cannot read /gone/manifest.json"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(variable: str, value: str, message: str) -> None:
    done = agnews("classify", OIL, environment={variable: value})
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().startswith(f"agnews: {message}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert f"  agnews {command}" in shown
    assert "example" in shown


def test_help_names_the_commands_and_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(command in shown for command in COMMANDS)
    assert "exit status:" in shown


def test_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"agnews {__version__}\n"


def test_without_a_command_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: agnews")
    assert all(command in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_option_shows_the_usage_of_its_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([command, "bash" if command == "completion" else "x", "--wrong"])
    shown = capsys.readouterr().err
    assert shown.startswith(f"usage: agnews {command}")
    assert "unrecognized arguments: " in shown
    assert f"agnews {command} --help" in shown
    assert len(shown.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["clasify", OIL], "did you mean classify?"),
        (["classify", OIL, "--colunm", "title"], "did you mean --column?"),
        (["classify", OIL, "--min_score=0.5"], "did you mean --min-score?"),
        (["classify", OIL, "--format", "cvs"], "did you mean csv?"),
        ([OIL], "agnews classify HEADLINE"),
    ],
)
def test_an_error_says_what_was_probably_meant(
    arguments: list[str], suggestion: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert suggestion in capsys.readouterr().err


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_script_knows_commands_and_options(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    require_module("shtab")
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(command in script for command in COMMANDS)
    assert "id-column" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_a_command_an_option_and_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    require_module("shtab")
    main(["completion", "bash"])
    script = capsys.readouterr().out
    for words, expected in (
        ("agnews cla", "classify"),
        ("agnews classify --id", "--id-column"),
        ("agnews evaluate LIC", "LICENSE"),
    ):
        state = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))"
        program = f"{script}\n{state}; _shtab_agnews; echo ${{COMPREPLY[@]}}"
        done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
        assert expected in done.stdout.split()


def loaded_modules(*arguments: str) -> set[str]:
    script = f"""
import sys
from agnews.cli.arguments import SHELLS
from agnews.cli.main import main
try:
    main({list(arguments)!r})
except SystemExit:
    pass
sys.stderr.write(",".join(name for name in {HEAVY!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=ROOT, check=True)
    return set(filter(None, done.stderr.decode().split(",")))


def test_help_imports_nothing_heavy() -> None:
    assert loaded_modules("--help") == set()
    assert loaded_modules("classify", "--help") == set()


def test_piped_answers_need_neither_rich_nor_torch() -> None:
    assert loaded_modules("classify", OIL) == {"numpy", "onnxruntime", "tokenizers"}


def test_info_refuses_an_engine_whose_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("agnews.cli.info.find_spec", lambda name: None)
    monkeypatch.setenv("AGNEWS_ENGINE", "pipeline")
    assert main(["info"]) == 2
    assert "pip install torch transformers" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-5", "901", "soon"])
def test_a_timeout_that_lambda_does_not_have_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--timeout", seconds])
    assert "--timeout" in capsys.readouterr().err


def test_info_prints_checkpoint_engine_and_versions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    manifest = json.loads((ROOT / "model_cache" / "manifest.json").read_text(encoding="utf-8"))
    assert (printed["source"], printed["revision"]) == (manifest["source"], manifest["revision"])
    assert printed["engine"] == "onnx"
    assert "onnx" in printed["engines_baked"]
    assert printed["files"]["model.onnx"] == manifest["files"]["model.onnx"]["bytes"]
    assert printed["metrics"] == manifest.get("metrics")
    assert printed["versions"]["agnews"] == __version__
    assert {"numpy", "onnxruntime", "tokenizers", "python"} <= set(printed["versions"])
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    assert f"checkpoint   {manifest['source']} @ {manifest['revision']}" in shown
    assert "config.json 0.8 kB" in shown
    assert "{" not in shown
    accuracy = manifest["metrics"]["validation"]["ag_news"]["title"]["accuracy"]
    assert f"validation ag news title: rows 2,000, accuracy {accuracy}, " in shown


def test_headlines_of_every_script_leave_as_utf_8_in_any_locale() -> None:
    text = "サッカー日本代表 ⚽ أسعار النفط"
    latin = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    done = agnews("classify", "--format", "jsonl", environment=latin, stdin=text.encode())
    assert done.returncode == 0
    answer = json.loads(done.stdout.decode())
    assert answer["text"] == text
    assert answer["label"] in LABELS
