"""Where the database has a public address, migrations and accounts go from the deployer's machine."""

import json
import sys
import uuid
from collections.abc import Mapping, Sequence

from local import postgres
from local.deploy import maintenance
from local.deploy.commands import Ran, RealCommands
from local.environment import ROOT
from shared.db import migrate
from shared.db.engine import engine_for, single_statement
from tests.deploy.deployer import OLD, TARGET, Deployer, steps
from tests.deploy.world import MAINTAIN_URL

HERE = "local.deploy.maintain_here"


def test_migrations_run_here_before_the_code_that_needs_them(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.public_address = True
    deployer.deploy()
    assert steps(deployer.world) == ["upload", "apply", "maintain here", "apply", "maintain here"]
    assert not any(MAINTAIN_URL in line for line in deployer.world.ran)
    given = [json.loads(text) for text in deployer.world.given if text.startswith('{"url"')]
    assert {asked["url"].partition("?")[2] for asked in given} == {"ip_type=public"}
    assert given[0]["order"]["users"] == ["dev-api@some-project.iam"]


def test_a_first_deployment_is_the_same(deployer: Deployer, head: str) -> None:
    deployer.world.public_address = True
    assert head[:12] in deployer.deploy()
    owner = deployer.world.versions["database_owner_url"][0]
    assert not any(owner.partition("?")[0] in line for line in deployer.world.ran)


def test_a_database_that_differs_from_the_code_keeps_the_old_code_serving(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.public_address = True
    deployer.world.differences = ["content_request_status is pending, generating"]
    assert "generating" in deployer.refused("not_migrated")
    assert deployer.world.serving == OLD


def test_what_ends_without_an_answer_is_told(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.public_address = True
    deployer.world.fail[HERE] = Ran(1, "", "Traceback\nDefaultCredentialsError: not found")
    assert "DefaultCredentialsError" in deployer.refused("not_migrated")
    assert deployer.world.serving == OLD


def test_an_owner_s_url_that_cannot_be_read_is_told(deployer: Deployer) -> None:
    deployer.world.public_address = True
    deployer.world.fail["versions access"] = Ran(1, "", "ERROR: PERMISSION_DENIED")
    assert "vividly-dev-database-owner-url cannot be read" in deployer.refused("secret_not_seen")


def test_the_order_is_carried_out_by_the_function_s_own_code(postgres_url: str) -> None:
    order = {"accounts": [{"email": "first@school.test"}]}
    with postgres.database(postgres_url, f"test_{uuid.uuid4().hex[:12]}") as url:
        ran = RealCommands().run(
            [sys.executable, "-P", "-m", HERE],
            given=json.dumps({"url": url, "order": order}),
            environment={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )
        answer, status = maintenance._answered(ran)
        assert (status, answer.err) == (200, "")
        told = json.loads(answer.out)
        assert (told["schema_before"], told["schema"], told["differences"]) == (None, migrate.head(), [])
        assert told["passwords"]["first@school.test"]
        engine = engine_for(url, pool_size=1)
        with single_statement(engine) as connection:
            assert migrate.current(connection) == migrate.head()
        engine.dispose()


def test_a_database_that_is_not_there_is_told_without_its_password() -> None:
    ran = RealCommands().run(
        [sys.executable, "-P", "-m", HERE],
        given=json.dumps({"url": "postgresql://owner:a-secret-word@127.0.0.1:1/nothing", "order": {}}),
        environment={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    answer, status = maintenance._answered(ran)
    assert status == 503
    assert json.loads(answer.out)["error"]
    assert "a-secret-word" not in ran.out + ran.err


class Answering:
    """Answers every command alike, and keeps the environment that it was given."""

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}

    def run(
        self,
        words: Sequence[str],
        *,
        given: str | None = None,
        shown: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        self.environment |= environment or {}
        return Ran(0, "cloudsql://owner:word@p:r:i/n?ip_type=private")


def test_a_quota_project_goes_with_a_person_s_calls() -> None:
    """The Admin API refuses a person's credentials that name none."""
    commands = Answering()
    maintenance.from_here(commands, TARGET, {"name": "n", "version": "1"})({"look": True})
    assert commands.environment["GOOGLE_CLOUD_QUOTA_PROJECT"] == TARGET.project
