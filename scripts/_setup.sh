# Sourced by the other scripts: `setup EXTRAS` makes .venv with the package and those extras, once,
# and again when what it is made from has changed. Says nothing when there is nothing to do.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$top/.venv/bin

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

setup() {
  local extras=$1 python stamp made_from said
  stamp=$top/.venv/made-$extras
  made_from="$top $(cat "$top/setup.cfg" "$top/pyproject.toml" | cksum)"
  if "$bin/python" -c '' 2>/dev/null && [ "$(cat "$stamp" 2>/dev/null)" = "$made_from" ]; then
    return
  fi
  echo "Setting up .venv ($extras) ..." >&2
  if ! "$bin/python" -c '' 2>/dev/null; then
    python=$(find_python) || return 1
    rm -rf "$top/.venv"
    "$python" -m venv "$top/.venv" || return 1
  fi
  if ! said=$("$bin/python" -m pip install --quiet --disable-pip-version-check \
    --editable "$top[$extras]" 2>&1); then
    echo "$said" >&2
    return 1
  fi
  echo "$made_from" >"$stamp"
}
