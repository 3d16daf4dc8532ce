"""Problems of one machine that its user can mend: each has a stable code and says what to do."""


class LocalProblem(Exception):
    """Shown as one line, without a traceback; the command exits with 1."""

    code = "local_problem"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code


class AlreadyRunning(LocalProblem):
    """Another process uses the state folder."""

    code = "already_running"


class NoDiskSpace(LocalProblem):
    """The disk under the state folder is full, or nearly."""

    code = "no_disk_space"


class PortInUse(LocalProblem):
    """Another program listens on the port asked for."""

    code = "port_in_use"


class DatabaseProblem(LocalProblem):
    """PostgreSQL did not start, or its folder cannot be used."""

    code = "database_problem"
