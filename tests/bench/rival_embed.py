#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same work in Python, for comparison: files -> embeddings with torch, torchvision's transforms and Pillow.

Reads a Hugging Face CLIP folder (config.json, preprocessor_config.json, model.safetensors) and runs its image tower in
plain torch, as a careful user would: inference mode, fused in-projections, one matrix product a step, batches, a
DataLoader with workers. Debian: python3-torch python3-torchvision python3-pil python3-numpy.

    rival_embed.py MODEL IMAGES [--count N] [--threads N] [--workers 0 1 2] [--batch N] [--out FILE.npy]
"""
import argparse
import json
import os
import struct
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torchvision import transforms


def read_safetensors(path):
    data = np.memmap(path, dtype=np.uint8, mode="r")
    length = struct.unpack("<Q", data[:8].tobytes())[0]
    header = json.loads(data[8 : 8 + length].tobytes())
    kinds = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        raw = data[8 + length + begin : 8 + length + end].tobytes()
        values = np.frombuffer(raw, dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return {k: v.float() for k, v in tensors.items() if v.is_floating_point()}


class ImageTower:
    def __init__(self, folder):
        config = json.load(open(os.path.join(folder, "config.json")))["vision_config"]
        self.heads = config["num_attention_heads"]
        self.patch = config["patch_size"]
        self.eps = config.get("layer_norm_eps", 1e-5)
        self.quick = config.get("hidden_act", "quick_gelu") == "quick_gelu"
        t = read_safetensors(os.path.join(folder, "model.safetensors"))
        p = "vision_model."
        self.conv = t[p + "embeddings.patch_embedding.weight"]
        self.cls = t[p + "embeddings.class_embedding"]
        self.pos = t[p + "embeddings.position_embedding.weight"]
        self.pre = t[p + "pre_layrnorm.weight"], t[p + "pre_layrnorm.bias"]
        self.post = t[p + "post_layernorm.weight"], t[p + "post_layernorm.bias"]
        self.proj = t["visual_projection.weight"]
        self.layers = []
        for i in range(config["num_hidden_layers"]):
            b = f"{p}encoder.layers.{i}."
            qkv = [torch.cat([t[f"{b}self_attn.{n}_proj.{k}"] for n in "qkv"]) for k in ("weight", "bias")]
            names = ("layer_norm1", "layer_norm2", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")
            self.layers.append([qkv] + [(t[f"{b}{n}.weight"], t[f"{b}{n}.bias"]) for n in names])

    def __call__(self, pixels):
        n = pixels.shape[0]
        x = F.conv2d(pixels, self.conv, stride=self.patch).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(n, 1, -1), x], 1) + self.pos
        width = x.shape[-1]
        x = F.layer_norm(x, (width,), *self.pre, self.eps)
        for qkv, norm1, norm2, out, up, down in self.layers:
            y = F.linear(F.layer_norm(x, (width,), *norm1, self.eps), *qkv)
            q, k, v = y.view(n, -1, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
            scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-2, -1)
            x = x + F.linear((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, -1, width), *out)
            y = F.linear(F.layer_norm(x, (width,), *norm2, self.eps), *up)
            x = x + F.linear(y * torch.sigmoid(1.702 * y) if self.quick else F.gelu(y), *down)
        return F.linear(F.layer_norm(x[:, 0], (width,), *self.post, self.eps), self.proj)


class Pictures(torch.utils.data.Dataset):
    def __init__(self, files, folder):
        config = json.load(open(os.path.join(folder, "preprocessor_config.json")))
        size = config["crop_size"]
        size = size["height"] if isinstance(size, dict) else size
        self.files = files
        self.prepare = transforms.Compose(
            [
                transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC),
                transforms.CenterCrop(size),
                transforms.ToTensor(),
                transforms.Normalize(config["image_mean"], config["image_std"]),
            ]
        )

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return self.prepare(Image.open(self.files[i]).convert("RGB"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("images")
    parser.add_argument("--count", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--workers", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--batch", type=int, nargs="*", default=[32])
    parser.add_argument("--out")
    args = parser.parse_args()
    files = sorted(os.path.join(args.images, name) for name in os.listdir(args.images))[: args.count]
    torch.set_num_threads(args.threads)
    tower = ImageTower(args.model)
    best = 0
    with torch.inference_mode():
        for workers in args.workers:
            for batch in args.batch:
                loader = torch.utils.data.DataLoader(Pictures(files, args.model), batch_size=batch, num_workers=workers)
                start, start_cpu = time.perf_counter(), time.process_time()
                features = torch.cat([tower(pixels) for pixels in loader])
                seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
                best = max(best, len(files) / seconds)
                print(f"{workers} workers, batch {batch}: {len(files) / seconds:.1f} images/s, "
                      f"{1000 * cpu / len(files):.3f} ms of processor an image without the workers", flush=True)
    print(f"best {best:.1f} images/s")
    if args.out:
        np.save(args.out, F.normalize(features, dim=1).numpy())


if __name__ == "__main__":
    main()
