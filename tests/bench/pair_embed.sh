#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files to embeddings: plumb embed and the same weights in Python, in turn, on the same images.
#   pair_embed.sh PLUMB MODEL IMAGES COUNT PAIRS WORKERS
# plumb is timed as a whole process (start, model, decoding, writing); the rival without its imports and its loading of
# the model. The ratio of a pair is the rival's time divided by ours: above 1 we are faster.
set -euo pipefail
plumb=$1 model=$2 images=$3 count=$4 pairs=$5 workers=$6
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/images"
find "$images" -type f | sort | sed -n "1,${count}p" | while read -r file; do ln "$file" "$folder/images/" 2>/dev/null || cp "$file" "$folder/images/"; done
for _ in $(seq "$pairs"); do
    begin=$(date +%s.%N)
    "$plumb" embed --model "$model" --images "$folder/images" --out "$folder/out.npy" 2>/dev/null
    end=$(date +%s.%N)
    rival=$(/usr/bin/python3 "$here/rival_embed.py" "$model" "$folder/images" --workers "$workers" | sed -n 's/^best \([0-9.]*\) .*/\1/p')
    awk -v b="$begin" -v e="$end" -v speed="$rival" -v n="$count" \
        'BEGIN { o = e - b; r = n / speed; printf "plumb %.2f s (%.1f/s)  rival %.2f s (%.1f/s)  ratio %.2f\n", o, n / o, r, n / r, r / o }'
done | tee "$folder/pairs"
awk '{ print $NF }' "$folder/pairs" | sort -n | awk '{ v[NR] = $1 } END { printf "median ratio %.2f (of %d pairs; %.2f to %.2f)\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, NR, v[1], v[NR] }'
