"""A pinentry whose person is made up: it types what a test says, one answer for each question."""

import sys
from collections.abc import Sequence
from pathlib import Path

CANCEL = "cancel"
TIMEOUT = "timeout"
SILENCE = "silence"
NO_WINDOW = "no window"

REFUSALS = {
    CANCEL: "ERR 83886179 Operation cancelled <Pinentry>",
    TIMEOUT: "ERR 83886142 Timeout <Pinentry>",
    NO_WINDOW: "ERR 83918950 Inappropriate ioctl for device <Pinentry>",
}


def fake_pinentry(folder: Path, answers: Sequence[str]) -> Path:
    """The program; PINs, or one of the constants above, are its answers in turn.

    What the agent said to it is kept in the file ``said`` beside it.
    """
    (folder / "answers").write_text("\n".join(answers))
    program = folder / "pinentry"
    program.write_text(f"#!{sys.executable}\n{Path(__file__).read_text()}\nconverse()\n")
    program.chmod(0o755)
    return program


def converse() -> None:
    folder = Path(__file__).parent
    say("OK Pleased to meet you")
    for line in sys.stdin:
        command = line.rstrip("\n")
        with (folder / "said").open("a") as said:
            said.write(f"{command}\n")
        if command == "GETPIN":
            type_in(folder / "answers")
        elif command.startswith(("SETTIMEOUT", "OPTION lc-ctype")):
            say("ERR 83886355 Unknown option <Pinentry>")  # older ones do not know it
        else:
            say("OK")


def type_in(answers: Path) -> None:
    answer, _, rest = answers.read_text().partition("\n")
    answers.write_text(rest)
    if answer == SILENCE:
        sys.stdin.read()
    elif answer in REFUSALS:
        say(REFUSALS[answer])
    else:
        say("# a comment")
        say("S PASSWORD_FROM_CACHE")
        say(f"D {answer.replace('%', '%25')}")
        say("OK")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
