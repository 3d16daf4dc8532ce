"""A local gRPC server that answers as it is told: with a status, as Google's services say no, or with a message."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

# What a server may say of the call in words; an adapter must not repeat it.
DETAILS = "refused: what-was-sent"

# Is given the method's name ("Commit"); returns the status to refuse with, or the bytes of the one message to answer.
Answer = Callable[[str], grpc.StatusCode | bytes]


class _Told(grpc.GenericRpcHandler):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def service(self, handler_call_details: Any) -> Any:
        method = handler_call_details.method.rpartition("/")[2]

        def handle(request: bytes, context: Any) -> bytes:
            answer = self._answer(method)
            if not isinstance(answer, bytes):
                context.abort(answer, DETAILS)
                raise AssertionError("abort raises")
            return answer

        return grpc.unary_unary_rpc_method_handler(handle)


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """Serve until the block ends; yield the address."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4), handlers=[_Told(answer)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()
