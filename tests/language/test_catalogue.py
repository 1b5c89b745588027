"""The English catalogue holds exactly the source texts that templates and code use."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from jinja2 import Environment, nodes

import emask
from emask.language import Language, english, source, translator

PACKAGE = Path(emask.__file__).parent
TEMPLATES = PACKAGE / "web" / "templates"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]+")
SHORT_MESSAGE = "【口罩預購】"  # these ask politely: nobody is waiting on the page for them
ENVIRONMENT = Environment(autoescape=True)
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}


def _extracted() -> set[str]:
    found = [
        *extract_from_dir(PACKAGE, METHODS, OPTIONS, keywords={"_": None, "source": None}),
        # pages say; so do operators' commands, in both languages by themselves
        *extract_from_dir(PACKAGE / "web", METHODS, OPTIONS, keywords={"say": None}),
    ]
    texts: set[str] = set()
    for _file, _line, message, _comments, _context in found:
        assert isinstance(message, str)
        texts.add(message)
    return texts


def _chinese_outside_of_calls(template: Path) -> Iterator[str]:
    """Chinese that a reader of English pages would see untranslated."""
    tree = ENVIRONMENT.parse(template.read_text())
    calls = (call for call in tree.find_all(nodes.Call) if getattr(call.node, "name", "") == "_")
    translated = {id(const) for call in calls for const in call.find_all(nodes.Const)}
    for const in tree.find_all(nodes.Const):
        if id(const) not in translated and CHINESE.search(str(const.value)):
            yield str(const.value)
    for data in tree.find_all(nodes.TemplateData):
        yield from CHINESE.findall(data.data)


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_extraction_finds_templates_and_code() -> None:
    texts = _extracted()
    assert "開始登記" in texts  # a template's
    assert "選擇一家門市" in texts  # code's
    assert "上班族；健保卡已註冊、憑證已登錄，手機是本人月租型門號" in texts  # marked only


def test_every_text_has_its_english() -> None:
    missing = sorted(_extracted() - set(english()))
    assert not missing, "add to locale/en.po:\n" + "\n".join(missing)


def test_no_english_is_left_over() -> None:
    unused = sorted(set(english()) - _extracted())
    assert not unused, "remove from locale/en.po:\n" + "\n".join(unused)


def test_places_are_the_same_in_both_languages() -> None:
    different = {zh: en for zh, en in english().items() if _places(zh) != _places(en)}
    assert not different


def test_english_is_english() -> None:
    assert not [en for en in english().values() if CHINESE.search(en)]


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.stem)
def test_templates_hold_no_text_of_one_language_alone(template: Path) -> None:
    assert not list(_chinese_outside_of_calls(template))


def test_texts_say_what_to_do_and_nothing_harsh() -> None:
    harsh = re.compile(r"請(?!託)|抱歉|無效|非法|禁止")
    pages = [text for text in _extracted() if not text.startswith(SHORT_MESSAGE)]
    assert not [text for text in pages if harsh.search(text)]


def test_languages_know_their_tags_and_each_other() -> None:
    assert Language.ZH.tag == "zh-Hant-TW"
    assert Language.EN.tag == "en"
    assert Language.ZH.other is Language.EN
    assert Language.EN.other is Language.ZH
    assert {each.own_name for each in Language} == {"繁體中文", "English"}
    assert [each.code for each in Language] == ["zh", "en"]


def test_zh_is_as_written_and_unknown_texts_stand_for_themselves() -> None:
    assert translator(Language.ZH)("開始登記") == "開始登記"
    assert translator(Language.EN)("開始登記") == "Start now"
    assert translator(Language.EN)("沒有人寫過的句子") == "沒有人寫過的句子"
    assert source("任何句子") == "任何句子"
