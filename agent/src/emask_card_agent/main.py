"""``emask-card-agent``: the agent as a program."""

import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import uvicorn
from starlette.applications import Starlette

from emask_card_agent.connection import Connection
from emask_card_agent.pinentry import Pinentry
from emask_card_agent.reader import read_record, wait_for_card
from emask_card_agent.server import CardAgent, create_app, guards
from emask_card_agent.settings import Settings, parse
from emask_card_agent.signer import Signer
from emask_card_agent.tokens import TokenJudge, client_for

HERE: Final = "127.0.0.1"
_FAREWELL: Final = 3  # seconds that a request has to end when the agent is ended
_NOT_STARTED: Final = 2  # exit status


def run(arguments: Sequence[str] | None = None) -> None:
    """Serve until ended by SIGTERM or from the keyboard."""
    settings = parse(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("emask_card_agent").setLevel(logging.INFO)
    with _listen(settings.port) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            _application(settings, port),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_FAREWELL,
        )
        # uvicorn ends in good order and then raises the signal anew; that is no failure here.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        _introduce(settings, port)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _application(settings: Settings, port: int) -> Starlette:
    agent = CardAgent(
        judge=TokenJudge(client_for(settings.sites)),
        read_record=read_record,
        wait_for_card=wait_for_card,
        signer=Signer(settings.pkcs11_module),
        window=Pinentry(settings.pinentry),
    )
    return create_app(agent, guards(settings.sites, port))


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HERE, port))
    except OSError:
        _say(
            f"無法使用連接埠 {port}，可能已有讀卡程式在執行",
            f"Port {port} cannot be used; a card agent may be running already",
        )
        raise SystemExit(_NOT_STARTED) from None


def _introduce(settings: Settings, port: int) -> None:
    sites = " ".join(sorted(settings.sites))
    _say(f"讀卡程式服務這些網站：{sites}", f"The card agent serves: {sites}")
    if settings.pkcs11_module is None:
        _say(
            "找不到憑證卡的驅動程式，只能讀健保卡；請以 --pkcs11-module 指定",
            "No driver for certificate cards was found, so NHI cards alone can be read;"
            " name one with --pkcs11-module",
        )
    elif shutil.which(settings.pinentry) is None:
        _say(
            f"找不到 {settings.pinentry}，無法輸入 PIN 碼；請安裝或以 --pinentry 指定",
            f"{settings.pinentry} was not found, so no PIN can be typed; install it or name"
            " another with --pinentry",
        )
    _say(f"位址：http://{HERE}:{port}", f"Listening on http://{HERE}:{port}")


def _say(zh: str, en: str) -> None:
    english = os.environ.get("EMASK_LANG", "").startswith("en")
    sys.stdout.write(f"{en if english else zh}\n")
    sys.stdout.flush()
