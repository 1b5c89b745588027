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
        for source, sink in ((card, reader), (reader, card)):
            threading.Thread(target=relay, args=(source, sink), daemon=True).start()


def relay(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(4096):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *(f"--config={path}" for path in sys.argv[2:])))
