"""What has been heard of messages, in the order in which they were handed over."""

from collections.abc import Mapping, Sequence

from emask.notices.ports import Handed, NotAllTaken, Sms


def in_order(
    messages: Sequence[Sms],
    taken: Mapping[str, Handed],
    unanswered: frozenset[str] = frozenset(),
) -> list[Handed]:
    """What the provider has said, in the messages' order.

    Raises:
        NotAllTaken: not of all of them.
    """
    if any(message.message_id not in taken for message in messages):
        raise NotAllTaken(taken, unanswered)
    return [taken[message.message_id] for message in messages]
