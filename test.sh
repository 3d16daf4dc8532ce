#!/usr/bin/env bash
# Everything that has to hold: style, types, generated files, tests. With arguments: pytest alone, with these.
# `./test.sh terraform` runs what concerns the cloud: the configuration, its policies, and the deployment.
# `./test.sh audit` looks the pinned packages up in a database of vulnerabilities, where that can be reached.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv="$root/.venv"
# shellcheck source=local/setup.sh
. "$root/local/setup.sh"

prepare dev
# The policies' checker asks for other versions of much that we use: it lives by itself.
if [ $# -eq 0 ] || [ "$1" = terraform ]; then
  (venv="$root/.venv-policy" && prepare policy)
fi
export PYTHONPATH="$root" PYTHONUTF8=1
python="$venv/bin/python"
cd "$root"

if [ "${1:-}" = terraform ]; then
  shift
  exec "$python" -P -m pytest tests/terraform tests/deploy "$@"
fi
audit() {
  "$python" -P -m tests.security.audit --reachable || return
  (venv="$root/.venv-audit" && prepare audit) || return 3
  "$python" -P -m tests.security.audit
}

if [ "${1:-}" = audit ]; then
  audit
  exit
fi
if [ $# -gt 0 ]; then
  exec "$python" -P -m pytest "$@"
fi

failed=""
step() {
  local name="$1"
  shift
  if "$@" >&2; then
    say "✓ $name"
  else
    say "✗ $name"
    failed="$failed, $name"
  fi
}
step "ruff check" "$python" -m ruff check .
step "ruff format" "$python" -m ruff format --check --quiet .
step "mypy" "$python" -m mypy
step "generated files" "$python" -P -m local.main generate --check
audited=0
audit >&2 || audited=$?
case $audited in
  0) say "✓ dependencies" ;;
  3) say "– dependencies: not looked up, or not all" ;;
  *) failed="$failed, dependencies" ;;
esac
[ -z "$failed" ] || say "✗ failed before the tests: ${failed#, }"

code=0
# Two files of tests at once: much of the time is waiting. A file's tests stay together, as they share what is costly.
"$python" -P -m pytest -n 2 --dist loadfile || code=$?
[ -z "$failed" ] || exit 1
exit "$code"
