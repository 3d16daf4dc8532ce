"""What one lesson and one idle month cost, computed from the sizes that Terraform declares and public list prices.

Prices of the month are US dollars in us-central1 as published in November 2026; Belgium and Frankfurt are up to a fifth
dearer. Pages: cloud.google.com/sql/pricing, /vpc/network-pricing, /run/pricing, /secret-manager/pricing,
/scheduler/pricing, /artifact-registry/pricing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.deploy.plan import resources
from shared.cost import cost_usd
from shared.prices import CLOUD_RUN
from shared.usage import Measure, unit

HOURS: Final = 730
SQL_VCPU: Final = 0.0413  # an hour; Enterprise edition
SQL_GIBIBYTE: Final = 0.007  # of memory, an hour
SQL_SHARED: Final = {"db-f1-micro": 0.0105, "db-g1-small": 0.035}  # an hour
SQL_DISK: Final = 0.17  # a gigabyte of SSD, a month
SQL_BACKUP: Final = 0.08  # a gigabyte, a month; taken to be as large as a quarter of the disk
CONNECTOR_INSTANCE: Final = 0.0084  # an e2-micro, an hour
NAT: Final = 0.0014 + 0.005  # gateway and address, an hour
IDLE_VCPU: Final = 0.0000025  # a second of a vCPU that waits, kept by min_instances
IDLE_GIBIBYTE: Final = 0.0000025
SECRET_VERSION: Final = 0.06
SCHEDULER_JOB: Final = 0.10
UPTIME_PLACES: Final = 6
IMAGES: Final = 0.10 * 12 * 0.6  # 12 functions of some 600 MB, a gigabyte a month

# One video lesson of 90 s with Gemini and a Neural2 voice. Characters and bytes were measured; the seconds are those of
# embedded parts on two cores, so the true ones differ; tokens are an estimate: nothing here reaches a model.
LESSON: Final[Mapping[str, Mapping[str, float]]] = {
    "generate_script": {
        unit("gemini-2.5-flash", Measure.INPUT_TOKENS): 10_000,
        unit("gemini-2.5-flash", Measure.OUTPUT_TOKENS): 3_000,
        unit(CLOUD_RUN, Measure.VCPU_SECONDS): 20,
    },
    "generate_video": {
        unit("texttospeech-neural2", Measure.CHARACTERS): 1_400,
        unit(CLOUD_RUN, Measure.VCPU_SECONDS): 40,
        unit("gcs", Measure.BYTES_STORED): 10_000_000,
    },
    "process_video": {
        unit(CLOUD_RUN, Measure.VCPU_SECONDS): 20,
        unit("gcs", Measure.BYTES_STORED): 10_000_000,
    },
}


HEAD: Final = (
    "# Cost\n\n"
    "Computed from the sizes in `terraform/` and list prices of November 2026 in US dollars (`local/deploy/costs.py`, "
    "`shared/prices.py`), without free allowances, taxes and traffic out. Written by "
    "`./test.sh terraform --write-inventory`; a test fails when it is stale. Check the prices before you rely on them: "
    "they were not read from a bill.\n\n"
    "## One lesson\n\n"
    "A video of 90 s, written by `gemini-2.5-flash`, spoken by a Neural2 voice, kept for a year.\n\n"
    "| Stage | Dollars |\n|---|---|"
)
MIDDLE: Final = (
    "\nThe voice is most of it: a Standard voice costs a quarter. Characters and bytes were measured, seconds are those"
    " of one machine with two cores, tokens are an estimate. A lesson from the cache costs the check of its question, "
    "a few thousandths of a cent. The api tells what each request really used (`cost_usd`).\n\n"
    "## One idle month\n"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is paid for."""

    what: str
    usd: float
    how: str


def month(plan: Mapping[str, Any]) -> list[Line]:
    """What an environment costs in a month in which nobody asks for anything."""
    return [*_database(plan), *_network(plan), *_instances(plan), *_small(plan)]


def _database(plan: Mapping[str, Any]) -> Iterator[Line]:
    for _, values in resources(plan, "google_sql_database_instance"):
        settings = values["settings"][0]
        times = 2 if settings["availability_type"] == "REGIONAL" else 1
        tier, disk = settings["tier"], settings["disk_size"]
        yield Line(f"Cloud SQL {tier}" + (", regional" if times == 2 else ""), _tier(tier) * HOURS * times, "always on")
        yield Line(f"{disk} GB of SSD", disk * SQL_DISK * times, "grows with use")
        yield Line("backups and logs", disk / 4 * SQL_BACKUP, "a quarter of the disk")


def _tier(tier: str) -> float:
    """Dollars an hour of a Cloud SQL tier; LookupError for one whose price is not known."""
    custom = re.fullmatch(r"db-custom-(\d+)-(\d+)", tier)
    if custom:
        return int(custom[1]) * SQL_VCPU + int(custom[2]) / 1024 * SQL_GIBIBYTE
    return SQL_SHARED[tier]


def _network(plan: Mapping[str, Any]) -> Iterator[Line]:
    for _, values in resources(plan, "google_vpc_access_connector"):
        number = values["min_instances"]
        yield Line("VPC connector", number * CONNECTOR_INSTANCE * HOURS, f"{number} instances, always on")
    for _ in resources(plan, "google_compute_router_nat"):
        yield Line("NAT with an address", NAT * HOURS, "always on")


def _instances(plan: Mapping[str, Any]) -> Iterator[Line]:
    for name, values in resources(plan, "google_cloudfunctions2_function"):
        config = values["service_config"][0]
        kept = config["min_instance_count"]
        if kept:
            gibibytes = _gibibytes(config["available_memory"])
            second = float(config["available_cpu"]) * IDLE_VCPU + gibibytes * IDLE_GIBIBYTE
            yield Line(f"{kept} waiting instance of `{name}`", kept * second * HOURS * 3600, "min_instances")


def _gibibytes(text: str) -> float:
    number, mark = re.fullmatch(r"(\d+)(Mi|Gi)", text).groups()  # type: ignore[union-attr]  # Terraform's own form
    return int(number) / (1024 if mark == "Mi" else 1)


def _small(plan: Mapping[str, Any]) -> Iterator[Line]:
    secrets = sum(1 for _ in resources(plan, "google_secret_manager_secret"))
    jobs = sum(1 for _ in resources(plan, "google_cloud_scheduler_job"))
    sweep = 60 * 24 * 30 * 0.3  # seconds that the sweeper is at work, 0.3 s a minute
    asked = 60 * 24 * 30 * UPTIME_PLACES * 0.1  # the least that Cloud Run counts for a call
    yield Line("secrets, scheduler, images", secrets * SECRET_VERSION + jobs * SCHEDULER_JOB + IMAGES, "")
    yield Line("the sweeper", _at_work(sweep), "every minute")
    for _ in resources(plan, "google_monitoring_uptime_check_config"):
        yield Line("the uptime check", _at_work(asked), f"every minute, from {UPTIME_PLACES} places")


def _at_work(seconds: float) -> float:
    return cost_usd({"sweep": {unit(CLOUD_RUN, Measure.VCPU_SECONDS): seconds}}) or 0.0


def page(plans: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of costs, of the plan of each environment."""
    stages = [f"| `{stage}` | {cost_usd({stage: used}) or 0:.4f} |" for stage, used in LESSON.items()]
    lines = [HEAD, *stages, f"| **together** | **{cost_usd(LESSON) or 0:.3f}** |", MIDDLE]
    for name, plan in plans.items():
        found = month(plan)
        lines += [f"### {name}", "", "| What | Dollars | |", "|---|---|---|"]
        lines += [f"| {line.what} | {line.usd:.2f} | {line.how} |" for line in found]
        lines += [f"| **together** | **{sum(line.usd for line in found):.0f}** | |", ""]
    return "\n".join(lines)
