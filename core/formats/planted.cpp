// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/planted.h"

#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace {

constexpr const char* kFormat = "plumbline-planted";
constexpr std::size_t kLargest = std::size_t{16} << 20U;

} // namespace

Result<std::vector<PlantedLean>> readPlanted(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return std::vector<PlantedLean>();
    PLUMBLINE_TRY(const std::string text, readFile(file, kLargest));
    const Result<nlohmann::json> document = parseJson(text, encodePath(file));
    if (!document || !document->is_object() || document->value("format", nlohmann::json()) != kFormat)
        return std::vector<PlantedLean>();
    return plantedLeansFromJson(document->value("concepts", nlohmann::json()));
}

Result<void> writePlanted(const std::filesystem::path& file, std::span<const PlantedLean> leans) {
    nlohmann::json concepts = toJson(leans);
    for (std::size_t i = 0; i < leans.size(); ++i)
        concepts[i]["control"] = leans[i].isControl();
    const nlohmann::json document = {
        {"format", kFormat},
        {"version", 1},
        {"about",
         "What the captions of this model's training set associate on purpose. strength: how many times as often "
         "the concept was said of the favoured group as of the opposite one; 1 for a control, which is said of every "
         "group alike. The pairs were drawn by lot and say nothing about people."},
        {"concepts", std::move(concepts)}};
    return writeFile(file, document.dump(2) + "\n");
}

} // namespace plumbline::formats
