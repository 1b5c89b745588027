"""Run inside namespaces of its own: a pcscd whose virtual reader nobody else can reach.

Started by `agent.pcsc` as ``unshare --net --mount python pcscd_box.py FOLDER [READERS]``. pcscd's
socket appears in FOLDER, and the two slots of the virtual reader as the sockets ``slot0`` and
``slot1``; the reader itself listens on all addresses, but only those of this namespace. READERS is
pcscd's reader configuration; an empty file means no reader at all.
"""

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

FIRST_PORT = 35963  # vpcd's own; its second slot has the next one
SLOTS = 2
RUN = Path("/run/pcscd")


def main(folder: Path, *options: str) -> int:
    subprocess.run(["/sbin/ip", "link", "set", "lo", "up"], check=True)
    # A /run of its own: nothing of it may be there, or be somebody else's.
    subprocess.run(["/bin/mount", "-t", "tmpfs", "none", RUN.parent], check=True)
    RUN.mkdir()
    subprocess.run(["/bin/mount", "--bind", folder, RUN], check=True)
    for slot in range(SLOTS):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(folder / f"slot{slot}"))
        listening.listen()
        threading.Thread(target=serve, args=(listening, FIRST_PORT + slot), daemon=True).start()
    pcscd = subprocess.Popen(["/usr/sbin/pcscd", "--foreground", *options])
    # Whoever started this box ends it by closing its standard input, or by ending itself.
    threading.Thread(target=end_with_input, args=(pcscd,), daemon=True).start()
    return pcscd.wait()


def end_with_input(pcscd: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    pcscd.terminate()


def serve(listening: socket.socket, port: int) -> None:
    while True:
        card, _ = listening.accept()
        try:
            reader = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:  # pcscd has no reader
            card.close()
            continue
        threading.Thread(target=from_card, args=(card, reader), daemon=True).start()
        threading.Thread(target=from_reader, args=(reader, card), daemon=True).start()


def from_card(card: socket.socket, reader: socket.socket) -> None:
    with suppress(OSError):
        while chunk := card.recv(4096):
            reader.sendall(chunk)
    with suppress(OSError):
        reader.shutdown(socket.SHUT_RDWR)


def from_reader(reader: socket.socket, card: socket.socket) -> None:
    # vpcd sends a frame's length and its body apart, and the body only when the length was
    # acknowledged: acknowledged late, as is usual, each command would take 40 ms.
    at_once = (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    with suppress(OSError):
        reader.setsockopt(*at_once)
        while chunk := reader.recv(4096):
            reader.setsockopt(*at_once)
            card.sendall(chunk)
    with suppress(OSError):
        card.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *(f"--config={path}" for path in sys.argv[2:])))
