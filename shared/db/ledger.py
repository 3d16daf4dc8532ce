"""The cost ledger: what the runs of a request used. `content_requests.cost` adds it up by stage and unit.

It is written by the statement that ends a run, with the parameters `stage` and `used`; only a run that lost its
request has a statement of its own. A run that was killed has told nobody what it used.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from shared.pipeline import Stage
from shared.work import Request

Used = Mapping[str, float]  # quantities by unit, see `shared.usage`
NOTHING: Final[Used] = MappingProxyType({})

# An assignment of an UPDATE of content_requests. (`jsonb_build_object()` is {}, whose braces would be formatted away.)
ADDED_UP: Final = """cost = cost || jsonb_strip_nulls(jsonb_build_object(CAST(:stage AS text), (
                SELECT jsonb_object_agg(key, quantity) FROM (
                    SELECT key, sum(CAST(value AS numeric)) AS quantity FROM (
                        SELECT * FROM jsonb_each_text(coalesce(cost -> CAST(:stage AS text), jsonb_build_object()))
                        UNION ALL SELECT * FROM jsonb_each_text(CAST(:used AS jsonb))
                    ) AS counted GROUP BY key
                ) AS summed
            )))"""

# An assignment of an UPDATE of request_stages: what this run used, and that it has been added up.
NOTED: Final = "output = output || jsonb_build_object('used', CAST(:used AS jsonb))"

_SPEND: Final = sa.text(f"""
    WITH run AS (
        UPDATE request_stages SET {NOTED}
        WHERE request_id = :id AND stage = :stage AND attempt = :attempt AND output -> 'used' IS NULL
        RETURNING request_id
    )
    UPDATE content_requests SET {ADDED_UP} FROM run WHERE id = run.request_id
""")


def parameters(stage: Stage, used: Used) -> dict[str, str]:
    """The parameters of ADDED_UP and NOTED."""
    return {"stage": stage.name, "used": json.dumps(dict(used))}


def spend(connection: sa.Connection, request: Request, stage: Stage, used: Used) -> bool:
    """Add up what a run used that lost its request, once: it was paid for all the same. False: it had been already."""
    values = parameters(stage, used) | {"id": request.id, "attempt": request.attempt}
    return connection.execute(_SPEND, values).rowcount == 1
