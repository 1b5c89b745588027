"""What the chains' codes say.

A code means something only together with the kind of parcel: 3024 is the logistics centre of one
chain and nothing at all to another. The codes are those of the owner's list of September 2025 and
of its life cycles of June 2024.
"""

from collections.abc import Mapping
from typing import Final

from emask.delivery.ports import ParcelState
from emask.partners.logistics.kinds import SubType

_Codes = dict[ParcelState, tuple[str, ...]]

_HANDED_IN: Final = "3032"  # at a store, which is C2C

_FAMI: Final[_Codes] = {
    ParcelState.ORDER_TAKEN: ("300", "310"),
    ParcelState.AT_CENTRE: ("3024",),
    ParcelState.ARRIVED: ("3018", "3029"),
    ParcelState.COLLECTED: ("3022",),
    ParcelState.GOING_BACK: ("3020",),
    ParcelState.BACK_AT_CENTRE: ("3025",),
    ParcelState.RETURNED_TO_SENDER: ("3019", "3023"),
    ParcelState.RESELECT_STORE: ("7011",),
    ParcelState.STORE_CHANGED: ("2105",),
    ParcelState.LOST: ("7006", "7007"),
}
_HILIFE: Final[_Codes] = {
    ParcelState.ORDER_TAKEN: ("300", "310"),
    ParcelState.ACCEPTED: ("2001",),
    ParcelState.AT_CENTRE: ("3024", "2030"),
    ParcelState.ARRIVED: ("3018", "2063", "2073"),
    ParcelState.COLLECTED: ("3022", "2067"),
    ParcelState.GOING_BACK: ("3020", "2065", "2074"),
    ParcelState.BACK_AT_CENTRE: ("3025",),
    ParcelState.RETURNED_TO_SENDER: ("3019", "3023"),
    ParcelState.RESELECT_STORE: ("7011", "2037"),
    ParcelState.STORE_CHANGED: ("2000", "2105"),
    ParcelState.LOST: ("2042", "7006", "7007"),
}

CODES: Final[Mapping[SubType, _Codes]] = {
    SubType.UNIMART: {
        ParcelState.ORDER_TAKEN: ("300", "310"),
        ParcelState.ACCEPTED: ("2024",),
        ParcelState.AT_CENTRE: ("2030",),
        ParcelState.ARRIVED: ("2063", "2073", "2098"),
        ParcelState.COLLECTED: ("2067",),
        ParcelState.GOING_BACK: ("2065", "2074"),
        ParcelState.BACK_AT_CENTRE: ("2076",),
        ParcelState.RETURNED_TO_SENDER: ("2044", "2070"),
        ParcelState.RESELECT_STORE: ("2037",),
        ParcelState.STORE_CHANGED: ("2000",),
        ParcelState.LOST: ("2042", "7018"),
    },
    SubType.UNIMARTC2C: {
        ParcelState.ORDER_TAKEN: ("300",),
        ParcelState.ACCEPTED: ("2068",),  # handed in at a store
        ParcelState.AT_CENTRE: ("2030",),
        ParcelState.ARRIVED: ("2073", "2098"),
        ParcelState.COLLECTED: ("2067",),
        ParcelState.GOING_BACK: ("2074",),
        ParcelState.BACK_AT_CENTRE: ("2076", "2078"),
        ParcelState.RETURNED_TO_SENDER: ("2072", "2070"),
        ParcelState.RESELECT_STORE: ("2101", "2104"),
        ParcelState.STORE_CHANGED: ("2105",),
        ParcelState.LOST: ("2042", "7018", "7020"),
    },
    SubType.FAMI: _FAMI,
    SubType.FAMIC2C: _FAMI | {ParcelState.ACCEPTED: (_HANDED_IN,)},
    SubType.HILIFE: _HILIFE,
    SubType.HILIFEC2C: _HILIFE | {ParcelState.ACCEPTED: (_HANDED_IN, "2001")},
    SubType.OKMARTC2C: {
        ParcelState.ORDER_TAKEN: ("300",),
        ParcelState.ACCEPTED: (_HANDED_IN,),
        ParcelState.AT_CENTRE: ("2030",),
        ParcelState.ARRIVED: ("2073",),
        ParcelState.COLLECTED: ("3022",),
        ParcelState.GOING_BACK: ("2074",),
        ParcelState.BACK_AT_CENTRE: ("2078",),
        ParcelState.RETURNED_TO_SENDER: ("2072", "3023"),
        ParcelState.RESELECT_STORE: ("7101",),
        ParcelState.STORE_CHANGED: ("2105",),
    },
}
"""The codes of each state, the usual one first."""

_STATES: Final = {
    (sub_type, code): state
    for sub_type, states in CODES.items()
    for state, codes in states.items()
    for code in codes
}


def state_of(sub_type: SubType, code: str) -> ParcelState:
    """What a code says of a parcel; of one that we do not know, that it is somewhere."""
    return _STATES.get((sub_type, code), ParcelState.IN_TRANSIT)
