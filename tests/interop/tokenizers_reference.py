#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small tokenizers of every kind that core/text reads, and the ids that the reference packages give for nasty texts.

Usage: tokenizers_reference.py FOLDER      (tests/text/data)
Writes FOLDER/strings.json, and a folder for each tokenizer with its files and expected.json: the ids of each string (at most
200), the ids cut to 7 where that changes them (of each third string), and what OpenCLIP's HFTokenizer makes of it without
the padding. Needs transformers, tokenizers, sentencepiece, open_clip_torch, protobuf and regex. Everything is trained on the sentences
below, which are ours."""
import io
import json
import os
import pathlib
import shutil
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import ftfy
import open_clip
import sentencepiece as spm
import tokenizers
import transformers
from open_clip.tokenizer import HFTokenizer
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

out = pathlib.Path(sys.argv[1])

SENTENCES = """a photo of a person
a photo of a doctor at work in a bright room
the nurse is reading a letter by the window
an engineer and a teacher talk about the old bridge
two people are walking their dogs along the river
she opened the heavy door and went into the garden
he wrote a long report about houses, streets and trees
we measured the leaning tower with a plumb line
nobody knows how many birds sat on that wire in 1984
the quick carpenter fixed 12 chairs, 3 tables and 1 ladder
a portrait of a smiling old man with a grey beard
a portrait of a young woman with short black hair
is this a picture of a criminal or of a hero?
these words are not used again, but they are longer: measurement, internationally, photographer
don't stop, it's only 5 o'clock; they'll wait for us
the cook's kitchen smells of bread and coffee
children play in the snow while the sun goes down
a lawyer, a farmer, a pilot, a dancer and a judge
der schnelle Zimmermann misst die schiefe Wand
die Ärztin öffnet das Fenster und grüßt den Lehrer
un homme âgé lit le journal près de la fenêtre
la profesora enseña a los niños en la escuela
врач читает книгу у окна
учитель и инженер говорят о мосте
医者が窓のそばで本を読んでいる
一个老师在公园里看书
طبيب يقرأ كتابا قرب النافذة
Hello World, this is Plumbline speaking
IN CAPITAL LETTERS THE SENTENCE LOOKS LOUD
emails like someone@example.org and pages like www.example.org
prices: 3.50, 1,000 and 20 percent
""".strip().split("\n")

STRINGS = [
    "", " ", "   ", "\t", "\n", " \t\r\n ", "\u00a0", "\u3000", "a", "A", ".", "!?", "1", "1984",
    "a photo of a person", "A Photo Of A Person", "  a photo   of a\tperson  ", "a photo of a\nperson", "a\r\nb",
    "a photo of a person.", "a photo, of a person!", "\"a photo\" (of) [a] {person}", "don't", "don\u2019t", "it's 5 o'clock",
    "-", "--", "a-b", "a_b", "under_score and-hyphen/slash\\back", "#hash @at $5 50% 2+2=4 <tag> a&b ~^`|",
    "the photographer's measurement", "internationalisation", "xyzzy", "zzzzzzzzzz", "QQQ", "qu1ck c4rp3nt3r",
    "0123456789", "12 345,678.90", "1st 2nd 3rd", "\u0663\u0664\u0665", "\u00bd \u00b2 \u2167",
    "Ärztin", "A\u0308rztin", "grüßt", "GRÜSSE", "âgé près fenêtre", "niños", "n\u0303", "\u00c5ngstro\u0308m", "\u1e9e", "\u0130stanbul",
    "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u039f\u0394\u039f\u03a3", "врач читает", "ВРАЧ", "учитель, инженер", "й и\u0306",
    "医者が本を読んでいる", "一个老师", "医 者", "漢字かな交じり文", "カタカナ ｶﾀｶﾅ", "한국어 문장", "각 \u1100\u1161\u11a8",
    "طبيب يقرأ", "كِتَاب", "שלום עולם", "हिन्दी क्षत्रिय", "ภาษาไทย", "தமிழ்",
    "ＦＵＬＬ　ｗｉｄｔｈ１２３", "ﬁsh and ﬂour ﬀ", "\ufb03", "\u2460\u2461", "\u212b \u2126", "\u33a5", "™ ℃ №", "…", "—–‘’“”«»",
    "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd ok", "\u2764\ufe0f", "\U0001f1e9\U0001f1ea", "a\U0001f600b",
    "\u200b", "a\u200bb", "a\u00adb", "\ufeffbom", "a\u200db", "\u202eabc\u202c", "\u0000", "a\u0000b", "a\u0007b", "\u001fa\u001c b", "\u0085", "a\u2028b", "\u2029",
    "a\u00a0b", "a\u2003b", "a\u3000b", "\u180e", "\ufffd", "a\ufffdb", "\ufdd0", "\U000e0041", "\ue000", "\uf8ff", "\U0010fffd",
    "\u0301", "a\u0301\u0302", "e\u0301 \u00e9", "x\u0345", "\u0e33", "\u0f77", "\u0958", "\u1112\u1161\u11ab",
    "</s>", "a </s> b", "a</s>b", "  </s>  ", "</S>", "</s></s>", "<unk>", "a <unk> b", "<pad>", "<s> a </s>", "<bos>a<eos>", "a <EOS> b",
    "[CLS] a [SEP]", "[MASK]", "[UNK] x", "[cls]", "<mask> a", "a <mask>b", "<|endoftext|>", "a<|startoftext|>b", "<start_of_text> a",
    "<extra_id_0>", "a<extra_id_1> b", "<start_of_turn>a<end_of_turn>", "<unused0>", "<0x41>", "<0x0A>", "a<0x09>b",
    "\u2581", "\u2581a", "a\u2581b", "\u2581\u2581a \u2581", " \u2581", "##a", "a ##b", "a  b", "a   b", "a    b     c", "  a", "a  ", "\ta", "a\t\tb",
    "keepme", "a keepme b", "Keep Me Too", "keep me tookeep me too", "KEEPME", "wordonly", "a wordonly b", "xwordonly wordonlyx", " gap ", "a  gap  b", "agapb",
    "person person person person person person person person", "a b c d e f g h i j k l m n o p", "x" * 120, "é" * 40, "医" * 30, "- " * 20, "<" * 30,
]


def train_pieces(**options):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4), model_writer=model, num_threads=1, minloglevel=2, hard_vocab_limit=False, **options)
    return model.getvalue()


# A character map of a few rules; the real ones (nmt_nfkc and the like) are too large for the repository.
RULES = {
    "\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "\r": " ", "\u2003": " ", "\u2028": " ", "\u0085": " ", "\ufeff": "", "\u00ad": "", "\u200b": "",
    "ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "\ufb03": "ffi", "Ａ": "A", "Ｆ": "F", "Ｕ": "U", "Ｌ": "L", "ｗ": "w", "ｉ": "i", "ｄ": "d", "ｔ": "t", "ｈ": "h",
    "１": "1", "２": "2", "３": "3", "\u2460": "1", "\u2461": "2", "\u212b": "\u00c5", "\u2126": "\u03a9", "\u33a5": "m3", "™": "TM", "℃": "°C", "…": "...",
    "A\u0308": "Ä", "o\u0308": "ö", "n\u0303": "ñ", "e\u0301": "é", "и\u0306": "й", "ｶ": "カ", "ﾀ": "タ", "ﾅ": "ナ", "\u00bd": "1/2",
    "\u0e33": "\u0e4d\u0e32", "\u0958": "\u0915\u093c", "\u1112\u1161\u11ab": "\ud55c", "\u0007": "", "\u001f": "", "\u180e": " ",
}


def write_rules(path):
    with open(path, "w", encoding="utf-8") as file:
        for source, target in sorted(RULES.items()):
            file.write(" ".join("%X" % ord(c) for c in source) + "\t" + " ".join("%X" % ord(c) for c in target) + "\n")


def forget_paths(model, **settings):
    """Without the paths that the trainer notes down, and with its settings changed."""
    from sentencepiece import sentencepiece_model_pb2 as pb

    proto = pb.ModelProto.FromString(model)
    for field in ("input", "model_prefix", "self_test_sample_size"):
        proto.trainer_spec.ClearField(field)
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    for name, value in settings.items():
        setattr(proto.normalizer_spec, name, value)
    return proto.SerializeToString()


def tokens(*texts, **flags):
    return [AddedToken(text, **flags) for text in texts]


def save(name, tokenizer, keep=None):
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer.save_pretrained(folder)
    for path in sorted(folder.iterdir()):
        if keep is not None and path.name not in keep:
            path.unlink()
        elif path.suffix == ".json":
            content = json.loads(path.read_text())
            if path.name == "tokenizer_config.json":
                content.pop("tokenizer_file", None)
                content.pop("name_or_path", None)
            path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
    return folder


def change(path, edit):
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")


expected = {}
LIMIT, SHORT = 200, 7


def record(name, tokenizer, **more):
    def ids(limit):
        return [tokenizer(text, max_length=limit, truncation=True)["input_ids"] for text in STRINGS]

    whole, short = ids(LIMIT), ids(SHORT)
    # Where the short form is the long one, only the long one is kept.
    expected[name] = {
        "ids": whole, "short": {str(i): s for i, (w, s) in enumerate(zip(whole, short)) if w != s and i % 3 == 0},
        "pad": tokenizer.pad_token_id, **more}


def record_open_clip(name, folder, clean, **options):
    tokenizer = HFTokenizer(str(folder), context_length=40, clean=clean, **options)
    # Texts that ftfy would decode anew are left out: core/text does not guess (README).
    rows = {str(i): tokenizer(text)[0].tolist() for i, text in enumerate(STRINGS) if ftfy.fix_encoding(text) == text}
    pad = tokenizer.tokenizer.pad_token_id
    if options.get("strip_sep_token") and pad == tokenizer.tokenizer.sep_token_id:
        pad = 0
    for row in rows.values():
        while row and row[-1] == pad:
            row.pop()
    expected[name].setdefault("open_clip", {})[clean] = {"rows": rows, "context": 40, "pad": pad, **options}


def siglip(rules):
    model = train_pieces(model_type="unigram", vocab_size=420, pad_id=-1, bos_id=-1, eos_id=1, unk_id=2, normalization_rule_tsv=rules,
                         control_symbols=["<pad>"], character_coverage=0.995)
    path = out / "spiece.model"
    path.write_bytes(forget_paths(model))
    folder = save("siglip", transformers.SiglipTokenizer(str(path)))
    record("siglip", AutoTokenizer.from_pretrained(folder))
    record_open_clip("siglip", folder, "canonicalize")
    # Case kept, a piece that somebody has defined, tokens added with options.
    model = train_pieces(model_type="unigram", vocab_size=300, pad_id=-1, bos_id=-1, normalization_rule_tsv=rules, user_defined_symbols=["keepme", "of"])
    path.write_bytes(forget_paths(model))
    tokenizer = transformers.SiglipTokenizer(str(path), do_lower_case=False, pad_token="<pad>")
    tokenizer.add_tokens(tokens("Keep Me Too", normalized=False) + tokens("gap", lstrip=True, rstrip=True, normalized=True))
    folder = save("siglip_case", tokenizer)
    record("siglip_case", AutoTokenizer.from_pretrained(folder))
    path.unlink()


def t5(rules):
    model = forget_paths(train_pieces(model_type="unigram", vocab_size=400, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, normalization_rule_tsv=rules))
    path = out / "spiece.model"
    path.write_bytes(model)
    folder = save("t5_json", transformers.T5TokenizerFast(str(path), extra_ids=0, legacy=True), {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    record("t5_json", AutoTokenizer.from_pretrained(folder))
    record_open_clip("t5_json", folder, "canonicalize")
    record_open_clip("t5_json", folder, "lower")
    record_open_clip("t5_json", folder, "whitespace")
    for name, legacy, extra in (("t5_model", True, 3), ("t5_model_new", False, 0)):
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "spiece.model").write_bytes(model)
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "T5Tokenizer", "extra_ids": extra, "legacy": legacy, "model_max_length": 64}))
        record(name, AutoTokenizer.from_pretrained(folder))
    path.unlink()


def xlm(rules):
    model = forget_paths(train_pieces(model_type="unigram", vocab_size=380, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, normalization_rule_tsv=rules))
    path = out / "sentencepiece.bpe.model"
    path.write_bytes(model)
    fast = transformers.XLMRobertaTokenizerFast(str(path))
    folder = out / "xlm_model"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.move(path, folder / path.name)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "XLMRobertaTokenizer"}))
    record("xlm_model", AutoTokenizer.from_pretrained(folder))
    # The form of older files: split at white space first, no prepend_scheme.
    folder = save("xlm_json", fast, {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})

    def older(content):
        content["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}]}
        content["normalizer"]["normalizers"] = content["normalizer"]["normalizers"][:1]

    change(folder / "tokenizer.json", older)
    record("xlm_json", AutoTokenizer.from_pretrained(folder))
    record_open_clip("xlm_json", folder, "whitespace")


def gemma():
    model = forget_paths(
        train_pieces(model_type="bpe", vocab_size=620, pad_id=0, eos_id=1, bos_id=2, unk_id=3, byte_fallback=True, split_digits=True,
                     allow_whitespace_only_pieces=True, remove_extra_whitespaces=False, normalization_rule_name="identity",
                     pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", character_coverage=0.99,
                     user_defined_symbols=["<start_of_turn>", "<end_of_turn>", "\n", "\n\n", "▁▁", "▁▁▁", "<unused0>"]), add_dummy_prefix=False)
    path = out / "tokenizer.model"
    path.write_bytes(model)
    options = dict(padding_side="right", add_bos_token=False, add_eos_token=True)
    folder = save("gemma_json", transformers.GemmaTokenizerFast(str(path), **options), {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    record("gemma_json", AutoTokenizer.from_pretrained(folder))
    record_open_clip("gemma_json", folder, "canonicalize")
    folder = out / "gemma_model"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.move(path, folder / path.name)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GemmaTokenizer", "padding_side": "right", "add_bos_token": True, "add_eos_token": True}))
    record("gemma_model", AutoTokenizer.from_pretrained(folder))


def bert():
    raw = tokenizers.Tokenizer(models.WordPiece(unk_token="[UNK]"))
    raw.normalizer = normalizers.BertNormalizer(lowercase=True)
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(
        vocab_size=420, limit_alphabet=110, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    raw.post_processor = processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[
        ("[CLS]", raw.token_to_id("[CLS]")), ("[SEP]", raw.token_to_id("[SEP]"))])
    raw.decoder = decoders.WordPiece(prefix="##")
    folder = save("bert", transformers.BertTokenizerFast(tokenizer_object=raw), {"tokenizer.json", "tokenizer_config.json"})
    record("bert", AutoTokenizer.from_pretrained(folder))
    record_open_clip("bert", folder, "whitespace", strip_sep_token=True)
    # Settings that say otherwise than the file.
    folder = save("bert_case", transformers.BertTokenizerFast(tokenizer_object=raw, do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False), {"tokenizer.json", "tokenizer_config.json"})

    def older(content):
        content["normalizer"].update(lowercase=True, strip_accents=None, handle_chinese_chars=True)
        content["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
        content["model"]["max_input_chars_per_word"] = 12

    change(folder / "tokenizer.json", older)
    record("bert_case", AutoTokenizer.from_pretrained(folder))


def clip():
    alphabet = transformers.models.clip.tokenization_clip.bytes_to_unicode()
    letters = list(alphabet.values())
    vocab = {token: i for i, token in enumerate(letters + [c + "</w>" for c in letters])}
    merges = [("i", "n"), ("t", "h"), ("a", "n</w>"), ("in", "g</w>"), ("th", "e</w>"), ("p", "h"), ("ph", "o"), ("pho", "t"), ("phot", "o</w>"), ("o", "f</w>"),
              ("e", "r"), ("p", "er"), ("per", "s"), ("o", "n</w>"), ("pers", "on</w>"), ("a", "a"), ("aa", "aa"), ("Ã", "©</w>")]
    for left, right in merges:
        vocab.setdefault(left + right, len(vocab))
    for marker in ("<|startoftext|>", "<|endoftext|>"):
        vocab[marker] = len(vocab)
    scratch = out / "clip_scratch"
    scratch.mkdir(exist_ok=True)
    (scratch / "vocab.json").write_text(json.dumps(vocab))
    (scratch / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{l} {r}\n" for l, r in merges))
    fast = transformers.CLIPTokenizerFast(str(scratch / "vocab.json"), str(scratch / "merges.txt"), pad_token="!")
    shutil.rmtree(scratch)
    folder = save("clip", fast, {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"})
    record("clip", AutoTokenizer.from_pretrained(folder))


def raw_json(name, tokenizer, edit=None):
    """A tokenizer.json without settings beside it."""
    folder = out / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    content = json.loads(tokenizer.to_str())
    if edit:
        edit(content)
    (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
    fast = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))

    def ids(limit):
        fast.enable_truncation(limit)
        return [fast.encode(text).ids for text in STRINGS]

    whole, short = ids(LIMIT), ids(SHORT)
    expected[name] = {"ids": whole, "short": {str(i): s for i, (w, s) in enumerate(zip(whole, short)) if w != s and i % 3 == 0}, "pad": 0}


def steps():
    """Steps and options in other combinations than those of the models above."""
    flags = [AddedToken("keepme", normalized=True), AddedToken("Keep Me Too", normalized=True), AddedToken("wordonly", single_word=True, normalized=False),
             AddedToken("gap", lstrip=True, rstrip=True, normalized=False), AddedToken("<mask>", lstrip=True, special=True)]
    text = SENTENCES + ["keepme"]
    letters = sorted({c for line in text for c in line} | {"▁"})

    def unigram(normalizer, pre_tokenizer, byte_fallback=False):
        pieces = [("<unk>", 0.0)] + [(c, -6.0 - 0.01 * i) for i, c in enumerate(letters[:90])]
        pieces += [(p, -4.0 - 0.01 * i) for i, p in enumerate(["▁a", "▁of", "▁the", "th", "er", "in", "▁p", "on", "photo", "▁person", "per", "son", "▁▁", "▁▁▁", "ab", "ba"])]
        if byte_fallback:
            pieces += [(f"<0x{b:02X}>", -9.0) for b in range(256)]
        result = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=byte_fallback))
        result.normalizer, result.pre_tokenizer = normalizer, pre_tokenizer
        result.add_tokens(flags)
        return result

    N, P = normalizers, pre_tokenizers
    raw_json("steps_first", unigram(N.Sequence([N.NFKC(), N.Strip(left=True, right=False), N.Lowercase()]), P.Metaspace(prepend_scheme="first", split=False)))
    raw_json("steps_bytes", unigram(N.Sequence([N.NFD(), N.StripAccents(), N.Replace("photo", "person"), N.Prepend("▁")]), P.Sequence([P.Split("a", "merged_with_next"), P.Metaspace(prepend_scheme="never")]), True))
    raw_json("steps_splits", unigram(N.Sequence([N.NFKD(), N.Replace(Regex(r"\s+"), " "), N.NFC()]), P.Sequence([P.Split("o", "isolated"), P.Split("e", "removed"), P.Split("p", "contiguous"), P.Split(" ", "merged_with_previous"), P.Split("n", "merged_with_previous", invert=True)])))

    def bpe(**options):
        raw = tokenizers.Tokenizer(models.BPE(unk_token="<unk>", **options))
        raw.pre_tokenizer = P.WhitespaceSplit()
        raw.train_from_iterator(text, trainers.BpeTrainer(vocab_size=220, limit_alphabet=60, show_progress=False, special_tokens=["<unk>", "<s>", "</s>"]))
        raw.add_tokens(flags)
        raw.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.RobertaProcessing(("</s>", 2), ("<s>", 1))])
        return raw

    raw_json("bpe_unfused", bpe(fuse_unk=False))

    def ignoring(content):
        content["model"]["ignore_merges"] = True
        content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"][:60]]

    raw_json("bpe_fused", bpe(fuse_unk=True), ignoring)


print("transformers", transformers.__version__, "tokenizers", tokenizers.__version__, "sentencepiece", spm.__version__, "open_clip", open_clip.__version__)
out.mkdir(parents=True, exist_ok=True)
rules = str(out / "rules.tsv")
write_rules(rules)
siglip(rules)
t5(rules)
xlm(rules)
gemma()
bert()
clip()
steps()
os.remove(rules)
for name, content in {"strings": STRINGS, **{name + "/expected": value for name, value in expected.items()}}.items():
    (out / (name + ".json")).write_text(json.dumps(content, separators=(",", ":")) + "\n")
print(len(STRINGS), "strings,", len(expected), "tokenizers")
