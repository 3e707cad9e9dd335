#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes small random models with the real packages, in the layouts and file forms that people have. Usage: OUT_DIR [NAME…]

Every model gets a folder expected/: inputs, and what the package that wrote the model makes of them. Nothing is downloaded.
"""
import gzip
import hashlib
import io
import json
import math
import os
import pathlib
import re
import shutil
import sys
import tempfile
import zlib
from unittest import mock

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import open_clip
import open_clip.factory
import open_clip.tokenizer
import open_clip.transform
import PIL
import safetensors.torch
import sentencepiece
import timm
import tokenizers
import torch
import transformers
from open_clip.push_to_hf_hub import save_config_for_hf
from PIL import Image, ImageDraw
from torch import nn

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()

TEXTS = [
    "a photo of a doctor",
    "a photo of a nurse at work",
    "A Portrait of an androgynous person, in their sixties!",
    "",
    "two dogs & 3 cats (1984)",
    "naïve café über straße",
    "日本語の写真",
    "a smiling 🙂 engineer_with-tools",
    "don't  stop   believing\n\tnow",
    " ".join(f"a photo of a person who waits for train number {n} in the rain and reads" for n in range(12)),
]
INCEPTION = {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5), "interpolation": "bicubic", "resize_mode": "squash"}
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "interpolation": "bilinear", "resize_mode": "squash"}
OPENAI = {"mean": open_clip.OPENAI_DATASET_MEAN, "std": open_clip.OPENAI_DATASET_STD, "interpolation": "bicubic", "resize_mode": "shortest"}


# --- weights and inputs ---------------------------------------------------------------------------------------------------------------

EMBEDDING = re.compile(r"(pos_embed|positional_embedding|class_embedding|cls_token|cls_emb|position_embedding\.weight|token_embedding\.weight)$")
INTO_RESIDUAL = re.compile(r"(out_proj|c_proj|fc2|attn\.proj)\.(weight|bias)$")
NORM = (nn.LayerNorm, nn.BatchNorm2d)


@torch.no_grad()
def settle(model, name):
    """Random weights with which features differ between inputs, and with which a wrong head count, GELU or epsilon can be seen.

    The residual stream starts small (0.05), so that the norms' epsilon counts; queries and keys are large, so that attention is uneven.
    """
    rng = torch.Generator().manual_seed(zlib.crc32(name.encode()))

    def normal(tensor, std, mean=0.0):
        tensor.copy_(torch.randn(tensor.shape, generator=rng) * std + mean)

    norms = {f"{path}.{leaf}" for path, module in model.named_modules() if isinstance(module, NORM) for leaf in ("weight", "bias")}
    trained = all(tensor.requires_grad for tensor in model.parameters()) # a table of sines and cosines is not
    for path, tensor in model.named_parameters():
        residual = INTO_RESIDUAL.search(path) is not None
        if path in norms:
            normal(tensor, 0.2, 1.0) if path.endswith("weight") else normal(tensor, 0.1)
        elif path.endswith("logit_scale"):
            tensor.fill_(math.log(10 + 50 * torch.rand(1, generator=rng).item()))
        elif path.endswith("logit_bias"):
            tensor.fill_(-8 - 6 * torch.rand(1, generator=rng).item())
        elif EMBEDDING.search(path):
            if tensor.requires_grad:
                normal(tensor, 0.05)
        elif path.endswith("gamma"):
            tensor.copy_(0.1 + 0.9 * torch.rand(tensor.shape, generator=rng))
        elif re.search(r"(query|probe|latent)$", path):
            normal(tensor, 1.0)
        elif path.endswith("bias"):
            normal(tensor, 0.05 if residual else 0.1)
        elif tensor.ndim == 4:
            gain = 1.4 if tensor.shape[-1] <= 3 else 0.15 if trained else 1
            normal(tensor, gain / math.sqrt(tensor[0].numel()))
        elif re.search(r"(^|\.)(proj|text_projection)$", path):
            normal(tensor, 1 / math.sqrt(tensor.shape[0]))
        else:
            gain = 0.4 if residual else 1.5 if path.endswith(("c_fc.weight", "fc1.weight")) else 1 # the two GELUs differ most around 2
            normal(tensor, gain / math.sqrt(tensor.shape[1]))
            if path.endswith(("in_proj_weight", "qkv.weight")):
                tensor[: tensor.shape[0] * 2 // 3] *= 1.6
            elif re.search(r"(q_proj|k_proj|attn_pool\.q)\.weight$|[qk]_proj_weight$", path):
                tensor *= 1.6
    for path, buffer in model.named_buffers():
        if path.endswith("running_mean"):
            normal(buffer, 0.2)
        elif path.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=rng))
        elif path.endswith("num_batches_tracked"):
            buffer.fill_(1234)
    return model.eval()


def smooth_pixels(size, name):
    """[4, 3, size, size], about -2 to 2: coarse noise made large, with a little fine noise."""
    rng = torch.Generator().manual_seed(zlib.crc32(name.encode()) + 1)
    coarse = torch.randn(4, 3, 5, 5, generator=rng) * 1.2
    fine = nn.functional.interpolate(coarse, size=(size, size), mode="bicubic")
    return fine + 0.1 * torch.randn(4, 3, size, size, generator=rng)


def draw_pictures(folder):
    """Four pictures whose sides are odd, uneven, and in one case smaller than the model's input.

    None is so tall that Pillow 13 resizes it vertically first, (height - new height) > 2 (width - new width), which moves pixels by some levels."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    for n, (width, height) in enumerate(((97, 61), (95, 121), (31, 37), (201, 199))):
        rows, columns = np.mgrid[0:height, 0:width]
        shade = np.stack([np.sin(columns / (7 + 5 * n + c)) * np.cos(rows / (9 + 3 * c)) for c in range(3)], axis=2)
        image = Image.fromarray((127 + 90 * shade + rng.normal(0, 6, shade.shape)).clip(0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(image)
        for _ in range(6):
            x, y = rng.integers(0, width), rng.integers(0, height)
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            (draw.ellipse if rng.random() < 0.5 else draw.rectangle)((x, y, x + width // 3, y + height // 4), fill=colour)
        image.save(folder / f"picture_{n}.png")


def logits_of(model):
    info = {"logit_scale": model.logit_scale.item(), "logit_scale_exp": model.logit_scale.exp().item()}
    if getattr(model, "logit_bias", None) is not None:
        info["logit_bias"] = model.logit_bias.item()
    return info


@torch.no_grad()
def write_expected(folder, name, size, images, prepare, tokenize, texts, info, written=TEXTS):
    """What the package computes: `images` and `texts` give raw features, `prepare` a file's pixels, `tokenize` padded ids."""
    folder = folder / "expected"
    draw_pictures(folder / "images")
    pixels = smooth_pixels(size, name)
    files = torch.stack([prepare(Image.open(path)) for path in sorted((folder / "images").iterdir())])
    ids = tokenize(written)
    features = {"image_features": images(pixels), "image_features_files": images(files), "text_features": texts(ids)}
    for kind, rows in features.items():
        unit = nn.functional.normalize(rows.double(), dim=-1)
        cosines = unit @ unit.T - 2 * torch.eye(len(rows))
        if not torch.isfinite(rows).all() or cosines.max() > 0.998:
            raise SystemExit(f"{name}: {kind} do not differ enough ({cosines.max():.4f})")
        np.save(folder / f"{kind}.npy", rows.float().numpy())
    np.save(folder / "pixels.npy", pixels.numpy())
    np.save(folder / "pixels_files.npy", files.numpy())
    np.save(folder / "token_ids.npy", ids.numpy().astype(np.int64))
    (folder / "texts.json").write_text(json.dumps(written, ensure_ascii=False))
    packages = {p.__name__: p.__version__ for p in (torch, PIL, transformers, open_clip, timm, tokenizers, sentencepiece)}
    info = {"model": ["."], "loads": True, "vocabulary": False, "context_length": ids.shape[1]} | info | {"versions": packages}
    (folder / "info.json").write_text(json.dumps(info, indent=2))


# --- small tokenizers -----------------------------------------------------------------------------------------------------------------

def sentences():
    """A few hundred sentences whose words share stems and endings, so that there is something to merge."""
    stems = ("paint farm teach report garden work build sing garment drum photograph program journal account design climb bak clean sail guard "
             "translat manag direct operat invent investigat conduct research weld farri").split()
    how = "smiling tired young old tall quiet naïve brave careful happy famous patient cheerful thoughtful honest clever kind busy".split()
    where = ("at work", "in the rain", "near the station", "in a café", "on the street", "with 3 tools", "in 1984", "by the sea", "under a bridge",
             "behind the counter of a shop", "before the hearing", "while reading the newspaper", "über dem Fluss")
    return [f"{what} of {article} {how[(5 * i + j) % len(how)]} {stem}{ending} {where[(i + 3 * j) % len(where)]}"
            for i, stem in enumerate(stems) for j, ending in enumerate(("er", "ers", "ing", "ed", "or", "ist"))
            for what, article in (("a photo", "the"), ("Portraits", "some"))]


def train_sentencepiece(path, **options):
    model = io.BytesIO() # trained to a file, it would hold the file's name
    with open(os.devnull, "w") as quiet:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences()), model_writer=model, character_coverage=1.0, num_threads=1, minloglevel=2, logstream=quiet, **options)
    path.write_bytes(model.getvalue())
    return str(path)


def unigram_model(scratch):
    """As SigLIP's c4_en: </s> is 1 and pads, <unk> is 2."""
    return train_sentencepiece(scratch / "spiece.model", model_type="unigram", vocab_size=200, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)


def gemma_model(scratch):
    """As Gemma's: BPE with bytes, spaces kept, no normalisation."""
    return train_sentencepiece(
        scratch / "tokenizer.model", model_type="bpe", vocab_size=700, pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>",
        bos_piece="<bos>", byte_fallback=True, split_digits=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
        normalization_rule_name="identity", user_defined_symbols=["<mask>", "<start_of_turn>", "<end_of_turn>"])


def clip_tokenizer(scratch, merges_kept, length):
    """The first merges of OpenCLIP's own vocabulary as vocab.json and merges.txt."""
    lines = gzip.open(open_clip.tokenizer.default_bpe()).read().decode().split("\n")[1:merges_kept + 1]
    letters = list(open_clip.tokenizer.bytes_to_unicode().values())
    words = letters + [letter + "</w>" for letter in letters] + ["".join(line.split()) for line in lines]
    words += ["<|startoftext|>", "<|endoftext|>"]
    (scratch / "vocab.json").write_text(json.dumps({word: n for n, word in enumerate(words)}))
    (scratch / "merges.txt").write_text("\n".join(["#version: 0.2", *lines, ""]))
    return transformers.CLIPTokenizerFast(scratch / "vocab.json", scratch / "merges.txt", model_max_length=length)


def wordpiece_tokenizer(scratch, length):
    """As bert-base-uncased, which CLIPA reads its texts with: letters, stems and endings of the sentences, and some whole words."""
    words = sorted({word for line in sentences() for word in re.findall(r"\w+", line.lower())})
    letters = sorted({letter for word in words for letter in word} | set("!&(),-'_"))
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + letter for letter in letters), "##er", "##ing", "##ed", "##ist"]
    vocabulary += [word for n, word in enumerate(words) if n % 3 and len(word) > 1]
    (scratch / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    return transformers.BertTokenizerFast(scratch / "vocab.txt", model_max_length=length)


def roberta_tokenizer(scratch, length):
    """As XLM-V, which MetaCLIP 2 reads its texts with: <s>, <pad>, </s>, <unk> are 0 to 3."""
    model = train_sentencepiece(scratch / "sentencepiece.bpe.model", model_type="unigram", vocab_size=200)
    return transformers.XLMRobertaTokenizerFast(model, model_max_length=length)


# --- transformers ---------------------------------------------------------------------------------------------------------------------

def write_hugging_face(folder, name, model, processor, dtype=torch.float32, written=TEXTS, length=None, **save):
    length = length or model.config.text_config.max_position_embeddings
    settle(model, name)
    model.to(dtype).save_pretrained(folder, **save)
    processor.save_pretrained(folder)
    model.float()
    tokenizer, image_processor = processor.tokenizer, processor.image_processor

    def encode(ids):
        inputs = {"input_ids": ids}
        if "attention_mask" in tokenizer.model_input_names:
            inputs["attention_mask"] = torch.tensor(tokenizer(written, padding="max_length", truncation=True, max_length=length)["attention_mask"])
        return model.get_text_features(**inputs)

    write_expected(
        folder, name, model.config.vision_config.image_size, lambda pixels: model.get_image_features(pixel_values=pixels),
        lambda image: image_processor(image, return_tensors="pt")["pixel_values"][0],
        lambda texts: tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")["input_ids"], encode,
        logits_of(model) | {"pad_id": tokenizer.pad_token_id, "eos_id": tokenizer.eos_token_id, "tokenizer": type(tokenizer).__name__,
                            "image_processor": type(image_processor).__name__}, written)


def hf_clip(folder, name, act="quick_gelu", ids=None, merges=48894, length=77, preprocess=None, dtype=torch.float32, **save):
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = clip_tokenizer(pathlib.Path(scratch), merges, length)
        last = len(tokenizer) - 1
        text = dict(vocab_size=last + 1, hidden_size=32, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4,
                    max_position_embeddings=length, hidden_act=act)
        text |= ids or dict(bos_token_id=last - 1, eos_token_id=last)
        vision = dict(hidden_size=48, intermediate_size=160, num_hidden_layers=2, num_attention_heads=6, image_size=48, patch_size=16, hidden_act=act)
        model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=24))
        images = transformers.CLIPImageProcessor(size={"shortest_edge": 48}, crop_size=48, **(preprocess or {}))
        write_hugging_face(folder, name, model, transformers.CLIPProcessor(images, tokenizer), dtype, **save)


def hf_siglip(folder, name):
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = transformers.SiglipTokenizer(unigram_model(pathlib.Path(scratch)), model_input_names=["input_ids"], model_max_length=16)
        text = dict(vocab_size=tokenizer.vocab_size, hidden_size=48, intermediate_size=112, num_hidden_layers=2, num_attention_heads=4,
                    max_position_embeddings=16)
        vision = dict(hidden_size=48, intermediate_size=120, num_hidden_layers=3, num_attention_heads=3, image_size=48, patch_size=14)
        model = transformers.SiglipModel(transformers.SiglipConfig(text_config=text, vision_config=vision))
        images = transformers.SiglipImageProcessor(size={"height": 48, "width": 48})
        write_hugging_face(folder, name, model, transformers.SiglipProcessor(images, tokenizer))


def gemma_tokenizer(scratch, **options):
    # published with do_lower_case, which this class does not act on
    return transformers.GemmaTokenizerFast(gemma_model(scratch), add_bos_token=False, add_eos_token=True, padding_side="right",
                                           do_lower_case=True, model_input_names=["input_ids"], **options)


def hf_siglip2(folder, name):
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = gemma_tokenizer(pathlib.Path(scratch))
        text = dict(vocab_size=len(tokenizer), hidden_size=32, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                    max_position_embeddings=64, projection_size=48)
        vision = dict(hidden_size=48, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, image_size=48, patch_size=16)
        model = transformers.SiglipModel(transformers.SiglipConfig(text_config=text, vision_config=vision))
        images = transformers.SiglipImageProcessor(size={"height": 48, "width": 48}, resample=2)
        # later versions of the package lower the case of SigLIP 2's texts, this one does not: only texts on which they agree
        write_hugging_face(folder, name, model, transformers.SiglipProcessor(images, tokenizer), written=[text.lower() for text in TEXTS], length=64)


def hf_siglip2_naflex(folder, name):
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = gemma_tokenizer(pathlib.Path(scratch))
        common = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2)
        model = transformers.Siglip2Model(transformers.Siglip2Config(
            text_config=common | dict(vocab_size=len(tokenizer)), vision_config=common | dict(patch_size=16, num_patches=16)))
        settle(model, name).save_pretrained(folder)
        transformers.Siglip2Processor(transformers.Siglip2ImageProcessor(max_num_patches=16), tokenizer).save_pretrained(folder)
    write_refused(folder)


def write_refused(folder):
    (folder / "expected").mkdir()
    (folder / "expected/info.json").write_text(json.dumps({"model": ["."], "loads": False, "vocabulary": False}, indent=2))


def hf_cache(folder, name):
    """The cache of huggingface_hub: blobs by hash, a snapshot of relative links, a reference to it."""
    hf_clip(folder, name)
    root = folder / "models--plumbline--tiny"
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = root / "snapshots" / commit
    for part in (root / "blobs", root / "refs", snapshot):
        part.mkdir(parents=True)
    (root / "refs/main").write_text(commit)
    for path in sorted(folder.iterdir()):
        if path.is_file():
            blob = root / "blobs" / hashlib.sha256(path.read_bytes()).hexdigest()
            path.rename(blob)
            (snapshot / path.name).symlink_to(pathlib.Path("../..") / "blobs" / blob.name)
    info = json.loads((folder / "expected/info.json").read_text())
    info["model"] = [f"{root.name}/snapshots/{commit}", root.name]
    (folder / "expected/info.json").write_text(json.dumps(info, indent=2))


# --- OpenCLIP -------------------------------------------------------------------------------------------------------------------------

VISION = dict(image_size=48, layers=2, width=48, head_width=12, patch_size=16)
TEXT = dict(context_length=77, vocab_size=49408, width=32, heads=4, layers=2)
COCA = dict(attentional_pool=True, attn_pooler_heads=4, attn_pooler_queries=10, output_tokens=True)
SIGLIP_TEXT = dict(context_length=16, width=48, heads=4, layers=2, no_causal_mask=True, proj_bias=True, pool_type="last", norm_kwargs={"eps": 1e-6},
                   tokenizer_kwargs={"clean": "canonicalize"}, hf_tokenizer_name="timm/ViT-B-16-SigLIP")


def open_clip_model(name, config, preprocess, trunk):
    """Through the package's own factory. `trunk` makes a timm tower smaller than its name says: what can be read from the tensors changes,
    the number of heads, the activation and the epsilon stay."""
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch) / f"plumbline-{name}.json"
        path.write_text(json.dumps(config))
        open_clip.add_model_config(path)
        original = timm.create_model
        with mock.patch("timm.create_model", lambda *args, **kwargs: original(*args, **kwargs | (trunk or {}))):
            model = open_clip.create_model(path.stem, force_preprocess_cfg=preprocess)
        open_clip.factory._MODEL_CONFIG_PATHS.remove(path)
    return settle(model, name)


def write_open_clip(folder, name, config, preprocess=OPENAI, form="safetensors", trunk=None, tokenizer=None, half=False, published=True):
    model = open_clip_model(name, config, preprocess, trunk)
    if half:
        model.half()
    folder.mkdir(parents=True)
    state = model.state_dict()
    if form == "safetensors":
        safetensors.torch.save_file(state, folder / open_clip.constants.HF_SAFE_WEIGHTS_NAME)
    elif form == "bin":
        torch.save(state, folder / open_clip.constants.HF_WEIGHTS_NAME)
    elif form == "checkpoint": # as open_clip_train writes it from several processes
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.0)
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step() # its state has tensors now; the weights are as they were
        torch.save({"epoch": 1, "name": name, "state_dict": {"module." + key: value for key, value in state.items()},
                    "optimizer": optimizer.state_dict()}, folder / "epoch_1.pt")
    save_config_for_hf(model, folder / open_clip.constants.HF_CONFIG_NAME, config)
    if tokenizer:
        tokenizer.save_pretrained(folder)
    model.float()
    reader = open_clip.get_tokenizer(f"local-dir:{folder}")
    pad = reader.tokenizer.pad_token_id if tokenizer else 0
    raw = dict(normalize=False) # CoCa's default is unit length
    write_expected(
        folder, name, model.visual.image_size[0] if isinstance(model.visual.image_size, tuple) else model.visual.image_size,
        lambda pixels: model.encode_image(pixels, **raw),
        open_clip.transform.image_transform_v2(open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg), is_train=False),
        reader, lambda ids: model.encode_text(ids, **raw),
        logits_of(model) | {"loads": True if published and not trunk else "or not", "pad_id": pad, "vocabulary": tokenizer is None,
                            "class": type(model).__name__, "tokenizer": type(reader).__name__})


def oc(vision=None, text=None, embed_dim=24, **rest):
    return {"embed_dim": embed_dim, "vision_cfg": VISION | (vision or {}), "text_cfg": TEXT | (text or {})} | rest


def timm_siglip(timm_name, size, width, **text):
    vision = dict(image_size=size, timm_model_name=timm_name, timm_model_pretrained=False, timm_pool="map", timm_proj="none")
    return {"embed_dim": width, "init_logit_bias": -10, "custom_text": True, "vision_cfg": vision, "text_cfg": SIGLIP_TEXT | text}


def oc_siglip(folder, name, timm_name="vit_base_patch16_siglip_224", size=48, width=48, trunk=dict(embed_dim=48, depth=2, img_size=48)):
    with tempfile.TemporaryDirectory() as scratch:
        # published with the prefix that this version of the package leaves out when it converts anew
        tokenizer = transformers.T5TokenizerFast(unigram_model(pathlib.Path(scratch)), extra_ids=0, legacy=False, add_prefix_space=True, pad_token="</s>")
        config = timm_siglip(timm_name, size, width, vocab_size=200)
        write_open_clip(folder, name, config, INCEPTION, trunk=trunk, tokenizer=tokenizer)


def oc_siglip2(folder, name, size=64, width=64, trunk=dict(embed_dim=64, depth=2, img_size=64)):
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = gemma_tokenizer(pathlib.Path(scratch))
        config = timm_siglip("vit_so400m_patch16_siglip_256", size, width, vocab_size=700, mlp_ratio=3.7362, act_kwargs={"approximate": "tanh"},
                             hf_tokenizer_name="timm/ViT-SO400M-16-SigLIP2-256")
        write_open_clip(folder, name, config, INCEPTION, trunk=trunk, tokenizer=tokenizer)


def mobileclip2(size, trunk):
    vision = dict(timm_model_name="vit_large_patch14_clip_224", timm_model_pretrained=False, timm_pool="token", timm_proj=None, timm_drop=0.0,
                  timm_drop_path=0.1, image_size=size)
    config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": TEXT | dict(no_causal_mask=True), "custom_text": True}
    return config, dict(trunk=trunk, preprocess=OPENAI | dict(mean=(0, 0, 0), std=(1, 1, 1)))


def oc_clipa(folder, name):
    """As UCSC-VLAA publishes CLIPA: WordPiece, the separator replaced by 0."""
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = wordpiece_tokenizer(pathlib.Path(scratch), 32)
        text = dict(context_length=32, vocab_size=len(tokenizer), pool_type="last", no_causal_mask=True, hf_tokenizer_name="bert-base-uncased",
                    tokenizer_kwargs={"strip_sep_token": True})
        config = oc(dict(no_ln_pre=True, pool_type="avg", final_ln_after_pool=True), text)
        write_open_clip(folder, name, config, IMAGENET, tokenizer=tokenizer)


def oc_worldwide(folder, name):
    """As MetaCLIP 2 is published: a multilingual vocabulary, pooled at </s>."""
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = roberta_tokenizer(pathlib.Path(scratch), 77)
        config = oc(text=dict(vocab_size=len(tokenizer), pool_type="eos", eos_id=2, hf_tokenizer_name="facebook/xlm-v-base"), quick_gelu=True)
        write_open_clip(folder, name, config, tokenizer=tokenizer)


def coca(vision=None, embed_dim=24):
    text = dict(context_length=76, embed_cls=True, output_tokens=True)
    decoder = dict(context_length=76, vocab_size=49408, width=32, heads=4, layers=1, attn_pooler_heads=4)
    return oc(COCA | (vision or {}), text, embed_dim, multimodal_cfg=decoder, custom_text=True)


# --- OpenAI ---------------------------------------------------------------------------------------------------------------------------

def openai(folder, name, scripted, vision):
    """OpenAI's names and mixed half precision. Heads are not stored: one for 64 columns."""
    text = dict(TEXT, width=128, heads=2)
    model = open_clip_model(name, {"embed_dim": 32, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text}, OPENAI, None)
    open_clip.model.convert_weights_to_fp16(model)
    state = dict(model.state_dict())
    model.float() # the numbers are those of the rounded weights
    for key, value in (("input_resolution", vision["image_size"]), ("context_length", 77), ("vocab_size", 49408)):
        state[key] = torch.tensor(value)
    folder.mkdir(parents=True)
    if scripted:
        archive = traced(model, state)
        archive.save(str(folder / "model.pt"))
        assert set(torch.jit.load(folder / "model.pt").state_dict()) == set(state)
        model.float() # it shares its tensors with the archive
    else:
        torch.save(state, folder / "model.pt")
    reader = open_clip.SimpleTokenizer(context_length=77)
    write_expected(
        folder, name, vision["image_size"], model.encode_image, open_clip.image_transform(vision["image_size"], is_train=False), reader,
        model.encode_text, logits_of(model) | {"model": ["model.pt"], "pad_id": 0, "vocabulary": True, "class": "CLIP"})


def traced(model, state):
    """A TorchScript archive with OpenAI's tensors: the graph is traced in float, then the tensors get their stored types."""
    mask = model.attn_mask
    del model.attn_mask, model.context_length, model.vocab_size
    model.attn_mask = mask # a constant of the graph, as in OpenAI's archives, and no buffer
    for key in ("input_resolution", "context_length", "vocab_size"):
        model.register_buffer(key, state[key])
    size = state["input_resolution"].item()
    inputs = {"encode_image": torch.rand(1, 3, size, size), "encode_text": torch.ones(1, 77, dtype=torch.int64)}
    archive = torch.jit.trace_module(model, inputs, check_trace=False)
    for key, tensor in [*archive.named_parameters(), *archive.named_buffers()]:
        tensor.data = state[key]
    return archive


# --- all of them ----------------------------------------------------------------------------------------------------------------------

LAYER_SCALE = dict(ls_init_value=1e-4)
RESNET = dict(image_size=64, layers=[1, 2, 1, 1], width=16, patch_size=None, head_width=64)
MODELS = {
    "hf-siglip": hf_siglip,
    "oc-siglip": oc_siglip,
    "oc-siglip2": oc_siglip2,
    "hf-siglip2": hf_siglip2,
    "oc-resnet": oc(RESNET, quick_gelu=True),
    "oc-lsinit": oc(LAYER_SCALE, LAYER_SCALE),
    "oc-nolnpre-avg": (oc(dict(no_ln_pre=True, pool_type="avg", final_ln_after_pool=True, head_width=16),
                          dict(context_length=32, pool_type="last", no_causal_mask=True)), dict(preprocess=IMAGENET)),
    "hf-clip": lambda folder, name: hf_clip(folder, name, ids=dict(bos_token_id=0, eos_token_id=2)), # as OpenAI's: pooled at the largest id
    "hf-clip-gelu": lambda folder, name: hf_clip(
        folder, name, "gelu", merges=1500, length=24, preprocess=dict(image_mean=[0.5, 0.4, 0.3], image_std=[0.2, 0.3, 0.25])),
    "hf-clip-sharded": lambda folder, name: hf_clip(folder, name, merges=1500, max_shard_size="150KB"),
    "hf-clip-bin": lambda folder, name: hf_clip(folder, name, merges=1500, safe_serialization=False),
    "hf-clip-bin-sharded": lambda folder, name: hf_clip(folder, name, merges=1500, safe_serialization=False, max_shard_size="150KB"),
    "hf-clip-fp16": lambda folder, name: hf_clip(folder, name, merges=1500, dtype=torch.float16),
    "hf-clip-bf16": lambda folder, name: hf_clip(folder, name, merges=1500, dtype=torch.bfloat16),
    "hf-siglip2-naflex": hf_siglip2_naflex,
    "hf-cache": hf_cache,
    "oc-vit": oc(),
    "oc-vit-bin": (oc(), dict(form="bin")),
    "oc-vit-checkpoint": (oc(), dict(form="checkpoint")),
    "oc-vit-quickgelu": oc(quick_gelu=True),
    "oc-vit-fp16": (oc(), dict(half=True)),
    "oc-custom-text": oc(custom_text=True),
    "oc-text-eos": oc(text=dict(pool_type="eos", eos_id=49407), custom_text=True),
    "oc-text-first": (oc(text=dict(pool_type="first", proj_type="none", width=24, no_causal_mask=True), custom_text=True), dict(published=False)),
    "oc-norm-eps": oc(dict(norm_kwargs={"eps": 1e-6}, act_kwargs={"approximate": "tanh"}, mlp_ratio=3.7362),
                      dict(norm_kwargs={"eps": 1e-6}, act_kwargs={"approximate": "tanh"}, mlp_ratio=2.7, proj_bias=True)),
    "oc-siglip-b32": lambda folder, name: oc_siglip(folder, name, "vit_base_patch32_siglip_256", 256, 768, None), # as large as published
    "oc-mobileclip2-l": mobileclip2(42, dict(embed_dim=64, depth=2, img_size=42)),
    "oc-coca": coca(),
    "oc-coca-equal": coca(embed_dim=48),
    "oc-attnpool": oc(COCA | dict(output_tokens=False)),
    "oc-attnpool-avg": (oc(COCA | dict(output_tokens=False, pool_type="avg")), dict(published=False)),
    "oc-pos-sincos": oc(dict(pos_embed_type="sin_cos_2d")),
    "oc-clipa": oc_clipa,
    "oc-worldwide": oc_worldwide,
    "openai-vit": lambda folder, name: openai(folder, name, True, dict(VISION, width=128, head_width=64)),
    "openai-rn": lambda folder, name: openai(folder, name, True, dict(RESNET)),
    "openai-statedict": lambda folder, name: openai(folder, name, False, dict(VISION, width=128, head_width=64)),
}
LARGE = { # image towers as large as published, 0.4 to 1.7 GB each: made only if named
    "oc-siglip-b16-large": lambda folder, name: oc_siglip(folder, name, "vit_base_patch16_siglip_224", 224, 768, None),
    "oc-siglip2-so400m-large": lambda folder, name: oc_siglip2(folder, name, 256, 1152, None),
    "oc-mobileclip2-l-large": mobileclip2(224, None),
}


def main():
    out = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or MODELS:
        shutil.rmtree(out / name, ignore_errors=True)
        made = out / (name + ".part") # a folder is whole or not there
        shutil.rmtree(made, ignore_errors=True)
        torch.manual_seed(0)
        recipe = (MODELS | LARGE)[name]
        if callable(recipe):
            recipe(made, name)
        else:
            config, options = recipe if isinstance(recipe, tuple) else (recipe, {})
            write_open_clip(made, name, config, **options)
        made.rename(out / name)
        print(f"{name}: {sum(path.stat().st_size for path in (out / name).rglob('*') if path.is_file()) / 1e6:.1f} MB", flush=True)


main()
