"""drand's public beacon, read from relays of which none has to be trusted."""

from emask.partners.beacon.adapter import DrandBeacon, Relays
from emask.partners.beacon.chain import QUICKNET, BeaconNotBegun, Chain

__all__ = ["QUICKNET", "BeaconNotBegun", "Chain", "DrandBeacon", "Relays"]
