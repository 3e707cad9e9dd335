// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/data/json.h"
#include "core/debias/transform.h"
#include "core/formats/npy.h"
#include "core/formats/safetensors.h"
#include "core/formats/text_file.h"

namespace plumbline::debias {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kFormat = "plumbline-debias-1";
constexpr const char* kPromptArray = "prompt_array.safetensors";
constexpr int kMostParts = 64;
constexpr std::size_t kMostCardBytes = std::size_t{1} << 24;

tl::unexpected<Error> cardInvalid(const fs::path& folder, std::string reason) {
    return fail(ErrorCode::JsonInvalid, {{"path", encodePath(folder / "card.json")}, {"reason", std::move(reason)}});
}

using Shape = std::vector<std::int64_t>;

/// A field of the card where it is of that type, else what stands for it.
std::string textOf(const json& entry, const char* key) {
    return entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : std::string();
}
std::size_t countOf(const json& entry, const char* key) {
    return entry.contains(key) && entry[key].is_number_unsigned() ? entry[key].get<std::size_t>() : 0;
}

/// Writes what a map consists of, and notes it in the card.
class Writer {
public:
    explicit Writer(fs::path folder) : m_folder(std::move(folder)) {}

    Result<json> write(const VectorMap& map, const std::string& name) {
        m_name = name;
        return std::visit([this](const auto& which) { return one(which); }, map);
    }

    Result<json> write(const RankingRule& rule) {
        m_name = "ranking";
        json groups = rule.groups;
        json entry = {{"algorithm", rankingAlgorithmName(rule.algorithm)},
                      {"target", toJson(rule.target)},
                      {"groups", std::move(groups)},
                      {"protected", rule.protectedGroup},
                      {"alpha", rule.alpha},
                      {"adjusted", rule.adjusted},
                      {"predicted", rule.predicted.has_value()}};
        if (rule.k)
            entry["k"] = {{"count", rule.k->count}, {"fraction", rule.k->fraction}};
        if (rule.p)
            entry["p"] = *rule.p;
        if (rule.predicted) {
            PLUMBLINE_CHECK(
                array("weights", {n(rule.predicted->groups), n(rule.predicted->dim)}, rule.predicted->weights));
            PLUMBLINE_CHECK(array("bias", {n(rule.predicted->groups)}, rule.predicted->bias));
        }
        return entry;
    }
    Result<json> write(const ScoreRule& rule) {
        m_name = "scores";
        PLUMBLINE_CHECK(array("bias", {n(rule.bias.size())}, rule.bias));
        json texts = rule.texts;
        return json{{"gate", gateName(rule.gate)},
                    {"rho", rule.rho},
                    {"reference", rule.reference},
                    {"logit_scale", rule.logitScale},
                    {"texts", std::move(texts)}};
    }

    /// All heads of the part in one file.
    Result<void> finish() {
        if (m_tensors.empty())
            return {};
        return formats::writeSafetensors(m_folder / "heads.safetensors", m_tensors);
    }

private:
    Result<void> array(const std::string& name, const Shape& shape, std::span<const double> values) {
        return formats::writeNpyDoubles(m_folder / (m_name + "_" + name + ".npy"), shape, values);
    }
    static std::int64_t n(std::size_t value) { return static_cast<std::int64_t>(value); }

    Result<json> one(const Unchanged&) { return json{{"kind", "unchanged"}}; }
    Result<json> one(const LinearMap& map) {
        PLUMBLINE_CHECK(array("matrix", {n(map.out), n(map.dim)}, map.matrix));
        PLUMBLINE_CHECK(array("offset", {n(map.out)}, map.offset));
        return json{{"kind", "linear"}, {"unit_output", map.unitOutput}};
    }
    Result<json> one(const ImputeMap& map) {
        const std::vector<double> coordinates(map.coordinates.begin(), map.coordinates.end());
        PLUMBLINE_CHECK(array("coordinates", {n(coordinates.size())}, coordinates));
        PLUMBLINE_CHECK(array("values", {n(map.values.size())}, map.values));
        return json{{"kind", "impute"}};
    }
    Result<json> one(const FourierMap& map) {
        PLUMBLINE_CHECK(array("frequencies", {n(map.features), n(map.dim)}, map.frequencies));
        PLUMBLINE_CHECK(array("phase", {n(map.features)}, map.phase));
        PLUMBLINE_CHECK(array("weights", {n(map.out), n(map.features)}, map.weights));
        PLUMBLINE_CHECK(array("centre", {n(map.out)}, map.centre));
        return json{{"kind", "fourier"}};
    }
    Result<json> one(const PosteriorMap& map) {
        PLUMBLINE_CHECK(array("weights", {n(map.groups), n(map.dim)}, map.weights));
        PLUMBLINE_CHECK(array("bias", {n(map.groups)}, map.bias));
        PLUMBLINE_CHECK(array("shift", {n(map.groups), n(map.dim)}, map.shift));
        return json{{"kind", "posterior"}};
    }
    Result<json> one(const QueryMap& map) {
        PLUMBLINE_CHECK(array("directions", {n(map.directionCount), n(map.dim)}, map.directions));
        PLUMBLINE_TRY(formats::NpyWriter reference,
                      formats::NpyWriter::create(m_folder / (m_name + "_reference.npy"), map.dim));
        PLUMBLINE_CHECK(reference.append(map.reference.values));
        PLUMBLINE_CHECK(reference.finish());
        const std::vector<double> group(map.group.begin(), map.group.end());
        PLUMBLINE_CHECK(array("group", {n(group.size())}, group));
        return json{{"kind", "query"}, {"groups", map.groups}, {"nearest", map.nearest}};
    }
    Result<json> one(const HeadMap& map) {
        json entry = {{"kind", "heads"}};
        if (map.inner)
            entry["inner"] = head(*map.inner);
        entry["outer"] = head(map.outer);
        return entry;
    }

    /// The name under which a head stands in the file: as in the published code mlp1 (of the images alone) and mlp2
    /// (shared); the same head is written once.
    std::string head(const formats::ResidualMlp& mlp) {
        for (const auto& [name, known] : m_heads)
            if (known->first == mlp.first && known->second == mlp.second && known->firstBias == mlp.firstBias &&
                known->secondBias == mlp.secondBias)
                return name;
        const std::string name = "mlp" + std::to_string(m_heads.size() + 1);
        m_heads.emplace_back(name, &mlp);
        const auto add = [&](const char* suffix, Shape shape, const std::vector<float>& values) {
            m_tensors.push_back({name + ".network." + suffix, formats::DType::F32, std::move(shape),
                                 std::as_bytes(std::span<const float>(values))});
        };
        add("0.weight", {mlp.hidden, mlp.dim}, mlp.first);
        add("0.bias", {mlp.hidden}, mlp.firstBias);
        add("2.weight", {mlp.dim, mlp.hidden}, mlp.second);
        add("2.bias", {mlp.dim}, mlp.secondBias);
        return name;
    }

    fs::path m_folder;
    std::string m_name;
    std::vector<std::pair<std::string, const formats::ResidualMlp*>> m_heads;
    std::vector<formats::TensorToWrite> m_tensors;
};

/// Reads it back. Every array is held against the others before it is used.
class Reader {
public:
    explicit Reader(fs::path folder) : m_folder(std::move(folder)) {}

    Result<VectorMap> read(const json& entry, const std::string& name) {
        m_name = name;
        if (!entry.is_object() || !entry.contains("kind") || !entry["kind"].is_string())
            return cardInvalid(m_folder, name + ": its kind is missing");
        const std::string kind = entry["kind"];
        if (kind == "unchanged")
            return VectorMap(Unchanged{});
        if (kind == "linear")
            return linear(entry);
        if (kind == "impute")
            return impute();
        if (kind == "fourier")
            return fourier();
        if (kind == "posterior")
            return posterior();
        if (kind == "query")
            return query(entry);
        if (kind == "heads")
            return heads(entry);
        return cardInvalid(m_folder, name + ": a map of kind \"" + kind + "\" is not known");
    }

    Result<RankingRule> ranking(const json& entry) {
        m_name = "ranking";
        RankingRule rule;
        const std::optional<RankingAlgorithm> algorithm = rankingAlgorithmFromName(textOf(entry, "algorithm"));
        if (!algorithm)
            return cardInvalid(m_folder, "ranking: its algorithm is not known");
        rule.algorithm = *algorithm;
        PLUMBLINE_TRY(rule.target, targetFromJson(entry.value("target", json())));
        PLUMBLINE_TRY(rule.groups, textsOf(entry, "groups"));
        rule.protectedGroup = textOf(entry, "protected");
        rule.alpha = numberOf(entry, "alpha").value_or(rule.alpha);
        rule.adjusted = entry.value("adjusted", json()) != json(false);
        rule.p = numberOf(entry, "p");
        if (const json k = entry.value("k", json()); k.is_object())
            rule.k =
                KSpec{static_cast<std::int64_t>(numberOf(k, "count").value_or(0)), numberOf(k, "fraction").value_or(0)};
        if (entry.value("predicted", json()) == json(true)) {
            GaussianClassifier classifier;
            std::int64_t groups = -1, dim = -1;
            PLUMBLINE_TRY(classifier.weights, array("weights", {&groups, &dim}));
            PLUMBLINE_TRY(classifier.bias, array("bias", {&groups}));
            classifier.groups = n(groups);
            classifier.dim = n(dim);
            if (classifier.groups != rule.groups.size())
                return cardInvalid(m_folder, "ranking: its classifier has another number of groups");
            rule.predicted = std::move(classifier);
        }
        return rule;
    }

    Result<ScoreRule> scores(const json& entry) {
        m_name = "scores";
        ScoreRule rule;
        std::int64_t texts = -1;
        PLUMBLINE_TRY(rule.bias, array("bias", {&texts}));
        PLUMBLINE_TRY(rule.texts, textsOf(entry, "texts"));
        const std::optional<Gate> gate = gateFromName(textOf(entry, "gate"));
        if (!gate)
            return cardInvalid(m_folder, "scores: its gate is not known");
        rule.gate = *gate;
        rule.rho = numberOf(entry, "rho").value_or(rule.rho);
        rule.reference = numberOf(entry, "reference").value_or(rule.reference);
        rule.logitScale = numberOf(entry, "logit_scale").value_or(rule.logitScale);
        return rule;
    }

private:
    Result<std::vector<std::string>> textsOf(const json& entry, const char* key) {
        std::vector<std::string> texts;
        const json list = entry.value(key, json::array());
        for (const json& text : list) {
            if (!text.is_string())
                return cardInvalid(m_folder, std::string(key) + ": a list of texts is expected");
            texts.push_back(text.get<std::string>());
        }
        return texts;
    }
    static std::optional<double> numberOf(const json& entry, const char* key) {
        return entry.contains(key) && entry[key].is_number() ? std::optional(entry[key].get<double>()) : std::nullopt;
    }

    /// An array of that shape; -1 takes any extent and receives it.
    Result<std::vector<double>> array(const std::string& name, std::initializer_list<std::int64_t*> shape) {
        const fs::path path = m_folder / (m_name + "_" + name + ".npy");
        PLUMBLINE_TRY(formats::NpyDoubles read, formats::readNpyDoubles(path));
        bool fits = read.shape.size() == shape.size();
        std::size_t d = 0;
        for (std::int64_t* extent : shape) {
            if (!fits)
                break;
            if (*extent < 0)
                *extent = read.shape[d];
            fits = read.shape[d] == *extent;
            ++d;
        }
        if (!fits)
            return fail(
                ErrorCode::NpyInvalid,
                {{"path", encodePath(path)}, {"reason", "its shape does not fit the other arrays of the transform"}});
        for (const double value : read.values)
            if (!std::isfinite(value))
                return fail(ErrorCode::NpyInvalid,
                            {{"path", encodePath(path)}, {"reason", "it holds a value that is not a finite number"}});
        return std::move(read.values);
    }
    static std::size_t n(std::int64_t value) { return static_cast<std::size_t>(value); }

    Result<VectorMap> linear(const json& entry) {
        LinearMap map;
        std::int64_t out = -1, dim = -1;
        PLUMBLINE_TRY(map.matrix, array("matrix", {&out, &dim}));
        PLUMBLINE_TRY(map.offset, array("offset", {&out}));
        map.out = n(out);
        map.dim = n(dim);
        map.unitOutput = entry.value("unit_output", json()) == json(true);
        return VectorMap(std::move(map));
    }
    Result<VectorMap> impute() {
        ImputeMap map;
        std::int64_t count = -1;
        PLUMBLINE_TRY(const std::vector<double> coordinates, array("coordinates", {&count}));
        PLUMBLINE_TRY(map.values, array("values", {&count}));
        for (const double value : coordinates) {
            if (value < 0 || value > 1e6 || value != std::floor(value) ||
                (!map.coordinates.empty() && value <= map.coordinates.back()))
                return cardInvalid(m_folder, m_name + ": its coordinates are not ascending whole numbers");
            map.coordinates.push_back(static_cast<std::uint32_t>(value));
        }
        return VectorMap(std::move(map));
    }
    Result<VectorMap> fourier() {
        FourierMap map;
        std::int64_t features = -1, dim = -1, out = -1;
        PLUMBLINE_TRY(map.frequencies, array("frequencies", {&features, &dim}));
        PLUMBLINE_TRY(map.phase, array("phase", {&features}));
        PLUMBLINE_TRY(map.weights, array("weights", {&out, &features}));
        PLUMBLINE_TRY(map.centre, array("centre", {&out}));
        map.features = n(features);
        map.dim = n(dim);
        map.out = n(out);
        return VectorMap(std::move(map));
    }
    Result<VectorMap> posterior() {
        PosteriorMap map;
        std::int64_t groups = -1, dim = -1;
        PLUMBLINE_TRY(map.weights, array("weights", {&groups, &dim}));
        PLUMBLINE_TRY(map.bias, array("bias", {&groups}));
        PLUMBLINE_TRY(map.shift, array("shift", {&groups, &dim}));
        map.groups = n(groups);
        map.dim = n(dim);
        return VectorMap(std::move(map));
    }
    Result<VectorMap> query(const json& entry) {
        QueryMap map;
        std::int64_t directions = -1, dim = -1, rows = -1;
        PLUMBLINE_TRY(map.directions, array("directions", {&directions, &dim}));
        PLUMBLINE_TRY(const std::vector<double> reference, array("reference", {&rows, &dim}));
        PLUMBLINE_TRY(const std::vector<double> group, array("group", {&rows}));
        map.dim = n(dim);
        map.directionCount = n(directions);
        map.reference = Embeddings(n(rows), n(dim));
        for (std::size_t i = 0; i < reference.size(); ++i)
            map.reference.values[i] = static_cast<float>(reference[i]);
        map.groups = countOf(entry, "groups");
        map.nearest = countOf(entry, "nearest");
        for (const double code : group) {
            if (code < 0 || code >= double(map.groups) || code != std::floor(code))
                return cardInvalid(m_folder, m_name + ": a reference image is of a group that is not there");
            map.group.push_back(static_cast<std::int32_t>(code));
        }
        if (map.nearest == 0)
            return cardInvalid(m_folder, m_name + ": it lacks the number of nearest images");
        return VectorMap(std::move(map));
    }
    Result<VectorMap> heads(const json& entry) {
        if (m_weights.tensors.empty()) {
            PLUMBLINE_TRY(m_weights, formats::readSafetensors(m_folder / "heads.safetensors"));
        }
        HeadMap map;
        if (entry.contains("inner")) {
            PLUMBLINE_TRY(map.inner,
                          formats::readResidualMlp(m_weights, m_folder / "heads.safetensors", textOf(entry, "inner")));
        }
        PLUMBLINE_TRY(map.outer,
                      formats::readResidualMlp(m_weights, m_folder / "heads.safetensors", textOf(entry, "outer")));
        if (map.inner && map.inner->dim != map.outer.dim)
            return cardInvalid(m_folder, m_name + ": its heads have different dimensions");
        return VectorMap(std::move(map));
    }

    fs::path m_folder;
    std::string m_name;
    formats::Weights m_weights;
};

/// What apply.py does with the rows of one modality, as lines of a function.
std::string pythonOf(const VectorMap& map, const json& entry, const std::string& name) {
    const std::string load = "np.load(here / \"" + name + "_";
    std::string code;
    const auto read = [&](const char* variable, const char* array) {
        code += std::string("    ") + variable + " = " + load + array + ".npy\")\n";
    };
    struct Kind {
        int operator()(const Unchanged&) const { return 0; }
        int operator()(const LinearMap&) const { return 1; }
        int operator()(const ImputeMap&) const { return 2; }
        int operator()(const HeadMap&) const { return 3; }
        int operator()(const FourierMap&) const { return 4; }
        int operator()(const PosteriorMap&) const { return 5; }
        int operator()(const QueryMap&) const { return 6; }
    };
    switch (std::visit(Kind{}, map)) {
    case 1:
        read("a", "matrix");
        read("b", "offset");
        code += "    y = unit(x) @ a.T + b\n";
        code += std::get<LinearMap>(map).unitOutput ? "    return unit(y)\n" : "    return y\n";
        break;
    case 2:
        read("c", "coordinates");
        read("v", "values");
        code += "    y = unit(x).copy()\n    y[:, c.astype(int)] = v\n    return y\n";
        break;
    case 3: {
        const std::string outer = textOf(entry, "outer");
        code += entry.contains("inner")
                    ? "    return x + mlp(\"" + outer + "\", mlp(\"" + textOf(entry, "inner") + "\", x) + x)\n"
                    : "    return x + mlp(\"" + outer + "\", x)\n";
        break;
    }
    case 4:
        read("r", "frequencies");
        read("p", "phase");
        read("w", "weights");
        read("c", "centre");
        code += "    return np.sqrt(2 / len(r)) * np.cos(unit(x) @ r.T + p) @ w.T - c\n";
        break;
    case 5:
        read("w", "weights");
        read("b", "bias");
        read("s", "shift");
        code += "    p = unit(x) @ w.T + b\n    p = np.exp(p - p.max(axis=1, keepdims=True))\n"
                "    return unit(x) - p / p.sum(axis=1, keepdims=True) @ s\n";
        break;
    case 6:
        read("d", "directions");
        read("r", "reference");
        read("g", "group");
        code += "    y = []\n    for q in unit(unit(x) - unit(x) @ d.T @ d):\n"
                "        near = np.argsort(-(r @ q), kind=\"stable\")\n"
                "        m = [r[near[g[near] == c][:" +
                std::to_string(std::get<QueryMap>(map).nearest) + "]].mean(axis=0) for c in range(" +
                std::to_string(std::get<QueryMap>(map).groups) +
                ")]\n"
                "        s = np.linalg.svd(np.stack([v - m[0] for v in m[1:]]), full_matrices=False)\n"
                "        b = s[2][s[1] > 1e-9 * max(s[1][0], 1e-300)]\n"
                "        e = q - (q @ b.T) @ b\n"
                "        y.append(e / np.linalg.norm(e) if np.linalg.norm(e) > 1e-9 else q)\n"
                "    return np.array(y)\n";
        break;
    default:
        code += "    return x\n";
    }
    return code;
}

std::string python(const Part& part, const json& maps) {
    const bool heads = std::holds_alternative<HeadMap>(part.image) || std::holds_alternative<HeadMap>(part.text);
    std::string code = "# Applies this transform with NumPy: python3 apply.py image|text X.npy Y.npy\n";
    code += heads ? "import json\nimport pathlib\nimport sys\nimport numpy as np\n"
                  : "import pathlib\nimport sys\nimport numpy as np\n";
    code += "here = pathlib.Path(__file__).parent\n"
            "def unit(x):\n    return x / np.linalg.norm(x, axis=1, keepdims=True)\n";
    if (heads)
        code += "blob = (here / \"heads.safetensors\").read_bytes()\n"
                "size = int.from_bytes(blob[:8], \"little\")\n"
                "table = json.loads(blob[8:8 + size])\n"
                "def tensor(name):\n    first, last = table[name][\"data_offsets\"]\n"
                "    return np.frombuffer(blob[8 + size + first:8 + size + last], "
                "\"<f4\").reshape(table[name][\"shape\"])\n"
                "def mlp(name, x):\n    w = lambda key: tensor(f\"{name}.network.{key}\")\n"
                "    return np.maximum(np.maximum(x @ w(\"0.weight\").T + w(\"0.bias\"), 0) @ w(\"2.weight\").T + "
                "w(\"2.bias\"), 0)\n";
    code += "def image(x):\n" + pythonOf(part.image, maps["image"], "image");
    code += "def text(x):\n" + pythonOf(part.text, maps["text"], "text");
    code += "x = np.load(sys.argv[2])\n"
            "y = {\"image\": image, \"text\": text}[sys.argv[1]](x.astype(np.float64))\n";
    if (part.card.strength < 1)
        code += "s = " + json(part.card.strength).dump() +
                "\n"
                "y = unit((1 - s) * unit(x) + s * unit(y)) if y.shape == x.shape else "
                "np.hstack([(1 - s) ** 0.5 * unit(x), s ** 0.5 * unit(y)])\n";
    code += "np.save(sys.argv[3], y.astype(np.float32))\n";
    return code;
}

/// Applies the parts one after the other, each by its own program.
std::string pythonOfStack(std::size_t parts) {
    return "# Applies this stack of transforms with NumPy: python3 apply.py image|text X.npy Y.npy\n"
           "import pathlib\nimport shutil\nimport subprocess\nimport sys\nimport tempfile\n"
           "here = pathlib.Path(__file__).parent\n"
           "with tempfile.TemporaryDirectory() as folder:\n    x = sys.argv[2]\n    for part in range(1, " +
           std::to_string(parts + 1) +
           "):\n        y = f\"{folder}/{part}.npy\"\n"
           "        subprocess.run([sys.executable, here / str(part) / \"apply.py\", sys.argv[1], x, y], check=True)\n"
           "        x = y\n    shutil.copyfile(x, sys.argv[3])\n";
}

/// Whether a transform writes a file of this name.
bool isOurs(const std::string& name) {
    for (const char* whole : {"card.json", "apply.py", "heads.safetensors", kPromptArray})
        if (name == whole)
            return true;
    return name.ends_with(".npy") && (name.starts_with("image_") || name.starts_with("text_") ||
                                      name.starts_with("ranking_") || name.starts_with("scores_"));
}

/// Takes away what an earlier transform has left in the folder, so that no array of it is taken for one of the next;
/// anything else stays.
void removeEarlier(const fs::path& folder) {
    std::error_code ignored;
    if (!fs::exists(folder / "card.json", ignored))
        return;
    std::vector<fs::path> files;
    for (int part = 0; part <= kMostParts; ++part) {
        const fs::path place = part == 0 ? folder : folder / std::to_string(part);
        for (const fs::directory_entry& entry : fs::directory_iterator(place, ignored))
            if (entry.is_regular_file(ignored) && isOurs(entry.path().filename().string()))
                files.push_back(entry.path());
    }
    for (const fs::path& file : files)
        fs::remove(file, ignored);
    for (int part = 1; part <= kMostParts; ++part)
        fs::remove(folder / std::to_string(part), ignored); // only where nothing is left in it
}

Result<void> writePart(const Part& part, const fs::path& folder) {
    PLUMBLINE_CHECK(formats::makeFolder(folder));
    Writer writer(folder);
    json maps;
    PLUMBLINE_TRY(maps["image"], writer.write(part.image, "image"));
    PLUMBLINE_TRY(maps["text"], writer.write(part.text, "text"));
    PLUMBLINE_CHECK(writer.finish());
    json ranking, scores;
    if (part.ranking) {
        PLUMBLINE_TRY(ranking, writer.write(*part.ranking));
    }
    if (part.scores) {
        PLUMBLINE_TRY(scores, writer.write(*part.scores));
    }
    const bool vectors = !part.ranking && !part.scores && !part.promptArray;
    if (vectors)
        PLUMBLINE_CHECK(formats::writeFile(folder / "apply.py", python(part, maps)));
    json card = {{"format", kFormat}, {"card", toJson(part.card)}, {"maps", std::move(maps)}};
    if (part.promptArray) {
        const formats::TensorToWrite tensor{"debias_tokens",
                                            formats::DType::F32,
                                            {part.promptArray->count, part.promptArray->width},
                                            std::as_bytes(std::span<const float>(part.promptArray->values))};
        PLUMBLINE_CHECK(formats::writeSafetensors(folder / kPromptArray, std::span(&tensor, 1)));
        card["prompt_array"] = kPromptArray;
    }
    if (part.ranking)
        card["ranking"] = std::move(ranking);
    if (part.scores)
        card["scores"] = std::move(scores);
    return formats::writeFile(folder / "card.json", card.dump(2) + "\n");
}

/// The dimension of the rows that a map takes; 0: any.
struct InputDim {
    std::size_t operator()(const Unchanged&) const { return 0; }
    std::size_t operator()(const ImputeMap&) const { return 0; }
    std::size_t operator()(const HeadMap& heads) const { return static_cast<std::size_t>(heads.outer.dim); }
    std::size_t operator()(const auto& map) const { return map.dim; }
};

Result<Part> readPart(const fs::path& folder, const json& card) {
    Part part;
    if (!card.contains("card") || !card.contains("maps") || !card["maps"].is_object())
        return cardInvalid(folder, "it lacks its card or its maps");
    Result<DebiasCard> read = debiasCardFromJson(card["card"]);
    if (!read)
        return cardInvalid(folder, std::string(read.error().arg("reason")));
    part.card = std::move(*read);
    if (!findDebiasMethod(part.card.config.method))
        return cardInvalid(folder, "the method \"" + part.card.config.method + "\" is not known");
    if (!(part.card.strength >= 0 && part.card.strength <= 1))
        return cardInvalid(folder, "its strength is not between 0 and 1");
    Reader reader(folder);
    PLUMBLINE_TRY(part.image, reader.read(card["maps"].value("image", json()), "image"));
    PLUMBLINE_TRY(part.text, reader.read(card["maps"].value("text", json()), "text"));
    for (const VectorMap* map : {&part.image, &part.text})
        if (const std::size_t dim = std::visit(InputDim{}, *map);
            dim != 0 && part.card.dim != static_cast<std::int64_t>(dim))
            return cardInvalid(folder, "it says " + std::to_string(part.card.dim) +
                                           " values an embedding, its arrays are for " + std::to_string(dim));
    if (card.contains("prompt_array")) {
        PLUMBLINE_TRY(part.promptArray, formats::readPromptArray(folder / kPromptArray));
    }
    if (card.contains("ranking") && card["ranking"].is_object()) {
        PLUMBLINE_TRY(part.ranking, reader.ranking(card["ranking"]));
    }
    if (card.contains("scores") && card["scores"].is_object()) {
        PLUMBLINE_TRY(part.scores, reader.scores(card["scores"]));
    }
    return part;
}

Result<json> readCard(const fs::path& folder) {
    std::error_code ignored;
    if (fs::exists(folder, ignored) && !fs::is_directory(folder, ignored))
        return fail(ErrorCode::InvalidArgument, {{"name", "a transform"},
                                                 {"value", encodePath(folder)},
                                                 {"expected", "a folder that plumb debias fit or export wrote"}});
    if (!fs::exists(folder / "card.json", ignored) && fs::exists(folder / "checkpoint", ignored))
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "a transform"},
                     {"value", encodePath(folder)},
                     {"expected", "a finished one; the same plumb debias fit goes on with this one"}});
    PLUMBLINE_TRY(const std::string text, formats::readFile(folder / "card.json", kMostCardBytes));
    const json card = json::parse(text, nullptr, false);
    if (card.is_discarded())
        return cardInvalid(folder, "it is damaged or was cut off");
    if (!card.is_object() || card.value("format", json()) != json(kFormat))
        return cardInvalid(folder, "it is not the card of a debiasing transform of Plumbline");
    return card;
}

} // namespace

Result<void> writeTransform(const Transform& transform, const fs::path& folder) {
    removeEarlier(folder);
    if (transform.parts.size() == 1)
        return writePart(transform.parts.front(), folder);
    PLUMBLINE_CHECK(formats::makeFolder(folder));
    const bool vectors = std::ranges::none_of(
        transform.parts, [](const Part& part) { return part.ranking || part.scores || part.promptArray; });
    json names = json::array();
    for (std::size_t p = 0; p < transform.parts.size(); ++p) {
        names.push_back(std::to_string(p + 1));
        PLUMBLINE_CHECK(writePart(transform.parts[p], folder / std::to_string(p + 1)));
    }
    if (vectors)
        PLUMBLINE_CHECK(formats::writeFile(folder / "apply.py", pythonOfStack(transform.parts.size())));
    return formats::writeFile(folder / "card.json", json{{"format", kFormat}, {"parts", names}}.dump(2) + "\n");
}

Result<Transform> readTransform(const fs::path& folder) {
    PLUMBLINE_TRY(const json card, readCard(folder));
    Transform transform;
    if (!card.contains("parts")) {
        PLUMBLINE_TRY(transform.parts.emplace_back(), readPart(folder, card));
        return transform;
    }
    if (!card["parts"].is_array() || card["parts"].size() > kMostParts)
        return cardInvalid(folder, "its parts are not a list of at most " + std::to_string(kMostParts));
    for (std::size_t p = 0; p < card["parts"].size(); ++p) {
        const fs::path part = folder / std::to_string(p + 1);
        PLUMBLINE_TRY(const json own, readCard(part));
        PLUMBLINE_TRY(transform.parts.emplace_back(), readPart(part, own));
    }
    return transform;
}

} // namespace plumbline::debias
