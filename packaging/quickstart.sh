#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a fresh Debian 12 to a finished audit: installs what is missing, builds, audits the sample.
source "$(dirname "$0")/common.sh"
install_packages

say "Building in Release (build/release)"
cmake --preset release >build-configure.log 2>&1 || { cat build-configure.log >&2; exit 1; }
rm -f build-configure.log
cmake --build --preset release -j "$jobs" --target plumb plumbline

bin=build/release/bin
sample=build/sample
project=$sample/sample.plumb
results=$sample/results.csv
say "Writing the sample to $sample: 2,000 drawn portraits and two small CLIP models (what one of them leans towards was planted)"
"$bin/plumb" sample "$sample"
rm -f "$project" "$project-wal" "$project-shm"
audit() { # model, further options
    local model=$1
    shift
    "$bin/plumb" audit --model "$sample/$model" --images "$sample/images" --labels "$sample/labels.csv" --where split=audit \
        --attribute "gender,skin tone" --probe "$sample/probe.json" -k 100 --project "$project" "$@"
}
say "Auditing the fair model, in which nothing was planted"
audit model-fair --csv "$sample/results-fair.csv"
say "Auditing the planted model: the columns \"planted\" and \"found\" compare the known truth with the measurement"
audit model --csv "$results"

say "Done"
echo "The project:  $project (both audits)"
echo "The numbers:  $results"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -z "${CI:-}" ]; then
    "$bin/plumbline" "$project" &
    disown
    echo "The window is opening on the finished sample."
else
    echo "The window:   $bin/plumbline $project"
fi
