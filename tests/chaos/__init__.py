"""The chaos harness: the real functions in processes of their own, which are killed, frozen and cut off.

`harness.py` runs it, `checker.py` reads the history afterwards. `./run.sh chaos` is its command.

    students ──HTTP──▶ api ──┐                 ┌──▶ stages, sweep, dead letters, mirror
                             ├──publish──▶ broker ──HTTP push──┘        │
                             └────────────────◀──publish────────────────┘

The launcher loads the functions once and forks a process for each worker; a worker that was killed is forked anew.
What is not real is the stages' work (`stand_ins.py`) and the bus (`broker.py`), whose policy is the declared one.
"""
