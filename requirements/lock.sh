#!/bin/sh
# Writes the locks from pyproject.toml: versions for every Python from 3.11 on, each file with its hashes.
#
# Pins that still fit stay as they are; `lock.sh --upgrade` (make lock UPGRADE=1) takes the newest of everything.
# Each lock is a whole environment: run < dev < browser. The widest is made first and binds the others, so that
# no package has two versions.
set -eu
cd "$(dirname "$0")/.."
tools=var/lock
[ -x "$tools/bin/uv" ] || "${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check --quiet install "uv==0.13.9"

compile() {
    name=$1
    shift
    "$tools/bin/uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --system-certs \
        --no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock" \
        --output-file "requirements/$name.txt" "$@"
}

compile browser --extra build --extra dev --extra browser "$@"
compile dev --extra build --extra dev --constraint requirements/browser.txt
compile run --extra build --constraint requirements/browser.txt
