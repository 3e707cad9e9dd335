#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample's models in the real transformers package: same token ids, same embeddings.
Usage: PLUMB SAMPLE [MODEL...]; without models, the sample's two"""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import transformers
from PIL import Image
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer, CLIPTokenizerFast

plumb, sample = sys.argv[1], pathlib.Path(sys.argv[2])
texts = ["a photo of a " + c["text"] for c in json.load(open(sample / "probe.json"))["concepts"]]
texts += ["a portrait of an androgynous person in their sixties with dark skin", "Zebra crossing, 1984!", ""]
failed = False


def check(name, good, detail):
    global failed
    failed |= not good
    print(f"{'ok  ' if good else 'FAIL'} {name}: {detail}")


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


print("transformers", transformers.__version__, "torch", torch.__version__)
with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    pictures = scratch / "pictures"
    pictures.mkdir()
    for path in sorted((sample / "images").rglob("*.png"))[::40]:
        (pictures / path.name).write_bytes(path.read_bytes())
    (scratch / "texts.json").write_text(json.dumps(texts))
    for folder in map(pathlib.Path, sys.argv[3:] or (sample / "model", sample / "model-fair")):
        name = folder.name
        model = CLIPModel.from_pretrained(folder).float().eval()
        ours = json.loads(subprocess.run([plumb, "tokenize", "--model", folder, "--texts", scratch / "texts.json", "--json", "-"],
                                         check=True, capture_output=True, text=True).stdout)["ids"]
        for tokenizer in (CLIPTokenizer, CLIPTokenizerFast):
            theirs = tokenizer.from_pretrained(folder)(texts)["input_ids"]
            check(f"{name} {tokenizer.__name__}", theirs == ours, f"{len(texts)} texts")
        for kind, argument in (("--texts", scratch / "texts.json"), ("--images", pictures)):
            subprocess.run([plumb, "embed", "--model", folder, kind, argument, "--out", scratch / "e.npy"], check=True,
                           stderr=subprocess.DEVNULL)
            mine = np.load(scratch / "e.npy")
            with torch.no_grad():
                if kind == "--texts":
                    inputs = CLIPTokenizer.from_pretrained(folder)(texts, padding=True, return_tensors="pt")
                    output = model.get_text_features(**inputs)
                else:
                    rows = [row["path"] for row in csv.DictReader(open(scratch / "e.npy.rows.csv"))]
                    inputs = CLIPImageProcessor.from_pretrained(folder)(
                        [Image.open(pictures / row) for row in rows], return_tensors="pt")
                    output = model.get_image_features(**inputs)
                output = output if torch.is_tensor(output) else output.pooler_output  # transformers 5
            reference = unit(output.numpy())
            difference = np.abs(mine - reference).max()
            cosine = (mine * reference).sum(1).min()
            check(f"{name} {kind[2:]}", cosine > 0.9999,
                  f"{len(mine)} embeddings, largest difference {difference:.2e}, smallest cosine {cosine:.7f}")
sys.exit(failed)
