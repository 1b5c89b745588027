"""What is accepted: which authorities, and whose directories are asked about their certificates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The configured authorities; nothing that a card brings along adds to them.

    Attributes:
        roots: where every chain ends, DER.
        intermediates: the authorities that issue to citizens, and those between them and a
            root, DER.
        directories: below which addresses revocation lists and OCSP are asked, each with a slash
            at its end. Addresses elsewhere are never called, whoever names them.
    """

    roots: tuple[bytes, ...]
    intermediates: tuple[bytes, ...]
    directories: tuple[str, ...]

    def __post_init__(self) -> None:
        if not all(
            address.startswith(("http://", "https://")) and address.endswith("/")
            for address in self.directories
        ):
            raise ValueError("a directory's address begins with http and ends with a slash")
