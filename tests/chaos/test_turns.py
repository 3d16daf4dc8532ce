"""Duplicates at a moment of the request's life: the order does not hang on how fast anything is delivered."""

from tests.chaos.messages import Message
from tests.chaos.turns import Turns

FOLLOWING = {"first": "second", "second": "third", "third": ""}


def delivered(*, late: bool) -> list[str]:
    """The topics of one request's messages in the order of their deliveries; each wakes the next one, once."""
    turns, order, woken = Turns(late=late), [], set()

    def publish(topic: str) -> None:
        woken.add(topic)
        assert turns.joins(Message(topic, "", {"request_id": "r"}, 1, "", 0.0)) is (topic == "first")

    publish("first")
    while (message := turns.next("r")) is not None:
        order.append(f"{message.topic} again" if message.duplicate else message.topic)
        following = FOLLOWING[message.topic]
        if following and following not in woken:
            publish(following)
        turns.leaves(message)
    return order


def test_each_comes_again_before_the_stage_that_it_woke_has_heard() -> None:
    assert delivered(late=False) == ["first", "first again", "second", "second again", "third", "third again"]


def test_late_ones_come_again_after_that_stage() -> None:
    assert delivered(late=True) == ["first", "second", "first again", "third", "second again", "third again"]
