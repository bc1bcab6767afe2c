"""Start processes that use one ledger at the same moment; a script, fed by the `race` fixture.

A process of its own: it is imported once, has no threads, and so may fork.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, NoReturn

from pydantic import BaseModel
from sqlalchemy import Engine, event

import penstock.ledger.migrate  # noqa: F401 - imported before forking, not once per process
from penstock.errors import PenstockError
from penstock.ledger import Ledger
from penstock.model import BatchState, Choice, Claim, Ingested, Profile

TYPES: dict[str, Callable[[Any], Any]] = {
    "claim": lambda v: Claim.model_validate(v) if isinstance(v, dict) else v,
    "ingested": Ingested.model_validate,
    "profile": Profile.model_validate,
    "choice": Choice,
    "state": BatchState,
}


def main() -> None:
    """Run one race per line of stdin."""
    context = multiprocessing.get_context("fork")
    for line in sys.stdin:
        order = json.loads(line)
        barrier = context.Barrier(len(order["calls"]))
        runners = []
        for calls in order["calls"]:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=work, args=(order, calls, barrier, theirs))
            process.start()
            theirs.close()
            runners.append((process, ours))
        answers = [receive(ours) for _, ours in runners]
        for process, _ in runners:
            process.join()
        print(json.dumps(answers), flush=True)  # noqa: T201 - the answer


def receive(pipe: Connection) -> Any:
    """Return what the process sent, or that it died before."""
    try:
        return pipe.recv()
    except EOFError:
        return ["killed", None]


def work(order: dict[str, Any], calls: list[Any], barrier: Barrier, answer: Connection) -> None:
    """Make the calls, in order; answer with the last result or the first error."""
    if order["kill"]:
        event.listen(Engine, "commit", die)
    result: Any = None
    with Ledger(order["url"]) as ledger:
        barrier.wait()
        try:
            for method, keywords in calls:
                typed = {k: TYPES.get(k, lambda v: v)(v) for k, v in keywords.items()}
                result = getattr(ledger, method)(**typed)
        except PenstockError as error:
            answer.send([type(error).__name__, str(error)])
            return
    answer.send(["ok", result.model_dump(mode="json") if isinstance(result, BaseModel) else None])


def die(_: object) -> NoReturn:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    main()
