#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Time and peak memory of `plumb model` with each hostile model, beside a tiny good one (needs the package "time").
#   tests/bench/hostile_files.sh build/ci/bin
# Ends with 1 where one is accepted, ends in a crash, or needs 1 s or 100 MB more than the good one; memory counts the
# pages of mapped files.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
idle_time= idle_memory=
printf '%8s %8s  %s\n' 's' 'MB' 'model'
"$bin/hostile_files" > "$work/list"
while IFS="$(printf '\t')" read -r number name; do
    mkdir "$work/model"
    path=$("$bin/hostile_files" "$number" "$work/model")
    # Each figure is the least of three: the machine has other work.
    best_time= best_memory=
    for _ in 1 2 3; do
        XDG_CACHE_HOME="$work/cache" timeout 60 /usr/bin/time -f '%e %M %x' -o "$work/figures" \
            "$bin/plumb" model "$path" > "$work/out" 2> "$work/err"
        # shellcheck disable=SC2046
        set -- $(tail -n 1 "$work/figures")
        time=$1 memory=$2 code=$3
        best_time=$(echo "${best_time:-$time} $time" | awk '{ print ($2 < $1) ? $2 : $1 }')
        best_memory=$(echo "${best_memory:-$memory} $memory" | awk '{ print ($2 < $1) ? $2 : $1 }')
    done
    if [ "$number" = 0 ]; then
        idle_time=$best_time idle_memory=$best_memory expected=0
    else
        expected=2
    fi
    verdict=$(echo "$best_time $idle_time $best_memory $idle_memory" |
        awk '{ print ($1 - $2 < 1 && ($3 - $4) * 1024 < 100e6) ? "" : "  TOO MUCH" }')
    [ "$code" = "$expected" ] || verdict="$verdict  ENDED WITH $code"
    [ -z "$verdict" ] || failed=1
    printf '%8s %8s  %s%s\n' "$best_time" "$(echo "$best_memory" | awk '{ printf "%.0f", $1 * 1024 / 1e6 }')" \
        "$name" "$verdict"
    rm -rf "$work/model"
done < "$work/list"
exit $failed
