"""The `agnews` command as a process: terminals, pipes, full disks and Ctrl-C."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from agnews.cli.main import main
from tests.support.requirement import ROOT
from tests.support.texts import GOAL, OIL


def at_a_terminal(*arguments: str, typed: bytes = b"") -> tuple[int, str]:
    """Exit code and screen of the command with a pseudo-terminal as its three standard streams."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "agnews", *arguments]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT) as process:
        os.close(theirs)
        os.write(ours, typed)
        screen = b""
        try:
            while part := os.read(ours, 65_536):
                screen += part
        except OSError:  # Linux answers so when the other side is closed
            pass
    os.close(ours)
    return process.returncode, screen.decode()


def test_a_pipe_is_answered_as_its_lines_arrive() -> None:
    command = [sys.executable, "-m", "agnews", "classify", "--format", "jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin and process.stdout
        for text, label in ((OIL, "Business"), (GOAL, "Sports")):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["label"] == label
    assert process.returncode == 0


def test_a_terminal_gets_a_table() -> None:
    code, screen = at_a_terminal(
        "classify", OIL, "[red]NASA[/red] telescope finds water on a planet", "", "--top-k", "2"
    )
    assert code == 1
    assert "Headline" in screen
    assert "Business" in screen
    assert "[red]NASA[/red]" in screen
    assert "line 3" in screen
    assert screen.count("the text is empty") == 1
    assert "headline:3: InputError: the text is empty" in screen


def test_headlines_typed_at_a_terminal_are_answered_after_a_hint_how_to_end() -> None:
    code, screen = at_a_terminal("classify", typed=f"{OIL}\n{GOAL}\n\x04".encode())
    assert code == 0
    assert "type one headline per line, and Ctrl-D to end" in screen
    assert "Business" in screen
    assert "Sports" in screen


def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text(f"{OIL}\n" * 5_000, encoding="utf-8")
    command = [sys.executable, "-m", "agnews", "classify", "--file", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize("arguments", [[], ["--help"], ["info"], ["classify", OIL]], ids=" ".join)
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_reader_that_was_never_there_is_no_traceback(arguments: list[str], closed: str) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "agnews", *arguments],
        stdout=theirs if closed == "stdout" else subprocess.PIPE,
        stderr=theirs if closed == "stderr" else subprocess.PIPE,
        cwd=ROOT,
    )
    os.close(theirs)
    assert done.returncode in (0, 141)  # argparse itself passes over an error while it prints the help
    assert not done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_one_line_and_exit_code_2() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "agnews", "classify", OIL],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        2,
        b"agnews: standard output: No space left on device; free some space, or write to another disk\n",
    )


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("number", "code", "message"),
    [(signal.SIGINT, 130, "agnews: interrupted after "), (signal.SIGTERM, 143, ""), (signal.SIGHUP, 129, "")],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP"],
)
def test_an_end_by_signal_leaves_no_half_output(tmp_path: Path, number: int, code: int, message: str) -> None:
    assert signalled(tmp_path, [number]) == (code, message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_more_signals_end_it_with_the_same_status_and_no_traceback(tmp_path: Path, number: int, code: int) -> None:
    # The signal itself ends a process whose work is over; a shell reports both alike.
    assert signalled(tmp_path, [number] * 5)[0] in (code, -number)


def signalled(folder: Path, numbers: Sequence[int]) -> tuple[int, str]:
    """Send signals to a command that is writing into `folder`. Return its exit status and the start of its errors."""
    command = [sys.executable, "-m", "agnews", "classify", "--output", str(folder / "out.jsonl")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin and process.stderr
        process.stdin.write(f"{OIL}\n".encode() * 2_500)
        process.stdin.flush()
        while not any(part.stat().st_size for part in folder.iterdir()):
            assert process.poll() is None
            time.sleep(0.05)
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.005)
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    return process.returncode, errors[: len("agnews: interrupted after ")]


def test_a_caller_may_have_closed_the_output() -> None:
    command = f"exec {sys.executable} -m agnews classify 'Oil prices climb' >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], cwd=ROOT).returncode == 0


SIGNALLED_WHERE_IT_IS_DROPPED = """
import signal, sys, time
from agnews.cli import main

class Dying:
    def __del__(self):
        signal.raise_signal({number})

def in_a_destructor():
    Dying()  # Python drops what it raises

def in_a_library():
    try:
        signal.raise_signal({number})
    except:
        pass

def command(_):
    {place}()
    time.sleep(100)

main.load_command = lambda name: command
sys.exit(main.main(["info"]))
"""


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(
    ("number", "code", "message"), [(signal.SIGINT, 130, "agnews: interrupted\n"), (signal.SIGTERM, 143, "")]
)
@pytest.mark.parametrize("place", ["in_a_destructor", "in_a_library"])
def test_a_signal_whose_exception_is_dropped_ends_the_command_all_the_same(
    number: int, code: int, message: str, place: str
) -> None:
    program = SIGNALLED_WHERE_IT_IS_DROPPED.format(number=int(number), place=place)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stderr) == (code, message)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_an_import_turns_into_an_import_error_is_still_an_interruption(
    number: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> NoReturn:
        try:
            signal.raise_signal(number)
        except BaseException as error:
            raise ImportError("cannot import name 'x'") from error
        raise AssertionError("the signal had no handler")

    monkeypatch.setattr("agnews.cli.main.load_command", interrupted)
    monkeypatch.setattr("agnews.cli.main.received", [])
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    assert main(["info"]) == code
    assert capsys.readouterr().err == "agnews: interrupted\n"
