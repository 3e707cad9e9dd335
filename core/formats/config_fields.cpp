// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/config_fields.h"

#include <cmath>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/mapped_file.h"

namespace plumbline::formats {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxConfigBytes = 4U << 20U;

} // namespace

Result<json> readJsonObject(const fs::path& path) {
    PLUMBLINE_TRY(const MappedFile file, MappedFile::open(path));
    const auto bytes = file.bytes();
    if (bytes.size() > kMaxConfigBytes)
        return fail(ErrorCode::JsonInvalid,
                    {{"path", encodePath(path)}, {"reason", "it is larger than a configuration can be"}});
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    PLUMBLINE_TRY(json value, parseJson(text, encodePath(path)));
    if (!value.is_object())
        return fail(ErrorCode::JsonInvalid, {{"path", encodePath(path)}, {"reason", "it is not a JSON object"}});
    return value;
}

std::string shown(const json& value) {
    std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    if (text.size() > 80)
        text = text.substr(0, 77) + "...";
    return text;
}

const json& emptyObject() {
    static const json empty = json::object();
    return empty;
}

Problems::Problems(const fs::path& model) : m_model(encodePath(model)) {
}

void Problems::invalid(const std::string& field, const std::string& reason) {
    add({ErrorCode::ModelConfigInvalid, {{"path", m_model}, {"field", field}, {"reason", reason}}, {}});
}

void Problems::unsupported(const std::string& what) {
    add({ErrorCode::ModelUnsupported, {{"path", m_model}, {"what", what}}, {}});
}

void Problems::add(Error error) {
    if (!m_first)
        m_first = std::move(error);
}

Fields::Fields(const json& object, std::string file, std::string prefix, std::string defaults, Problems& problems)
    : m_object(object), m_file(std::move(file)), m_prefix(std::move(prefix)), m_defaults(std::move(defaults)),
      m_problems(problems) {
    if (!m_object.is_object())
        m_problems.invalid(field(""), "is not an object");
}

std::string Fields::field(const std::string& name) const {
    if (m_prefix.empty() || name.empty())
        return m_prefix + name;
    return m_prefix + "." + name;
}

const json* Fields::find(const std::string& name) const {
    if (!m_object.is_object())
        return nullptr;
    const auto it = m_object.find(name);
    return it == m_object.end() || it->is_null() ? nullptr : &*it;
}

Sourced<int> Fields::integer(const std::string& name, std::optional<int> fallback, int low, int high) const {
    const json* value = find(name);
    if (!value)
        return missing(name, fallback);
    return {checkedInteger(*value, name, low, high), source(name)};
}

Sourced<int> Fields::side(const std::string& name, std::optional<int> fallback, int low, int high) const {
    const json* value = find(name);
    if (!value)
        return missing(name, fallback);
    if (!value->is_array())
        return {checkedInteger(*value, name, low, high), source(name)};
    if (value->size() != 2) {
        m_problems.invalid(field(name), "is " + shown(*value) + ", not one size or two");
        return {low, source(name)};
    }
    if ((*value)[0] != (*value)[1])
        m_problems.unsupported("the size " + shown(*value) + " (" + field(name) + "), which is not square");
    return {checkedInteger((*value)[0], name, low, high), source(name)};
}

Sourced<double> Fields::number(const std::string& name, double fallback, double low, double high) const {
    const json* value = find(name);
    if (!value)
        return {fallback, defaultSource()};
    if (!value->is_number() || !(value->get<double>() >= low && value->get<double>() <= high)) {
        m_problems.invalid(field(name), "is " + shown(*value) + ", not a number from " + formatDouble(low) + " to " +
                                            formatDouble(high));
        return {fallback, source(name)};
    }
    return {value->get<double>(), source(name)};
}

Sourced<bool> Fields::flag(const std::string& name, bool fallback) const {
    const json* value = find(name);
    if (!value)
        return {fallback, defaultSource()};
    if (!value->is_boolean()) {
        m_problems.invalid(field(name), "is " + shown(*value) + ", neither true nor false");
        return {fallback, source(name)};
    }
    return {value->get<bool>(), source(name)};
}

Sourced<std::string> Fields::word(const std::string& name, const std::string& fallback) const {
    const json* value = find(name);
    if (!value)
        return {fallback, defaultSource()};
    if (!value->is_string()) {
        m_problems.invalid(field(name), "is " + shown(*value) + ", not a text");
        return {fallback, source(name)};
    }
    return {value->get<std::string>(), source(name)};
}

Sourced<std::array<double, 3>> Fields::triple(const std::string& name, const std::array<double, 3>& fallback,
                                              bool positive) const {
    const json* value = find(name);
    if (!value)
        return {fallback, defaultSource()};
    std::array<double, 3> numbers{};
    bool good = value->is_array() && value->size() == 3;
    for (std::size_t i = 0; good && i < 3; ++i) {
        good = (*value)[i].is_number();
        if (good)
            numbers[i] = (*value)[i].get<double>();
        good = good && std::abs(numbers[i]) < 1e6 && (!positive || numbers[i] > 1e-6);
    }
    if (!good) {
        m_problems.invalid(field(name),
                           "is " + shown(*value) + ", not three " + (positive ? "positive " : "") + "numbers");
        return {fallback, source(name)};
    }
    return {numbers, source(name)};
}

Fields Fields::inner(const std::string& name, const json& object) const {
    return Fields(object, m_file, field(name), m_defaults, m_problems);
}

Sourced<int> Fields::missing(const std::string& name, std::optional<int> fallback) const {
    if (!fallback)
        m_problems.invalid(field(name), "is missing");
    return {fallback.value_or(1), defaultSource()};
}

int Fields::checkedInteger(const json& value, const std::string& name, int low, int high) const {
    // A whole number that was written as 12.0 is meant as 12.
    const bool whole = value.is_number() && value.get<double>() == std::floor(value.get<double>());
    if (!whole || value.get<double>() < low || value.get<double>() > high) {
        m_problems.invalid(field(name), "is " + shown(value) + ", not a whole number from " + std::to_string(low) +
                                            " to " + std::to_string(high));
        return low;
    }
    return static_cast<int>(value.get<double>());
}

void checkTowers(const ModelConfig& config, const std::string& visionHeads, const std::string& textHeads,
                 const std::string& patch, Problems& problems) {
    const VisionConfig& vision = config.vision;
    const TextConfig& text = config.text;
    if (vision.tower == ImageTower::Transformer && vision.width.value % vision.heads.value != 0)
        problems.invalid(visionHeads, "gives " + std::to_string(vision.heads.value) +
                                          " heads, which do not divide the width " +
                                          std::to_string(vision.width.value));
    if (text.width.value % text.heads.value != 0)
        problems.invalid(textHeads, "gives " + std::to_string(text.heads.value) +
                                        " heads, which do not divide the width " + std::to_string(text.width.value));
    if (vision.patchSize.value > vision.imageSize.value)
        problems.invalid(patch, "is larger than the image");
    // Attention compares every position with every other. The largest published towers need a fiftieth of the bound.
    const auto attention = [&problems](const std::string& field, std::int64_t positions, int heads) {
        if (positions * positions > kMaxAttention / heads)
            problems.invalid(field, "gives " + std::to_string(heads) + " heads over " + std::to_string(positions) +
                                        " positions, for which no memory suffices");
    };
    attention(visionHeads, std::int64_t{vision.grid()} * vision.grid() + 1, vision.heads.value);
    attention(textHeads, text.contextLength.value, text.heads.value);
}

void checkImageSize(const ModelConfig& config, const std::string& field, Problems& problems) {
    if (config.preprocessing.size.value != config.vision.imageSize.value)
        problems.invalid(field, "is " + std::to_string(config.preprocessing.size.value) +
                                    ", but the network takes images of " +
                                    std::to_string(config.vision.imageSize.value) + " pixels");
}

} // namespace plumbline::formats
