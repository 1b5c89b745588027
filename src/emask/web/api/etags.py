"""Answers that a caller may have already."""


def names(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names what would be answered (RFC 9110, 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
