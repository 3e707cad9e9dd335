# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the scripts of this folder: where we are, and how packages are installed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=$(nproc)

say() { printf '\n== %s\n' "$*"; }

# Installs what packages.txt lists and this machine lacks.
install_packages() {
    local missing=() package
    while read -r package _; do
        case $package in '' | '#'*) continue ;; esac
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done <packaging/packages.txt
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { echo "These packages are missing; please install them: ${missing[*]}" >&2; exit 1; }
        as_root=(sudo)
    fi
    say "Installing ${#missing[@]} Debian packages"
    "${as_root[@]}" apt-get update -q
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -yq --no-install-recommends "${missing[@]}" |
        grep -E '^(Setting up libtorch-dev|[0-9]+ upgraded)' || true
    for package in "${missing[@]}"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            { echo "The package $package could not be installed." >&2; exit 1; }
    done
}
