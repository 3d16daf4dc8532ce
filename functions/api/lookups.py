"""What signed-in users may look up: passages of the books, and what they were told in the app."""

import flask

from functions.api import wording
from functions.api.answers import NotificationItem, NotificationPage, PassageText
from functions.api.bodies import PageQuery
from functions.api.call import Call, links, reply
from functions.api.pages import split
from functions.api.problems import not_found
from shared.db import citations, views
from shared.db.engine import single_statement


def passage(call: Call) -> flask.Response:
    """Answer with the text of a passage, as its book publishes it."""
    passage_id = str(call.identifier("passage_id"))
    with single_statement(call.services.engine) as connection:
        found = citations.passages(connection, [passage_id]).get(passage_id)
    if found is None:
        raise not_found()
    return reply(PassageText(**{name: getattr(found, name) for name in PassageText.model_fields}))


def notifications(call: Call) -> flask.Response:
    """Answer with a page of what the caller was told in the app."""
    query: PageQuery = call.query
    with single_statement(call.services.engine) as connection:
        found = views.notifications(connection, call.caller.id, after=query.cursor, limit=query.limit + 1)
    page, cursor = split(found, query.limit)
    items = [
        NotificationItem(
            request_id=item.id,
            text=wording.notification(item.topic),
            topic=item.topic,
            status=item.status,
            created_at=item.created_at,
            links=links(item.id),
        )
        for item in page
    ]
    return reply(NotificationPage(items=items, next_cursor=cursor))
