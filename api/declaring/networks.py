"""The network that a request comes from."""

from ipaddress import ip_address, ip_network


def read_network(written: str | None) -> str:
    """Return the network of an address that a proxy wrote: for IPv6 the first 64 bits, which one household has.

    A port is removed. All texts that are not an address count as one network, because any client can send such texts.
    """
    try:
        where = ip_address(_without_port((written or "").strip()).partition("%")[0])
    except ValueError:
        return "no address"
    if where.version == 6 and where.ipv4_mapped is not None:
        where = where.ipv4_mapped
    return str(where if where.version == 4 else ip_network((where, 64), strict=False))


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
