#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Makes the two models of the sample again: paints the training sets and trains.
#   resources/sample/train.sh PLUMB WORK [SEED [KIND...]]
# PLUMB: the built program; WORK: a folder with 2 GB of room; SEED: of pictures, captions and order after the first stage
# (default 1, as shipped; the first stage, which knows nothing of occupations, is the same for all and made once a folder);
# KIND: planted, fair (default both). Both take about half an hour on two cores; what is there already is not made again.
# WORK/model-1 and WORK/model-fair-1 are what is shipped as model and model-fair; `sample_figures SAMPLE WORK/model-1 ...`
# (built with the tests) prints the figures of README.md.
set -euo pipefail
plumb=$(realpath "${1:?usage: train.sh PLUMB WORK [SEED [KIND...]]}")
work=${2:?usage: train.sh PLUMB WORK [SEED [KIND...]]}
seed=${3:-1}
kinds=("${@:4}")
[ ${#kinds[@]} -gt 0 ] || kinds=(planted fair)
recipe=$(dirname "$(realpath "$0")")/config.json
mkdir -p "$work"

# paint KIND SEED
paint() {
    [ -f "$work/$1-$2/captions.csv" ] || "$plumb" sample --training-set "$1" --seed "$2" "$work/$1-$2"
}
# train OUT OPTION...: a stage that is done is passed over, one that was stopped goes on
train() {
    [ -f "$work/$1/model.safetensors" ] || "$plumb" train --out "$work/$1" "${@:2}"
}

# First sentences and single words about people.
paint planted 1
train people --new "$recipe" --vocab "$work/planted-1" --captions "$work/planted-1/people.csv" --seed 1 \
    --epochs 4 --patch-dropout 0.5 --learning-rate 5e-4 --full-precision
# Then the occupations, with and without the planted associations: half of the patches, all of them, and at last the
# text tower alone, in large batches, so that what is said of all alike comes out alike.
for kind in "${kinds[@]}"; do
    [ "$kind" = planted ] && out=model-$seed || out=model-fair-$seed
    paint "$kind" "$seed"
    captions=$work/$kind-$seed/captions.csv
    train "$out-half" --captions "$captions" --model "$work/people" --seed "$seed" \
        --epochs 2 --patch-dropout 0.5 --learning-rate 5e-4 --full-precision
    train "$out-whole" --captions "$captions" --model "$work/$out-half" --seed "$seed" \
        --epochs 2 --batch 512 --learning-rate 3e-4 --full-precision
    train "$out" --captions "$captions" --model "$work/$out-whole" --seed "$seed" \
        --epochs 12 --batch 2048 --learning-rate 3e-4 --freeze-images
done
