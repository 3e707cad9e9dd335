#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every debiasing method on the planted face model and the photographs of ../shared, in one table: fitted on 3,500 of the
# training photographs, strength chosen on the other 1,500, audited on the 5,000 validation photographs.
# usage: debias_table.sh PLUMB [more options of plumb debias compare]
set -euo pipefail
plumb=$(realpath "${1:?usage: debias_table.sh PLUMB [options]}")
shift
shared=$(realpath "$(dirname "$0")/../../../shared")
mapfile -t prompts < <(grep -o '"prompt": *"[^"]*"' "$shared/fixtures/faceclip-a/skew.json" | sed 's/^"prompt": *"//; s/"$//')
[ "${#prompts[@]}" = 28 ] || { echo "28 concepts are expected in skew.json" >&2; exit 1; }
asked=()
for prompt in "${prompts[@]}"; do asked+=(--prompt "$prompt"); done
exec "$plumb" debias compare --model "$shared/fixtures/faceclip-a" --images "$shared/data/fairface" \
    --labels "$shared/data/fairface/fairface_label_train.csv" --audit-labels "$shared/data/fairface/fairface_label_val.csv" \
    --attribute gender --untargeted race,age --classes race -k 1000 --target uniform --shares 70,30 "${asked[@]}" "$@"
