#!/bin/sh
# Sets the checkout up on Debian or Ubuntu: system packages where they are missing, .venv, hash-locked packages.
#
#   install.sh run|dev|browser   installs that level and those below it, and leaves a stamp in .venv for make
#   install.sh missing           prints what the browser suite still wants, one name a line; nothing when complete
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=.venv

say() { printf '%s\n' "$*" >&2; }

# Reads "package library" lines and prints each package whose shared library cannot be loaded.
missing_libraries() {
    while read -r package library; do
        "$python" -c "import ctypes; ctypes.CDLL('$library')" 2>/dev/null || echo "$package"
    done
}

# Reads "package file" lines and prints each package whose file is not there.
missing_files() {
    while read -r package file; do
        [ -e "$file" ] || echo "$package"
    done
}

# The house's own typefaces are for Latin writing; on paper pictographs and East Asian writing come from these two.
missing_for_run() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    missing_libraries <<LIBRARIES
libpango-1.0-0 libpango-1.0.so.0
libpangoft2-1.0-0 libpangoft2-1.0.so.0
libharfbuzz-subset0 libharfbuzz-subset.so.0
LIBRARIES
    missing_files <<FONTS
fonts-noto-color-emoji /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
fonts-wqy-microhei /usr/share/fonts/truetype/wqy/wqy-microhei.ttc
FONTS
}

# libatomic1 is what playwright's own driver wants; a bare Debian is without it.
missing_for_browser() {
    command -v chromium >/dev/null || echo chromium
    command -v pdftoppm >/dev/null || echo poppler-utils
    echo "libatomic1 libatomic.so.1" | missing_libraries
}

# With root or sudo the packages are installed; otherwise the one line to run is printed and set-up stops.
install_system_packages() {
    [ $# -gt 0 ] || return 0
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        sudo="sudo"
        [ -t 0 ] || sudo="sudo -n"  # nobody is there to type a password
    fi
    say "Installing Debian packages: $*"
    if command -v apt-get >/dev/null && { [ -z "$sudo" ] || command -v sudo >/dev/null; }; then
        apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300"
        mkdir -p var
        $apt update >var/apt.log 2>&1 || say "The package lists could not be refreshed; trying with those at hand."
        if $apt install -y --no-install-recommends "$@" >>var/apt.log 2>&1; then return 0; fi
        tail -n 5 var/apt.log >&2
    fi
    say "These packages are missing and could not be installed from here. Run this line, then try again:"
    say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
    case " $* " in *" chromium "*) say "On Ubuntu, where apt has no chromium:  sudo snap install chromium" ;; esac
    exit 1
}

require_python() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return 0
    say "Goldseam needs Python 3.11 or newer; \"$python\" is $("$python" --version 2>&1 || true)."
    say "Name another with:  make PYTHON=python3.12 ..."
    exit 1
}

make_venv() {
    "$venv/bin/python" -c 'import pip' 2>/dev/null && return 0
    "$python" -m venv --clear "$venv"
}

# Only wheels: building a source package would fetch build tools that no hash vouches for.
install_python_packages() {
    say "Installing Python packages (requirements/$1.txt) ..."
    pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"
    $pip install --require-hashes --only-binary :all: --no-deps -r "requirements/$1.txt"
    $pip install --no-index --no-build-isolation --no-deps --editable .
    $pip check >&2
}

missing_parts() {
    missing_for_browser
    "$venv/bin/python" -c 'import pytest_playwright, axe_playwright_python' 2>/dev/null || echo playwright
}

case "${1:-}" in
    missing) missing_parts; exit 0 ;;
    run) levels="run" ;;
    dev) levels="run dev" ;;
    browser) levels="run dev browser" ;;
    *) say "usage: install.sh run|dev|browser|missing"; exit 2 ;;
esac

require_python
packages=$(missing_for_run)
[ "$1" = browser ] && packages="$packages $(missing_for_browser)"
# shellcheck disable=SC2086  # one word a package
install_system_packages $packages
make_venv
install_python_packages "$1"
for level in $levels; do touch "$venv/stamp-$level"; done
