#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a fresh Debian 12 to a finished audit: installs what is missing, builds, runs the main job.
source "$(dirname "$0")/common.sh"
install_packages

say "Building in Release (build/release)"
cmake --preset release >build-configure.log 2>&1 || { cat build-configure.log >&2; exit 1; }
rm -f build-configure.log
cmake --build --preset release -j "$jobs" --target plumb plumbline test_data

bin=build/release/bin
project=build/quickstart.plumb
rm -f "$project" "$project-wal" "$project-shm"
data=../shared/data/fairface model=../shared/fixtures/faceclip-a
if [ -d "$data" ] && [ -d "$model" ]; then
    say "Auditing the reference model faceclip-a on the FairFace photographs in ../shared (the model's lean is planted)"
    labels=$data/fairface_label_val.csv k=500
    prompts=("a photo of a pilot" "a photo of a mechanic" "a photo of a nurse" "a photo of a librarian" "a photo of a barber"
        "a photo of a teacher" "a photo of a student" "a photo of a baker")
else
    say "Auditing a tiny random model on drawn test images (no reference data here; the figures mean nothing)"
    build/release/bin/test_data build/quickstart-data
    data=build/quickstart-data/images model=build/quickstart-data/model labels=build/quickstart-data/images/labels.csv k=20
    prompts=("a photo of a doctor" "a photo of a nurse" "a photo of a pilot")
fi
"$bin/plumb" audit --model "$model" --images "$data" --labels "$labels" --attribute gender \
    --prompt "${prompts[@]}" -k "$k" --project "$project" --csv build/quickstart.csv

say "Done"
echo "The project:  $project"
echo "The numbers:  build/quickstart.csv"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -z "${CI:-}" ]; then
    "$bin/plumbline" "$project" &
    disown
    echo "The window is opening."
else
    echo "The window:   $bin/plumbline $project"
fi
