#!/bin/sh
# Prints the first Python with which Gruppetto runs, or says in one sentence what is missing.
# Each one is run, because pyenv puts commands on the PATH for versions that are not selected.

[ -n "${1:-}" ] || set -- python3.13 python3.14 python3.12 python3 python

found=''
for candidate; do
    version=$("$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
    if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then
        remark="$candidate is $version"
    elif ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
        remark="$candidate is $version without venv (on Debian and Ubuntu: apt-get install python3-venv)"
    else
        exec "$candidate" -c 'import sys; print(sys.executable)'
    fi
    found="${found:+$found, }$remark"
done

echo "Gruppetto needs Python 3.12 or newer with pip and venv, but ${found:-none of \"$*\" runs here}:" \
    'install Python 3.13 (https://www.python.org/downloads/) or name yours with make PYTHON=/path/to/python3.13.' >&2
exit 1
