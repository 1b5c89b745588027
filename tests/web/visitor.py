"""A visitor without JavaScript: reads pages, fills in forms, follows redirects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

Attributes = dict[str, str]


@dataclass(slots=True)
class HtmlForm:
    """A form as it stands on a page: where it goes, and what it holds already."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    """Picks out of a page what a visitor acts on."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self.links: list[str] = []
        self.language = ""
        self.words: dict[str, list[str]] = {"title": [], "h1": [], "main": []}
        self._inside: list[str] = []
        self._form: HtmlForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in self.words:
            self._inside.append(tag)
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self._form = HtmlForm(given.get("action", ""), given.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(tag, given, self._form)

    def _field(self, tag: str, given: Attributes, form: HtmlForm) -> None:
        name = given.get("name", "")
        if tag == "select":
            self._select = name
            form.names.add(name)
        elif tag == "option" and ("selected" in given or self._select not in form.values):
            form.values[self._select] = given.get("value", "")
        elif tag in ("input", "button") and name:
            form.names.add(name)
            chosen = given.get("type") in ("radio", "checkbox") and "checked" not in given
            if tag == "input" and not chosen:
                form.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside.remove(tag)
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        for tag in self._inside:
            self.words[tag].append(data)


@dataclass(slots=True)
class Sheet:
    """A page as a visitor sees it."""

    status: int
    url: str
    path: str
    html: str
    headers: httpx.Headers
    language: str
    title: str
    heading: str
    text: str
    forms: list[HtmlForm]
    links: list[str]


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser. Every page they see is kept in ``seen``."""

    client: httpx.AsyncClient
    language: str
    seen: list[Sheet] = field(default_factory=list)

    @property
    def page(self) -> Sheet:
        """The page in front of them."""
        return self.seen[-1]

    async def go(self, path: str) -> Sheet:
        """Open a page of their language."""
        return self._look(await self._follow("GET", f"/{self.language}{path}"))

    async def open(self, address: str) -> Sheet:
        """Open a whole address, as one that was scanned or sent to them."""
        return self._look(await self._follow("GET", address))

    async def submit(self, holding: str = "", /, **answers: str) -> Sheet:
        """Fill in and send the form that has a field of this name, or the first in ``main``."""
        form = self.form(holding or next(iter(answers), ""))
        values = {**form.values, **answers}
        address = urljoin(self.page.url, form.action or self.page.path)
        if form.method == "get":
            return self._look(await self._follow("GET", address, params=values))
        return self._look(await self._follow("POST", address, data=values))

    async def post(self, path: str, /, **answers: str) -> Sheet:
        """Send what no form on the page would send, with the page's token."""
        token = next(f.values["_csrf_token"] for f in self.page.forms if "_csrf_token" in f.values)
        data = {"_csrf_token": token, **answers}
        return self._look(await self._follow("POST", f"/{self.language}{path}", data=data))

    def form(self, holding: str = "") -> HtmlForm:
        """The page's form with a field of this name."""
        return next(
            form
            for form in self.page.forms
            if not form.action.endswith("/sign-out") and (not holding or holding in form.names)
        )

    async def _follow(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return await self.client.request(
            method, path, data=data, params=params, follow_redirects=True
        )

    def _look(self, answer: httpx.Response) -> Sheet:
        reader = _Reader()
        reader.feed(answer.text)
        words = {tag: " ".join(" ".join(text).split()) for tag, text in reader.words.items()}
        self.seen.append(
            Sheet(
                status=answer.status_code,
                url=str(answer.url),
                path=answer.url.raw_path.decode(),
                html=answer.text,
                headers=answer.headers,
                language=reader.language,
                title=words["title"],
                heading=words["h1"],
                text=words["main"],
                forms=reader.forms,
                links=reader.links,
            )
        )
        return self.page
