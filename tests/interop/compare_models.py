#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What plumb makes of the models that make_models.py wrote, beside what their own packages made of them. Usage: PLUMB OUT_DIR [NAME…]

Fails if a model that should load is refused, is not within 5e-6 of the unit-length features, or gets other token ids.
"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

TOLERANCE = 5e-6 # four times what is measured; the wrong GELU or epsilon moves the features of a large tower by 1e-5 only


def vocabulary():
    import open_clip.tokenizer
    return ["--vocab", open_clip.tokenizer.default_bpe()]


def run(*arguments):
    """Standard output, or the program's own sentence as an exception."""
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True)
    if done.returncode == 2:
        raise ValueError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "refused without a word")
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def unit(rows):
    return rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)


def embed(plumb, model, kind, source, names=None):
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch) / "e.npy"
        run(plumb, "embed", *model, kind, source, "--out", out, "--raw", "--threads", 1)
        if names is not None:
            got = [row["path"] for row in csv.DictReader(open(f"{out}.rows.csv"))]
            if got != names:
                raise RuntimeError(f"embedded {got}, expected {names}")
        return np.load(out)


def differences(ours, theirs):
    """The largest of unit-length features and of raw ones."""
    if ours.shape != theirs.shape:
        raise RuntimeError(f"features of shape {ours.shape}, not {theirs.shape}")
    return float(np.abs(unit(ours) - unit(theirs)).max()), float(np.abs(ours - theirs).max())


def compare(plumb, folder, path, info):
    """The row of the table, and why it is not good."""
    expected = folder / "expected"
    model = ["--model", folder / path, *(vocabulary() if info["vocabulary"] else [])]
    pictures = sorted(p.name for p in (expected / "images").iterdir())
    cells, raw, troubles = [], 0.0, []

    def attempt(part):
        try:
            return part()
        except (ValueError, RuntimeError) as trouble:
            if str(trouble) not in troubles:
                troubles.append(str(trouble))

    for kind, source, name, files in (("--pixels", "pixels.npy", "image_features", None), ("--images", "images", "image_features_files", pictures),
                                      ("--texts", "texts.json", "text_features", None)):
        found = attempt(lambda: differences(embed(plumb, model, kind, expected / source, files), np.load(expected / f"{name}.npy")))
        cells.append(f"{found[0]:8.1e}" if found else f"{'-':>8}")
        raw = max(raw, found[1]) if found else raw
        if found and not found[0] <= TOLERANCE: # nor is a NaN
            troubles.append(f"{name} is off")
    answer = attempt(lambda: run(plumb, "tokenize", *model, "--texts", expected / "texts.json", "--json", "-"))
    same = "-"
    if answer:
        padded = [row + [info["pad_id"]] * (info["context_length"] - len(row)) for row in json.loads(answer)["ids"]]
        wrong = sum(ours != theirs for ours, theirs in zip(padded, np.load(expected / "token_ids.npy").tolist(), strict=True))
        same = f"{wrong} differ" if wrong else "equal"
        if wrong:
            troubles.append("token ids differ")
    return f"{' '.join(cells)} {raw:8.1e} {same:9}", troubles


def refusal(plumb, model):
    """The program's sentence, or nothing if it reads the model."""
    try:
        run(plumb, "model", model)
    except ValueError as sentence:
        return str(sentence)


def main():
    plumb, out = sys.argv[1], pathlib.Path(sys.argv[2])
    names = sys.argv[3:] or sorted(p.parent.parent.name for p in out.glob("*/expected/info.json"))
    failed = []
    print(f"{'':4} {'model':36} {'pixels':>8} {'files':>8} {'texts':>8} {'raw':>8} ids")
    for name in names:
        info = json.loads((out / name / "expected/info.json").read_text())
        for path in info["model"]:
            label = name if path == info["model"][0] else f"{name} ({pathlib.Path(path).name})"
            sentence = refusal(plumb, out / name / path) if info["loads"] is not True else None
            if sentence:
                row, troubles = f"refused, {'as it may be' if info['loads'] == 'or not' else 'as it should be'}: {sentence}", []
            elif info["loads"] is False:
                row, troubles = "", ["is read, and should be refused"]
            else:
                row, troubles = compare(plumb, out / name, path, info)
            print(f"{'FAIL' if troubles else 'ok  '} {label:36} {row} {'; '.join(troubles)}".rstrip(), flush=True)
            if troubles:
                failed.append(label)
    print(f"{len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    sys.exit(1 if failed else 0)


main()
