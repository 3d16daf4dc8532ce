"""Signing in: what a guess costs, what its answer tells, and how many are borne, over all instances together."""

import math
import statistics
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import pytest
import sqlalchemy as sa
from argon2 import Type, extract_parameters

from functions.api import throttle
from functions.api.throttle import (
    BUCKETS,
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ADDRESS,
    WINDOW_SECONDS,
    Kind,
    Throttle,
    bucket,
    network,
)
from shared.db import login_tries, sweeping
from shared.db.accounts import add_account
from shared.db.engine import engine_for, single_statement
from shared.enums import Role
from shared.security import passwords
from tests.fakes import SETTINGS, FakeServices
from tests.integration.api_client import Caller, problem

PASSWORD: Final = "a good long password"
HASH: Final = passwords.hashed(PASSWORD)
INSTANCES: Final = 4


@pytest.fixture
def email(system: FakeServices) -> str:
    """An account that can sign in."""
    address = f"{uuid.uuid4().hex[:12]}@school.test"
    with system.engine.begin() as connection:
        add_account(connection, email=address, password_hash=HASH, role=Role.STUDENT)
    return address


def sign_in(visitor: Caller, email: str, password: str = "wrong") -> tuple[int, str]:
    answer = visitor.post("/v1/auth/login", {"email": email, "password": password})
    return (200, "ok") if answer.status_code == 200 else problem(answer)


# What is kept, and what is given out


def test_passwords_are_kept_as_argon2id_with_the_parameters_that_we_say() -> None:
    found = extract_parameters(HASH)
    assert found.type is Type.ID
    # https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 19 MiB, 2 passes, 1 lane.
    assert (found.memory_cost, found.time_cost, found.parallelism) == (19 * 1024, 2, 1)
    assert (found.hash_len, found.salt_len) == (32, 16)
    assert PASSWORD not in HASH


def test_the_hash_of_nobody_costs_what_a_real_one_costs() -> None:
    """Whoever is not there is checked against a hash of the same parameters."""
    assert extract_parameters(passwords._nobodys()) == extract_parameters(HASH)


def test_generated_passwords_are_not_to_be_guessed() -> None:
    made = [passwords.generate() for _ in range(2000)]
    letters = set("".join(made))
    assert len(set(made)) == len(made)
    assert {len(password) for password in made} == {16}
    assert 16 * math.log2(len(letters)) >= 85  # bits
    # Each letter is as likely as any other at every place: chi-squared, far beyond what chance does.
    for place in range(16):
        counts = Counter(password[place] for password in made)
        expected = len(made) / len(letters)
        assert sum((counts[letter] - expected) ** 2 / expected for letter in letters) < 2 * len(letters)


# What the time of an answer tells


def test_the_password_is_hashed_whether_the_account_is_there_or_not(
    system: FakeServices, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = passwords._HASHER

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            checked.append(kept)
            return real.verify(kept, password)

        def hash(self, password: str) -> str:
            return real.hash(password)

    passwords._nobodys()
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    for address in (email, "nobody-at-all@school.test"):
        assert sign_in(Caller(system), address) == (401, "login_failed")
    assert [extract_parameters(kept) for kept in checked] == [extract_parameters(HASH)] * 2


@pytest.mark.parametrize("kept", [HASH, None], ids=["known", "unknown"])
def test_the_first_check_of_a_process_takes_as_long_for_everybody(
    kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash of nobody is made by it: were that only for who is not there, the first answer would tell."""
    made: list[str] = []
    real = passwords._HASHER

    class Counting:
        def verify(self, kept: str, password: str) -> bool:
            return real.verify(kept, password)

        def hash(self, password: str) -> str:
            made.append(real.hash(password))
            return made[-1]

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    passwords._nobodys.cache_clear()
    for _ in range(2):
        assert not passwords.matches(kept, "wrong")
    assert len(made) == 1


def test_the_time_of_an_answer_does_not_tell_whether_the_account_is_there(system: FakeServices, email: str) -> None:
    """Measured side by side, so that whatever else the machine does meets both; the medians are near each other."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    sign_in(Caller(system), email)  # the first of all loads what it needs
    for number in range(16):
        for known in (True, False) if number % 2 else (False, True):
            address = email if known else f"nobody-{uuid.uuid4().hex}@school.test"
            began = time.perf_counter()
            sign_in(Caller(system), address)
            seconds[known].append(time.perf_counter() - began)
            with system.engine.begin() as connection:
                connection.execute(sa.text("DELETE FROM login_tries"))
    ratio = statistics.median(seconds[True]) / statistics.median(seconds[False])
    print(f"known over unknown: {ratio:.2f}")
    assert 0.6 < ratio < 1.7


# How many failures are borne


@pytest.fixture
def instances(system: FakeServices, postgres_url: str) -> Iterator[list[FakeServices]]:
    """Several instances of the api: each with connections of its own, and nothing in common but the database."""
    with system.engine.connect() as connection:
        name = connection.scalar(sa.text("SELECT current_database()"))
    url = sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    engines = [engine_for(url, pool_size=4) for _ in range(INSTANCES)]
    yield [replace(system, engine=engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def tried(services: FakeServices, account: str, address: str) -> bool:
    """Try; whether the password would have been looked at."""
    from functions.api.problems import Problem

    try:
        Throttle(services, account, address).admit()
    except Problem:
        return False
    return True


def test_an_accounts_failures_are_counted_over_all_instances(instances: list[FakeServices]) -> None:
    account = uuid.uuid4().hex
    with ThreadPoolExecutor(16) as pool:
        admitted = list(
            pool.map(
                lambda n: tried(instances[n % INSTANCES], account, f"198.51.100.{n}"),
                range(5 * FAILURES_PER_ACCOUNT),
            )
        )
    assert sum(admitted) == FAILURES_PER_ACCOUNT


def test_an_addresss_failures_are_counted_over_all_instances(
    instances: list[FakeServices], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(throttle._LIMITS, Kind.ADDRESS, 20)
    address = "203.0.113.9"
    with ThreadPoolExecutor(16) as pool:
        admitted = list(pool.map(lambda n: tried(instances[n % INSTANCES], f"{address}{n}", address), range(60)))
    assert sum(admitted) == 20


def test_a_shut_account_costs_the_address_nothing_and_opens_by_itself(system: FakeServices) -> None:
    account, address = uuid.uuid4().hex, "192.0.2.77"
    for _ in range(FAILURES_PER_ACCOUNT + 5):
        tried(system, account, address)
    key = system.settings.secret_key
    counts = [rows(system, bucket(key, kind, name)) for kind, name in zip(Kind, (account, address), strict=True)]
    assert counts == [FAILURES_PER_ACCOUNT + 1, FAILURES_PER_ACCOUNT]
    with system.engine.begin() as connection:
        connection.execute(sa.text("UPDATE login_tries SET until = clock_timestamp()"))
    assert tried(system, account, address)
    assert rows(system, bucket(key, Kind.ACCOUNT, account)) == 1


def rows(system: FakeServices, number: int) -> int:
    with system.engine.begin() as connection:
        statement = sa.text("SELECT tries FROM login_tries WHERE bucket = :bucket")
        return connection.execute(statement, {"bucket": number}).scalar_one_or_none() or 0


def test_further_tries_do_not_keep_an_account_shut(system: FakeServices) -> None:
    """The window ends when it said it would: else whoever goes on guessing shuts somebody out for good."""
    account, key = uuid.uuid4().hex, system.settings.secret_key
    ends = []
    for number in range(FAILURES_PER_ACCOUNT + 3):
        assert tried(system, account, f"192.0.2.{number}") == (number < FAILURES_PER_ACCOUNT)
        with system.engine.begin() as connection:
            statement = sa.text("SELECT until FROM login_tries WHERE bucket = :bucket")
            ends.append(connection.execute(statement, {"bucket": bucket(key, Kind.ACCOUNT, account)}).scalar_one())
    assert len(set(ends)) == 1


def test_a_password_of_ones_own_does_not_wash_an_address_clean(
    system: FakeServices, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has an account would sign in between guesses at others'."""
    monkeypatch.setitem(throttle._LIMITS, Kind.ADDRESS, 6)
    visitor = Caller(system)
    guessed = 0
    for _ in range(6):
        assert sign_in(visitor, email, PASSWORD)[0] in (200, 429)
        guessed += sign_in(visitor, f"guess-{uuid.uuid4().hex}@school.test") == (401, "login_failed")
    assert guessed == 6
    assert sign_in(visitor, f"guess-{uuid.uuid4().hex}@school.test") == (429, "too_many_attempts")
    assert sign_in(visitor, email, PASSWORD) == (429, "too_many_attempts")


@pytest.mark.parametrize("environment", ["local", "staging"])
def test_no_made_up_address_gives_further_guesses(
    system: FakeServices, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X-Forwarded-For is written by the front end where there is one, and by the caller where there is none."""
    monkeypatch.setitem(throttle._LIMITS, Kind.ADDRESS, 3)
    system.settings = replace(system.settings, environment=environment)
    visitor, address = Caller(system), f"198.51.{uuid.uuid4().int % 256}.7"

    def guess(forwarded: str) -> int:
        body = {"email": f"guess-{uuid.uuid4().hex}@school.test", "password": "wrong"}
        return visitor.post("/v1/auth/login", body, X_Forwarded_For=forwarded).status_code

    made_up = [f"203.0.113.{number}" for number in range(4)]
    behind_proxy = environment != "local"
    names = [f"{name}, {address}" if behind_proxy else name for name in made_up]
    assert [guess(name) for name in names] == [401, 401, 401, 429]
    # Behind a front end all calls come from its address: who is somebody else is told by what it wrote.
    assert guess(f"{address}, 192.0.2.{uuid.uuid4().int % 256}") == (401 if behind_proxy else 429)


def test_an_onslaught_of_sign_ins_waits_instead_of_filling_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hash takes 19 MiB: two at once, however many sign in."""
    at_once, most, lock = [0], [0], threading.Lock()

    class Watched:
        def verify(self, kept: str, password: str) -> bool:
            with lock:
                at_once[0] += 1
                most[0] = max(most[0], at_once[0])
            time.sleep(0.02)
            with lock:
                at_once[0] -= 1
            return True

    monkeypatch.setattr(passwords, "_HASHER", Watched())
    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(lambda _: passwords.matches(HASH, PASSWORD), range(32)))
    assert most == [2]


def test_a_blocked_guesser_is_told_how_long_and_learns_nothing_by_the_right_password(
    system: FakeServices, email: str
) -> None:
    for number in range(FAILURES_PER_ACCOUNT):
        assert sign_in(Caller(system), email) == (401, "login_failed"), number
    right = Caller(system).post("/v1/auth/login", {"email": email, "password": PASSWORD})
    wrong = Caller(system).post("/v1/auth/login", {"email": email, "password": "wrong"})
    assert problem(right) == problem(wrong) == (429, "too_many_attempts")
    assert 0 < int(right.headers["Retry-After"]) <= WINDOW_SECONDS
    unknown = f"nobody-{uuid.uuid4().hex}@school.test"
    for _ in range(FAILURES_PER_ACCOUNT):
        assert sign_in(Caller(system), unknown) == (401, "login_failed")
    assert sign_in(Caller(system), unknown) == (429, "too_many_attempts")


def test_no_spelling_of_an_address_gives_further_guesses(system: FakeServices) -> None:
    """The record folds letters in its own way; whatever it takes for the account is counted for the account."""
    with system.engine.begin() as connection:
        add_account(connection, email="kimi@school.test", password_hash=HASH, role=Role.STUDENT)
    spellings = ["kimi@school.test", "KIMI@school.test", "K\u0130M\u0130@school.test", "\u212aimi@school.test"]
    with single_statement(system.engine) as connection:
        same = sa.text("SELECT lower(:spelling) = 'kimi@school.test'")
        spellings = [name for name in spellings if connection.scalar(same, {"spelling": name})]
    assert len(spellings) >= 2
    answers = [sign_in(Caller(system), spellings[n % len(spellings)])[0] for n in range(FAILURES_PER_ACCOUNT + 4)]
    assert answers == [401] * FAILURES_PER_ACCOUNT + [429] * 4


# What is kept of it


def test_the_table_of_tries_is_bounded_and_names_nobody(system: FakeServices) -> None:
    key = SETTINGS.secret_key
    numbers = {bucket(key, kind, f"somebody-{n}@school.test") for kind in Kind for n in range(2000)}
    assert all(0 <= number < len(Kind) * BUCKETS for number in numbers)
    assert len(numbers) > 3900  # spread out
    assert {number // BUCKETS for number in numbers} == set(Kind)
    assert bucket(key, Kind.ACCOUNT, "a") != bucket("another key" * 4, Kind.ACCOUNT, "a")
    with system.engine.begin() as connection:
        columns = connection.execute(
            sa.text("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'login_tries'")
        ).all()
    assert {tuple(column) for column in columns} == {
        ("bucket", "integer"),
        ("tries", "smallint"),
        ("until", "timestamp with time zone"),
    }


def test_the_sweep_forgets_tries_whose_window_ended(system: FakeServices) -> None:
    with single_statement(system.engine) as connection:
        connection.execute(sa.text("DELETE FROM login_tries"))
        for number, seconds in ((1, -1), (2, 0), (3, WINDOW_SECONDS)):
            login_tries.take(connection, number, limit=FAILURES_PER_ADDRESS, window_seconds=seconds)
        assert sweeping.forget_tries(connection) == 2
        assert connection.scalars(sa.text("SELECT bucket FROM login_tries")).all() == [3]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown", "unknown"),
        ("no address at all", "no address at all"),
    ],
)
def test_a_network_of_ipv6_is_one_guesser(address: str, counted: str) -> None:
    assert network(address) == counted
