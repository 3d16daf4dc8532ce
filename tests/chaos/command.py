"""`./run.sh chaos`: its options, its run, its answer."""

import argparse
import random
from fractions import Fraction

from local.console import Console
from tests.chaos import harness
from tests.chaos.options import QUICK, Options
from tests.chaos.report import Report
from tests.chaos.times import check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--requests", type=_count, default=1000, metavar="N", help="questions that are asked (1000)")
    parser.add_argument(
        "--kills", type=_count, default=200, metavar="N",
        help="SIGKILLs in all, spread evenly over the six stages (200); 1200 are 200 of each: the long run",
    )  # fmt: skip
    parser.add_argument(
        "--duplicates", type=_share, default=0.1, metavar="X", help="share of messages delivered once more (0.1)"
    )
    parser.add_argument(
        "--reorder", type=_share, default=0.1, metavar="X", help="share of messages that are held back (0.1)"
    )
    parser.add_argument(
        "--pg-restarts", type=_count, metavar="N", help="how often PostgreSQL is brought down (4, or 0 without kills)"
    )
    parser.add_argument(
        "--forget", type=_share, default=0.0, metavar="X",
        help="share of deliveries that broke off and are never repeated: the sweep alone recovers them (0)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, metavar="S", help="decides everything that is left to chance")
    parser.add_argument(
        "--scale", type=_scale, default=QUICK, metavar="X",
        help="of the declared times (leases, back-off, the sweeper's minute): 1/5, or 1 for the real ones",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """One run: 0 when all that was promised held."""
    options = Options(
        requests=arguments.requests,
        kills=arguments.kills,
        duplicates=arguments.duplicates,
        reorder=arguments.reorder,
        pg_restarts=arguments.pg_restarts,
        forgotten=arguments.forget,
        seed=random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed,
        scale=arguments.scale,
    )
    with console.step("chaos", f"seed {options.seed}, starting") as step:
        report = harness.run(options, step.update)
        step.detail = f"seed {options.seed}"
    for line in report.lines():
        console.problem(line)
    if arguments.json:
        console.json(report.figures)
    else:
        for name, value in report.figures.items():
            console.result(f"  {name:<32} {value}")
    return exit_code(report)


def exit_code(report: Report) -> int:
    """0 when the run stands."""
    return 0 if report.stands else 1


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("a count is not negative")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a share is between 0 and 1")
    return value


def _scale(text: str) -> Fraction:
    try:
        scale = Fraction(text)
        check(scale)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return scale
