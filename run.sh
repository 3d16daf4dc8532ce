#!/usr/bin/env bash
# Vividly on one machine: sets itself up, then runs the command. `./run.sh help` lists the commands.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv="$root/.venv"
# shellcheck source=local/setup.sh
. "$root/local/setup.sh"

prepare local
# -P: not the present folder, whose modules could have our names.
export PYTHONPATH="$root" PYTHONUTF8=1
# glibc keeps an arena for each thread otherwise: measured over several lessons, that is a third more memory.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
exec "$venv/bin/python" -P -m local.main "$@"
