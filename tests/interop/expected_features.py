#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""expected_features.py RANDOM_MODEL ARCHITECTURES.json

Lets the real transformers and open_clip compute the features of each architecture of ARCHITECTURES.json
(tests/clip/data) and writes them into it. RANDOM_MODEL is the tool of tests/tools, which writes the random weights that
the test draws, too. Run by hand in an environment with both packages (see README.md); the test then needs neither.
"""
import json
import subprocess
import sys
import tempfile

import numpy as np
import torch


def pixels(size):
    """The two pictures of tst_architectures.cpp, to the last bit but for the rounding of the sine."""
    i = np.arange(2 * 3 * size * size)
    return np.sin(i * 0.37 + i // (size * size)).astype(np.float32).reshape(2, 3, size, size)


def features(folder, files, ids):
    ids = torch.tensor(ids)
    if "config.json" in files:
        from safetensors.torch import load_file
        from transformers import AutoConfig, AutoModel

        model = AutoModel.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager").eval()
        stored = load_file(folder + "/model.safetensors")
        own = {k: v for k, v in model.state_dict().items() if not k.endswith("position_ids")}
        assert set(stored) == set(own), set(stored) ^ set(own)
        for key, value in own.items():  # SigLIP keeps its two scalars as [1]
            value.copy_(stored[key].reshape(value.shape))
        size = model.config.vision_config.image_size
        return (model.get_image_features(torch.from_numpy(pixels(size))), model.get_text_features(ids))
    import open_clip

    config = files["open_clip_config.json"]["model_cfg"]
    if "multimodal_cfg" in config:  # the decoder, which the folder lacks and nothing here uses, stays as it was made
        model = open_clip.CoCa(config["embed_dim"], multimodal_cfg=open_clip.coca_model.MultimodalCfg(**config["multimodal_cfg"]),
                               text_cfg=open_clip.model.CLIPTextCfg(**config["text_cfg"]),
                               vision_cfg=open_clip.model.CLIPVisionCfg(**config["vision_cfg"]))
    else:
        custom = config.get("custom_text", False)
        kind = open_clip.CustomTextCLIP if custom else open_clip.CLIP
        model = kind(config["embed_dim"], config["vision_cfg"], dict(config["text_cfg"], hf_tokenizer_name=None),
                     quick_gelu=config.get("quick_gelu", False))
    from safetensors.torch import load_file

    missing, unexpected = model.load_state_dict(load_file(folder + "/open_clip_model.safetensors"), strict=False)
    missing = [m for m in missing if not m.startswith("text_decoder.") and not m.endswith("num_batches_tracked")
               and not m.endswith("attn_mask")]
    assert not missing and not unexpected, (missing, unexpected)
    model.eval()
    size = config["vision_cfg"]["image_size"]
    return (model.encode_image(torch.from_numpy(pixels(size)), normalize=False),
            model.encode_text(ids, normalize=False))


def main():
    tool, path = sys.argv[1:3]
    torch.set_num_threads(1)
    architectures = json.load(open(path))
    for name, one in architectures.items():
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            subprocess.run([tool, path, name, folder], check=True)
            image, text = features(folder, one["files"], one["token_ids"])
        for key, value in (("image_features", image), ("text_features", text)):
            one[key] = [[float(np.format_float_positional(x, 8, fractional=False)) for x in row] for row in value.numpy()]
        print(name, [round(x, 3) for x in one["image_features"][0][:4]], [round(x, 3) for x in one["text_features"][0][:4]])
    with open(path, "w") as out:
        out.write("{\n" + ",\n".join(f" {json.dumps(n)}: {json.dumps(o)}" for n, o in architectures.items()) + "\n}\n")


main()
