"""``slot_state.py SLOT present|empty``: wait until the PC/SC service sees it so.

A program of its own, because a process keeps to the first PC/SC service it spoke to.
"""

import sys
import time

from smartcard import scard

STEP = 0.02  # seconds


def wait(slot: int, wanted: int) -> None:
    while True:
        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _, readers = scard.SCardListReaders(context, [])
        if len(readers) > slot:
            break
        scard.SCardReleaseContext(context)
        time.sleep(STEP)
    while True:
        asked = [(readers[slot], scard.SCARD_STATE_UNAWARE)]
        _, states = scard.SCardGetStatusChange(context, 0, asked)
        if states and states[0][1] & wanted:
            return
        time.sleep(STEP)


if __name__ == "__main__":
    state = {"present": scard.SCARD_STATE_PRESENT, "empty": scard.SCARD_STATE_EMPTY}
    wait(int(sys.argv[1]), state[sys.argv[2]])
