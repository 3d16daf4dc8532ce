# Sourced by run.sh and test.sh: makes .venv and keeps it as a requirements file says. bash 3.2 is enough.
# Everything it says goes to standard error: standard output is for results.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "✗ $*"
  exit 1
}

usable_python() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 python3.14 python; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 && usable_python "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  fail "Vividly needs Python 3.11 or newer, and none was found. Install one, or name it: PYTHON=/path/to/python3 $0"
}

# The kernel keeps the lock with descriptor 9, whichever process took it, and drops it when that is closed.
take_setup_lock() {
  mkdir -p "$root/.local" && exec 9>"$root/.local/setup.lock" || fail "$root cannot be written to."
  if ! "$1" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null; then
    say "Another ./run.sh or ./test.sh is setting up: waiting for it."
    "$1" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
  fi
}

make_environment() {
  rm -rf "$venv"
  mkdir "$venv"
  : >"$venv/installing" # until it is whole
  say "Setting up: a virtual environment with $("$1" --version) in $venv"
  if ! "$1" -m venv "$venv" >&2; then
    rm -rf "$venv"
    fail "$1 could not make a virtual environment (on Debian and Ubuntu: apt install python3-venv)."
  fi
}

# Install with uv, which takes seconds where pip takes minutes; with pip where uv does not run.
install_requirements() {
  local quiet="" python="$venv/bin/python" pip_options="--disable-pip-version-check --no-input --no-deps --require-hashes"
  [ -t 2 ] || quiet="--quiet" # a log needs no list of what was installed
  if "$python" -m uv --version >/dev/null 2>&1 ||
    "$python" -m pip install -qq $pip_options -r "$root/requirements-bootstrap.txt" >&2; then
    if UV_PYTHON_DOWNLOADS=never \
      "$python" -m uv pip install $quiet --python "$python" --no-deps --require-hashes -r "$1" >&2; then
      return
    fi
  fi
  say "uv did not manage: trying with pip."
  "$python" -m pip install $pip_options -r "$1" >&2
}

# prepare NAME: have the environment hold what requirements-NAME.txt lists. Returns at once when it does.
prepare() {
  local wanted="$root/requirements-$1.txt" stamp="$venv/installed-$1.txt" begun="$venv/installing"
  if [ ! -e "$begun" ] && cmp -s "$wanted" "$stamp" && usable_python "$venv/bin/python"; then
    return
  fi
  local python
  python=$(find_python)
  take_setup_lock "$python"
  if [ -e "$begun" ] || ! usable_python "$venv/bin/python"; then # cut off in the middle, or its Python is gone
    make_environment "$python"
  fi
  if ! cmp -s "$wanted" "$stamp"; then # else another did it while this one waited
    say "Setting up: installing the packages of requirements-$1.txt (once; up to 700 MB on the disk)"
    : >"$begun"
    install_requirements "$wanted" || fail "The packages could not be installed: see above. Is there a network, and room on the disk?"
    cp "$wanted" "$stamp"
    rm "$begun"
    say "Setting up: done"
  fi
  exec 9>&-
}
