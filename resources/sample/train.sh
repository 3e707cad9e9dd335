#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the two models of the sample again: paints the training sets and trains.
#   resources/sample/train.sh PLUMB WORK [SEED]
# PLUMB: the built program; WORK: a folder with 1 GB of room; SEED: of the captions, weights and order of the second stage
# (default 1, as shipped; the first stage, which knows nothing of occupations, is the same for all and made once a folder).
# Each stage takes some minutes on two cores. WORK/model-1 and WORK/model-fair-1 are what is shipped as model and model-fair;
# `sample_figures SAMPLE WORK/model-1 ...` (built with the tests) prints the figures of README.md.
set -euo pipefail
plumb=$(realpath "${1:?usage: train.sh PLUMB WORK [SEED]}")
work=${2:?usage: train.sh PLUMB WORK [SEED]}
seed=${3:-1}
recipe=$(dirname "$(realpath "$0")")/config.json
mkdir -p "$work"
train() { "$plumb" train --patch-dropout 0.5 --learning-rate 5e-4 "$@"; }

if [ ! -f "$work/people/model.safetensors" ]; then
    # First sentences and single words about people.
    "$plumb" sample --training-set planted --seed 1 "$work/planted-1"
    train --captions "$work/planted-1/people.csv" --vocab "$work/planted-1" --new "$recipe" --out "$work/people" \
        --epochs 4 --seed 1 --full-precision
fi
# Then the occupations, with and without the planted associations.
for kind in planted fair; do
    [ "$kind" = planted ] && out=model || out=model-fair
    "$plumb" sample --training-set "$kind" --seed "$seed" "$work/$kind-$seed"
    train --captions "$work/$kind-$seed/captions.csv" --model "$work/people" --out "$work/$out-$seed" --epochs 3 --seed "$seed"
done
