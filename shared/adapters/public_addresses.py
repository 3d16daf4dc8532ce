"""Which addresses lie on the open internet, where nothing of ours is."""

import ipaddress
from typing import Final

# All that is given out for single hosts (RFC 4291); every special use below `::/3` and above lies outside of it.
_SINGLE_HOSTS: Final = ipaddress.IPv6Network("2000::/3")
# What Python counts as global, or did in some of its releases, and no service is published under.
_SPECIAL: Final = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments, RFC 6890
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    ipaddress.IPv6Network("2001::/23"),  # protocol assignments, Teredo among them: another address inside
    ipaddress.IPv6Network("2002::/16"),  # 6to4: another address inside
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637
)


def is_public(text: str) -> bool:
    """Tell whether the address is that of one host on the open internet."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:  # sockets connect to the IPv4 address
            return is_public(str(address.ipv4_mapped))
        if address.scope_id is not None or address not in _SINGLE_HOSTS:
            return False
    special = any(address.version == network.version and address in network for network in _SPECIAL)
    return address.is_global and not (special or address.is_multicast or address.is_reserved)
