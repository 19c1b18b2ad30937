# Sourced by the other scripts: `setup EXTRAS` makes .venv with the package and those extras, once,
# and again when what it is made from has changed. Says nothing when there is nothing to do.

top=$(CDPATH='' cd -- "$(dirname "${BASH_SOURCE[0]}")/.." >/dev/null && pwd)
bin=$top/.venv/bin
healthy='import sys, pip; sys.exit(sys.version_info < (3, 11))'

find_python() {
  local name
  for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "Python 3.11 or later with venv is needed: install it, or name it with PYTHON=..." >&2
  return 1
}

# One set-up at a time. A lock whose owner is gone was left by one that was killed.
lock() {
  local owner waited=0
  until mkdir "$top/.venv.lock" 2>/dev/null; do
    owner=$(cat "$top/.venv.lock/pid" 2>/dev/null) || owner=
    if { [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; } || { [ -z "$owner" ] && [ $waited -gt 20 ]; }; then
      rm -rf "$top/.venv.lock"
    else
      sleep 0.2
      waited=$((waited + 1))
    fi
  done
  echo $$ >"$top/.venv.lock/pid"
  trap unlock EXIT
}

unlock() {
  rm -rf "$top/.venv.lock"
  trap - EXIT
}

setup() {
  local made_from stamp=$top/.venv/made-$1
  made_from="$top $(cat "$top/setup.cfg" "$top/pyproject.toml" | cksum)"
  is_made() { [ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ] && "$bin/python" -c "$healthy" 2>/dev/null; }
  is_made && return
  lock || return
  is_made || make "$1" || { unlock; return 1; }
  echo "$made_from" >"$stamp"
  unlock
}

make() {
  local python said
  echo "Setting up .venv ($1) ..." >&2
  # A folder that was moved or copied, a set-up that was interrupted, another Python: begin anew.
  if [ "$(cat "$top/.venv/top" 2>/dev/null)" != "$top" ] || ! "$bin/python" -c "$healthy" 2>/dev/null; then
    python=$(find_python) || return
    rm -rf "$top/.venv"
    "$python" -m venv "$top/.venv" || return
    echo "$top" >"$top/.venv/top"
  fi
  if ! said=$("$bin/python" -m pip install --quiet --disable-pip-version-check \
    --editable "$top[$1]" 2>&1); then
    echo "$said" >&2
    return 1
  fi
}
