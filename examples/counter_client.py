"""A pharmacy's own software, calling the counter API: a client to start from.

It needs httpx2 and joserfc. Make a key once, hand its public half to the authority
(``emask counter-clients add``), and keep the private one where nobody else reads it::

    python counter_client.py new-key key.json public.json
    python counter_client.py sell https://mask.example happy-pharmacy key.json A123456789
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

Product = Literal["adult_mask", "child_mask"]

TOKEN = "/api/v1/token"  # noqa: S105 - an address
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_RENEW_BEFORE = 60  # seconds before the token is over
_TRIES = 4


class Problem(Exception):
    """The API does not do what it is asked; `code` is stable, the texts are in your language."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(f"{document['code']}: {document['detail']} {document['next']}")
        self.code: str = document["code"]
        self.document = document


@dataclass(frozen=True, kw_only=True)
class Eligibility:
    """Whether somebody may buy; `refusal` says why not, in one problem document."""

    allowed: bool
    pieces: int
    masked_name: str | None
    birth_year: int | None
    refusal: dict[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Sale:
    """A sale; keep its id: it is undone by it within five minutes."""

    sale_id: str
    product: Product
    pieces: int
    sold_on: str
    sold_at: str
    by_proxy: bool
    undone_at: str | None


@dataclass
class CounterClient:
    """Calls the counter API for one site.

    Args:
        http: what it calls with; its base_url is the origin of the service.
        client_id: as the authority has registered it.
        key: the private key, with its kid.
        language: which language problems are told in.
        patience: seconds to wait before asking again, twice as many each time.
    """

    http: httpx2.AsyncClient
    client_id: str
    key: ECKey
    language: str = "zh-Hant"
    patience: float = 1
    _token: str = field(default="", init=False)
    _token_ends: float = field(default=0, init=False)

    async def eligibility(self, id_number: str, product: Product) -> Eligibility:
        """May the holder of this card buy here and now?"""
        asked = {"id_number": id_number, "product": product}
        return Eligibility(**await self._call("POST", "/eligibility", body=asked))

    async def sell(self, id_number: str, product: Product, *, key: str | None = None) -> Sale:
        """Sell once, however often the network fails in between.

        Args:
            id_number: as read from the card.
            product: what is sold.
            key: stands for this sale; keep it with the sale if you may have to ask again later.

        Raises:
            Problem: a rule forbids it, or something is wrong with the call.
        """
        asked = {"id_number": id_number, "product": product}
        return Sale(**await self._call("POST", "/sales", body=asked, key=key or str(uuid4())))

    async def undo(self, sale_id: str, reason: str) -> Sale:
        """Undo a sale; to do so again changes nothing."""
        return Sale(**await self._call("POST", f"/sales/{sale_id}/undo", body={"reason": reason}))

    async def sales(self) -> list[Sale]:
        """The site's sales of today, the last one first."""
        return [Sale(**each) for each in await self._call("GET", "/sales")]

    async def stock(self) -> dict[Product, int]:
        """The pieces that are left."""
        return _stock(await self._call("GET", "/stock"))

    async def enter_stock(self, product: Product, pieces: int) -> dict[Product, int]:
        """Enter pieces that came in; what is left afterwards."""
        entered = {"product": product, "pieces": pieces}
        return _stock(await self._call("POST", "/stock", body=entered, key=str(uuid4())))

    async def count_stock(self, product: Product, counted: int) -> dict[Product, int]:
        """Correct the stock to what was counted."""
        entered = {"product": product, "counted": counted}
        return _stock(await self._call("POST", "/stock/counts", body=entered, key=str(uuid4())))

    async def _call(
        self, method: str, path: str, *, body: object = None, key: str | None = None
    ) -> Any:
        """What is answered; asks again where that cannot do harm: nothing happens twice."""
        for attempt in range(_TRIES):
            headers = {"accept-language": self.language, "authorization": await self._bearer()}
            if key is not None:
                headers["idempotency-key"] = f'"{key}"'
            url = f"/api/v1/counter{path}"
            try:
                answer = await self.http.request(method, url, json=body, headers=headers)
            except httpx2.TransportError:
                if attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(self.patience * 2**attempt)
                continue
            if answer.is_success:
                return answer.json()
            if attempt == _TRIES - 1 or not await self._may_ask_again(answer):
                raise Problem(answer.json())
        raise AssertionError("unreachable")

    async def _may_ask_again(self, answer: httpx2.Response) -> bool:
        code = answer.json()["code"]
        if code == "token_ended":
            self._token = ""
        elif code == "too_many_requests":
            await asyncio.sleep(int(answer.headers["retry-after"]))
        elif code == "request_in_flight":
            await asyncio.sleep(self.patience)
        else:
            return False
        return True

    async def _bearer(self) -> str:
        if not self._token or time.time() > self._token_ends:
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._assertion(),
            }
            answer = await self.http.post(TOKEN, data=form)
            answer.raise_for_status()
            told = answer.json()
            self._token = told["access_token"]
            self._token_ends = time.time() + told["expires_in"] - _RENEW_BEFORE
        return f"Bearer {self._token}"

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": str(self.http.base_url.join(TOKEN)),
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid4()),
        }
        header = {"alg": "ES256", "kid": str(self.key.kid)}
        return jwt.encode(header, claims, self.key, algorithms=["ES256"])


def new_key(private: Path, public: Path) -> None:
    """Write a new key, and the set of public keys to hand to the authority."""
    key = ECKey.generate_key("P-256", {"kid": f"key-{int(time.time())}", "use": "sig"})
    private.touch(mode=0o600)
    private.write_text(json.dumps(key.as_dict(private=True)))
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))


async def sell(origin: str, client_id: str, key: ECKey, id_number: str) -> None:
    """Ask, sell adult masks if that may be, and say what came of it."""
    async with httpx2.AsyncClient(base_url=origin) as http:
        client = CounterClient(http, client_id, key)
        may = await client.eligibility(id_number, "adult_mask")
        if may.refusal is not None:
            sys.stdout.write(f"{may.refusal['detail']}\n{may.refusal['next']}\n")
            return
        sale = await client.sell(id_number, "adult_mask")
        sys.stdout.write(f"{may.masked_name}: {sale.pieces}, {sale.sale_id}\n")


def _stock(answer: Any) -> dict[Product, int]:
    return {line["product"]: line["pieces"] for line in answer["stock"]}


def main(arguments: list[str]) -> int:
    """Run one of the two commands above."""
    match arguments:
        case ["new-key", private, public]:
            new_key(Path(private), Path(public))
        case ["sell", origin, client_id, file, id_number]:
            key = ECKey.import_key(json.loads(Path(file).read_text()))
            asyncio.run(sell(origin, client_id, key, id_number))
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
