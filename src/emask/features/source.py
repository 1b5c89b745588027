"""Feature files: from Gherkin text to scenarios whose every step is understood, or to errors.

Errors carry file and line and are told in both languages: whoever writes next week's rules is a
policy officer, not a programmer.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler, GherkinDocumentWithURI, Pickle
from gherkin.token_matcher import TokenMatcher

from emask.features.registry import NotUnderstood, Registry, Step

_LANGUAGE = "zh-TW"  # of a file without its own `# language:` line


@dataclass(frozen=True, slots=True, kw_only=True)
class FileError:
    """Something in a feature file that cannot be run as it stands."""

    file: str
    line: int
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.zh} / {self.en}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One scenario, or one row of an outline's examples, with its steps in order."""

    file: str
    line: int
    feature: str
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the files hold: the scenarios that can run and everything that is wrong."""

    scenarios: tuple[Scenario, ...]
    errors: tuple[FileError, ...]


def feature_files(path: Path) -> list[Path]:
    """The feature file at ``path``, or all below that folder in the order of their names."""
    if path.is_dir():
        return sorted(path.rglob("*.feature"))
    return [path]


def read_features(paths: Sequence[Path], registry: Registry) -> Features:
    """Read every file; one that cannot be read at all yields errors and no scenario."""
    scenarios: list[Scenario] = []
    errors: list[FileError] = []
    for path in paths:
        found = _read(path, registry)
        scenarios += found.scenarios
        errors += found.errors
    return Features(scenarios=tuple(scenarios), errors=tuple(errors))


def _read(path: Path, registry: Registry) -> Features:
    file = str(path)
    try:
        document = _parse(path)
        pickles = Compiler().compile(document)
    except CompositeParserException as wrong:
        return _only(*(_syntax(file, error) for error in wrong.errors))
    except ParserException as wrong:
        return _only(_syntax(file, wrong))
    except OSError as wrong:
        reason = wrong.strerror or "?"
        return _only(_error(file, 1, f"讀不到檔案：{reason}", f"cannot read the file: {reason}"))
    except UnicodeDecodeError:
        return _only(_error(file, 1, "檔案須以 UTF-8 儲存", "the file must be saved as UTF-8"))
    except re.error:
        zh = "例子的欄名只用文字，不用括號等符號"
        return _only(_error(file, 1, zh, "name the columns of examples without brackets or signs"))
    problems = [*_structure(file, document, registry)]
    scenarios: list[Scenario] = []
    for pickle in pickles:
        steps, wrong_steps = _steps(file, pickle, _lines(document), registry)
        problems += wrong_steps
        if not wrong_steps and steps:
            scenarios.append(_scenario(file, document, pickle, steps))
    return Features(scenarios=tuple(scenarios), errors=tuple(dict.fromkeys(problems)))


def _parse(path: Path) -> GherkinDocumentWithURI:
    text = path.read_text(encoding="utf-8-sig")
    document = Parser().parse(text, TokenMatcher(_LANGUAGE))
    return cast("GherkinDocumentWithURI", {**document, "uri": str(path)})


def _scenario(
    file: str, document: Mapping[str, Any], pickle: Pickle, steps: Sequence[Step]
) -> Scenario:
    return Scenario(
        file=file,
        line=pickle["location"]["line"],
        feature=document["feature"]["name"],
        name=pickle["name"],
        steps=tuple(steps),
    )


def _steps(
    file: str, pickle: Pickle, lines: Mapping[str, int], registry: Registry
) -> tuple[list[Step], list[FileError]]:
    steps: list[Step] = []
    errors: list[FileError] = []
    for step in pickle["steps"]:
        line = lines[step["astNodeIds"][0]]
        argument = cast("dict[str, Any]", step.get("argument") or {})
        rows = argument.get("dataTable", {}).get("rows", [])
        table = tuple(tuple(cell["value"] for cell in row["cells"]) for row in rows)
        try:
            steps.append(registry.understand(step["text"], line=line, table=table))
        except NotUnderstood as wrong:
            errors.append(_error(file, line, wrong.zh, wrong.en))
    return steps, errors


def _structure(file: str, document: Mapping[str, Any], registry: Registry) -> Iterator[FileError]:
    """What Gherkin accepts without a word although nothing of it would run."""
    feature = document.get("feature")
    if feature is None or not list(_scenarios(feature)):
        yield _error(file, 1, "檔案裡沒有任何場景", "the file holds no scenario")
        return
    for holder in (*_backgrounds(feature), *_scenarios(feature)):
        yield from _swallowed(file, holder, registry)
    for scenario in _scenarios(feature):
        line = scenario["location"]["line"]
        if not scenario["steps"]:
            yield _error(file, line, "場景沒有步驟", "the scenario has no step")
        for examples in scenario["examples"]:
            if not examples.get("tableBody"):
                below = examples["location"]["line"]
                yield _error(file, below, "例子沒有任何一列", "the examples have no row")
        if not scenario["examples"] and "大綱" in scenario["keyword"]:
            yield _error(file, line, "場景大綱沒有例子", "the outline has no examples")


def _swallowed(file: str, holder: Mapping[str, Any], registry: Registry) -> Iterator[FileError]:
    """Steps under a misspelt keyword, which Gherkin takes for the scenario's description."""
    for below, text in enumerate(holder["description"].splitlines(), 1):
        _, _, rest = text.strip().partition(" ")
        if rest and registry.knows(rest.strip()):
            line = holder["location"]["line"] + below
            zh = "此行開頭不是步驟的關鍵字（假設、當、那麼、並且、但是）"
            yield _error(file, line, zh, "the line does not begin with a step keyword")


def _children(feature: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    for child in feature["children"]:
        if kind in child:
            yield child[kind]
        elif "rule" in child:
            yield from _children(child["rule"], kind)


def _scenarios(feature: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return _children(feature, "scenario")


def _backgrounds(feature: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return _children(feature, "background")


def _lines(document: Mapping[str, Any]) -> dict[str, int]:
    feature = document["feature"]
    holders = (*_backgrounds(feature), *_scenarios(feature))
    return {step["id"]: step["location"]["line"] for holder in holders for step in holder["steps"]}


def _syntax(file: str, wrong: ParserException) -> FileError:
    _, _, detail = str(wrong).partition(": ")
    return _error(file, wrong.location["line"], f"語法不符 Gherkin（{detail}）", detail)


def _error(file: str, line: int, zh: str, en: str) -> FileError:
    return FileError(file=file, line=line, zh=zh, en=en)


def _only(*errors: FileError) -> Features:
    return Features(scenarios=(), errors=errors)
