"""The four chains behind an ECPay of our own: the same wire, parcels by the clock, and faults."""

from emask.sandbox.chains import parcels, pushing
from emask.sandbox.chains.application import create_chains
from emask.sandbox.chains.company import SandboxChains
from emask.sandbox.chains.life import OVERNIGHT, Fate, Timetable
from emask.sandbox.chains.parcels import Parcel, Parcels
from emask.sandbox.chains.playing import Playing
from emask.sandbox.chains.pushing import PARTNER, Pushes

TABLES = parcels.TABLES + pushing.TABLES

__all__ = [
    "OVERNIGHT",
    "PARTNER",
    "TABLES",
    "Fate",
    "Parcel",
    "Parcels",
    "Playing",
    "Pushes",
    "SandboxChains",
    "Timetable",
    "create_chains",
]
