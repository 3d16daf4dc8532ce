#!/usr/bin/env bash
# Ships Vividly to Google Cloud: ./deploy.sh ENV [--plan]; ./deploy.sh help says more.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
venv="$root/.venv"
# shellcheck source=local/setup.sh
. "$root/local/setup.sh"

prepare local
export PYTHONPATH="$root" PYTHONUTF8=1
exec "$venv/bin/python" -P -m local.deploy.main "$@"
