#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What the two programs link: static libraries hand private links on, so the result is what counts.
set -euo pipefail
bin=${1:?usage: check_links.sh FOLDER}
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
bad=0
forbid() { # program pattern
    local found
    found=$(needed "$bin/$1" | grep -E "$2" || true)
    [ -z "$found" ] || { echo "$1 must not link: $found"; bad=1; }
}
require() {
    needed "$bin/$1" | grep -qE "$2" || { echo "$1 should link $2: is this check looking at the right file?"; bad=1; }
}
forbid plumbline 'torch|c10|opencv|libQt5|openblas'
require plumbline 'libQt6Widgets'
forbid plumb 'libQt|qcustomplot'
require plumb 'libtorch'
[ "$bad" = 0 ] && echo "both programs link what they should"
exit "$bad"
