#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds with warnings as errors, runs all tests. The last line reads "N passed, N failed".
source "$(dirname "$0")/common.sh"
install_packages

say "Building (build/ci)"
cmake --preset ci >build-configure.log 2>&1 || { cat build-configure.log >&2; rm -f build-configure.log; echo "0 passed, 1 failed"; exit 1; }
rm -f build-configure.log
cmake --build --preset ci -j "$jobs" || { echo "0 passed, 1 failed"; exit 1; }

say "Testing"
results=build/ci/test-results
rm -rf "$results" && mkdir -p "$results"
status=0
ctest --preset ci -j "$jobs" 2>&1 | tee "$results/ctest.out" || status=$?

# Each Qt Test program leaves its totals; a test without them (a script, a crash, a timeout) counts as one.
passed=0 failed=0 skipped=0
while read -r name outcome; do
    totals=$(grep -h '^Totals:' "$results/$name.txt" 2>/dev/null | tail -n 1 || true)
    if [[ $totals =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped ]]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
        [ "$outcome" = Passed ] || [ "${BASH_REMATCH[2]}" != 0 ] || failed=$((failed + 1))
    elif [ "$outcome" = Passed ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
done < <(sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) [. *]*(Passed|Failed|Timeout|Exception|Subprocess aborted|Not Run).*/\1 \2/p' "$results/ctest.out")
if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then failed=1; fi
[ "$status" = 0 ] || [ "$failed" != 0 ] || failed=1
[ "$failed" = 0 ] || grep -h -A1 '^FAIL!' "$results"/*.txt || true # again, where the end of a long output is read
[ "$skipped" = 0 ] || echo "$skipped skipped (each says why: most need the reference data in ../shared)"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
