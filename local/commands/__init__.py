"""What `./run.sh COMMAND` does: one module a command, each with `add_arguments` and `run`."""
