#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Time and peak memory of `plumb model` with each hostile model, beside the engine that does nothing (needs the package
# "time"). The time is the processor's, since other work on the machine must not count; one that waits is ended after
# 60 s. Memory counts the pages of mapped files.
#   tests/bench/hostile_files.sh build/ci/bin
# A hostile tokenizer leaves the images usable: those models are read, with a warning, and compared with the good one.
# Ends with 1 where a model is accepted, ends in a crash, or needs 1 s or 100 MB more than the idle engine.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# measure COMMAND...: sets time, memory (kB) and code.
measure() {
    : > "$work/figures"
    XDG_CACHE_HOME="$work/cache" timeout 60 /usr/bin/time -f '%U %S %M %x' -o "$work/figures" "$@" \
        > "$work/out" 2> "$work/err"
    tail -n 1 "$work/figures" | awk '{ print $1 + $2, $3, $4 }' > "$work/line"
    read -r time memory code < "$work/line" || true
}
row() {
    printf '%8s %8s  %s\n' "$1" "$(echo "$2" | awk '{ printf "%.0f", $1 * 1024 / 1e6 }')" "$3"
}

printf '%8s %8s  %s\n' 's' 'MB' 'model'
measure "$bin/plumb" --version
idle_time=$time idle_memory=$memory
row "$time" "$memory" 'none (plumb --version)'
"$bin/hostile_files" > "$work/list"
while IFS="$(printf '\t')" read -r number expected name; do
    mkdir "$work/model"
    measure "$bin/plumb" model "$("$bin/hostile_files" "$number" "$work/model")"
    rm -rf "$work/model"
    verdict=$(echo "${time:-60} $idle_time ${memory:-0} $idle_memory" |
        awk '{ print ($1 - $2 < 1 && ($3 - $4) * 1024 < 100e6) ? "" : "  TOO MUCH" }')
    [ "${code:-}" = "$expected" ] || verdict="$verdict  ENDED WITH ${code:-A TIMEOUT}"
    [ -z "$verdict" ] || failed=1
    row "${time:-60}" "${memory:-0}" "$name$verdict"
done < "$work/list"
exit $failed
