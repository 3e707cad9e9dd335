// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe/association_tests.h"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/json.h"
#include "core/formats/csv.h"
#include "core/formats/table_columns.h"
#include "core/formats/text_file.h"
#include "embedded/association_tests.h"

namespace plumbline::probe {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20;
constexpr std::string_view kPlace = "{}";

tl::unexpected<Error> invalid(std::string_view path, std::string reason) {
    return fail(ErrorCode::ProbeInvalid, {{"path", std::string(path)}, {"reason", std::move(reason)}});
}

AssociationWords setOf(const nlohmann::json& json) {
    AssociationWords set;
    set.label = json.at("label").get<std::string>();
    set.words = json.value("words", std::vector<std::string>());
    if (const auto images = json.find("images"); images != json.end()) {
        set.attribute = images->at("attribute").get<std::string>();
        for (const auto& group : images->at("groups"))
            set.groups.push_back(toLowerAscii(group.get<std::string>()));
    }
    return set;
}

/// What is wrong with a test; empty: nothing.
std::string fault(const AssociationTest& test) {
    if (trim(test.name).empty())
        return "a test has no name";
    for (const std::string& text : test.templates) {
        const std::size_t place = text.find(kPlace);
        if (place == std::string::npos || text.find(kPlace, place + 1) != std::string::npos)
            return "the template “" + text + "” must have one {} for the word";
    }
    const std::string of = test.name + ": ";
    for (const AssociationWords* set : {&test.x, &test.y, &test.a, &test.b}) {
        if (trim(set->label).empty())
            return of + "a set has no label";
        if (set->words.empty() && set->groups.empty())
            return of + "the set “" + set->label + "” has neither words nor images";
        if (!set->groups.empty() && trim(set->attribute).empty())
            return of + "the images of the set “" + set->label + "” need an attribute";
        std::set<std::string_view> seen;
        for (const std::string& word : set->words) {
            if (trim(word).empty())
                return of + "a word of the set “" + set->label + "” is empty";
            if (!seen.insert(word).second)
                return of + "the word “" + word + "” is in the set “" + set->label + "” twice";
        }
    }
    for (const auto& [one, other] : {std::pair{&test.x, &test.y}, {&test.a, &test.b}})
        for (const std::string& word : one->words)
            if (std::ranges::find(other->words, word) != other->words.end())
                return of + "the word “" + word + "” is in “" + one->label + "” and in “" + other->label + "”";
    return {};
}

} // namespace

Result<std::vector<AssociationTest>> parseAssociationTests(std::string_view text, std::string_view name) {
    PLUMBLINE_TRY(const nlohmann::json json, parseJson(text, name));
    std::vector<AssociationTest> tests;
    try {
        const std::string source = json.value("source", std::string());
        const auto templates = json.value("templates", std::vector<std::string>());
        for (const nlohmann::json& one : json.at("tests")) {
            AssociationTest test;
            test.name = one.at("name").get<std::string>();
            test.about = one.value("about", std::string());
            test.source = source;
            test.templates = templates;
            for (const auto& [field, set] : {std::pair{"x", &test.x}, {"y", &test.y}, {"a", &test.a}, {"b", &test.b}})
                *set = setOf(one.at(field));
            tests.push_back(std::move(test));
        }
    } catch (const nlohmann::json::exception&) {
        return invalid(
            name, "association tests are an object with “tests”, each with a “name” and the sets “x”, “y”, “a” and "
                  "“b” of the form {\"label\": …, \"words\": […], \"images\": {\"attribute\": …, \"groups\": […]}}");
    }
    if (tests.empty())
        return fail(ErrorCode::ProbeEmpty, {{"name", std::string(name)}});
    std::set<std::string_view> seen;
    for (const AssociationTest& test : tests) {
        if (std::string reason = fault(test); !reason.empty())
            return invalid(name, std::move(reason));
        if (!seen.insert(test.name).second)
            return invalid(name, "the test “" + test.name + "” is there twice");
    }
    return tests;
}

Result<std::vector<AssociationTest>> readAssociationTests(const fs::path& path) {
    PLUMBLINE_TRY(const std::string text, formats::readFile(path, kLargestFile));
    return parseAssociationTests(text, encodePath(path));
}

std::vector<AssociationTest> builtInAssociationTests() {
    std::vector<AssociationTest> all;
    for (const std::string_view text : embedded::association_tests)
        if (auto tests = parseAssociationTests(text, "built-in")) // a fault in our own file is found by the tests
            std::ranges::move(*tests, std::back_inserter(all));
    return all;
}

std::vector<std::string> textsOf(const AssociationTest& test, const AssociationWords& set) {
    if (test.templates.empty())
        return set.words;
    std::vector<std::string> texts;
    for (const std::string& text : test.templates)
        for (const std::string& word : set.words) {
            texts.push_back(text);
            if (const std::size_t place = text.find(kPlace); place != std::string::npos)
                texts.back().replace(place, kPlace.size(), word);
        }
    return texts;
}

std::vector<std::uint32_t> imagesOf(const AssociationWords& set, const Attribute& attribute) {
    std::vector<std::uint32_t> rows;
    if (set.groups.empty() || toLowerAscii(set.attribute) != toLowerAscii(attribute.name))
        return rows;
    std::vector<bool> stands;
    for (const std::string& group : attribute.groups)
        stands.push_back(std::ranges::find(set.groups, toLowerAscii(group)) != set.groups.end());
    for (std::size_t i = 0; i < attribute.codes.size(); ++i)
        if (attribute.codes[i] >= 0 && stands[static_cast<std::size_t>(attribute.codes[i])])
            rows.push_back(static_cast<std::uint32_t>(i));
    return rows;
}

} // namespace plumbline::probe
