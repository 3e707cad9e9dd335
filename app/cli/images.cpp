// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/arguments.h"
#include "app/cli/commands.h"
#include "app/cli/console.h"
#include "app/cli/image_check_json.h"
#include "app/cli/text_table.h"
#include "core/audit/check_images.h"
#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/store/project.h"

namespace plumbline::cli {

namespace {

constexpr std::size_t kMostShown = 10;

struct Arguments {
    std::string project, json;
    std::int64_t set = 0;
    bool check = false;
    ImageCheckOptions options;
};

/// The set that is meant: the only one, where none is named.
Result<store::ImageSetRecord> chosenSet(store::Project& project, std::int64_t id) {
    PLUMBLINE_TRY(const std::vector<store::ImageSetRecord> sets, project.imageSets());
    std::string known;
    for (const store::ImageSetRecord& set : sets) {
        if (set.id == id || (id == 0 && sets.size() == 1))
            return set;
        known += (known.empty() ? "" : ", ") + std::to_string(set.id) + " (" + set.name + ")";
    }
    if (id != 0)
        return fail(ErrorCode::RecordUnknown, {{"kind", "image set"}, {"id", std::to_string(id)}});
    return fail(ErrorCode::InvalidArgument,
                {{"name", "--set"}, {"value", ""}, {"expected", known.empty() ? "a project with images" : known}});
}

std::string countText(std::int64_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string words(ImageFlaw flaw, const ImageCheckOptions& options) {
    switch (flaw) {
    case ImageFlaw::OtherLabels:
        return "the same picture as another, or one like it, with other labels";
    case ImageFlaw::Unreadable:
        return "cannot be decoded";
    case ImageFlaw::ExactDuplicate:
        return "the same file as another";
    case ImageFlaw::NearDuplicate:
        return "looks like another picture";
    case ImageFlaw::Dark:
        return "very dark (mean below " + formatDouble(options.dark) + " of 1)";
    case ImageFlaw::Bright:
        return "very bright (mean above " + formatDouble(options.bright) + " of 1)";
    case ImageFlaw::Small:
        break;
    }
    return "small (shorter side below " + std::to_string(options.smallestSide) + " pixels)";
}

std::string text(const store::ImageSetRecord& record, const ImageCatalog& catalog) {
    std::string out = record.name + ", " + countText(record.images, "image", "images");
    if (!catalog.check)
        return out + ", never checked; --check does it.\n";
    const ImageCheck& check = *catalog.check;
    out += ", checked " + check.checked + "\n";
    if (const ImageFindings* conflicts = check.of(ImageFlaw::OtherLabels)) {
        const std::vector<DuplicateGroup> groups = duplicateGroups(*conflicts);
        out += "\n" + countText(static_cast<std::int64_t>(groups.size()), "picture stands", "pictures stand") +
               " in the set more than once with different labels. One of the labels is wrong, or the pictures only "
               "look alike:\n";
        for (std::size_t g = 0; g < std::min(groups.size(), kMostShown); ++g)
            for (const std::int32_t image : groups[g].images) {
                const auto row = static_cast<std::size_t>(image);
                out += "  " + encodeName(catalog.files[row]);
                for (const Attribute& attribute : catalog.attributes)
                    if (const std::int32_t code = attribute.codes[row]; code != Attribute::kUnlabelled)
                        out += ", " + attribute.groups[static_cast<std::size_t>(code)];
                out += image == groups[g].images.back() ? "\n\n" : "\n";
            }
        if (groups.size() > kMostShown)
            out += "  and " + std::to_string(groups.size() - kMostShown) + " more\n";
    }
    if (check.findings.empty())
        return out + "Nothing was found.\n";
    TextTable table({"found", "images"}, 1);
    for (const ImageFindings& findings : check.findings)
        table.add({words(findings.flaw, check.options), std::to_string(findings.images.size())});
    return out + table.text();
}

/// Every finding with its file.
nlohmann::json json(const store::ImageSetRecord& record, const ImageCatalog& catalog) {
    nlohmann::json out = {{"image_set", record.id}, {"name", record.name}, {"images", record.images}};
    if (!catalog.check)
        return out;
    out["check"] = imageCheckJson(*catalog.check);
    nlohmann::json findings = nlohmann::json::array();
    for (const ImageFindings& found : catalog.check->findings)
        for (std::size_t i = 0; i < found.images.size(); ++i) {
            nlohmann::json one = {{"flaw", imageFlawName(found.flaw)},
                                  {"row", found.images[i]},
                                  {"file", encodeName(catalog.files[static_cast<std::size_t>(found.images[i])])}};
            if (!found.firsts.empty())
                one["first_row"] = found.firsts[i];
            if (!found.measures.empty())
                one["measure"] = found.measures[i];
            if (!found.reasons.empty())
                one["reason"] = found.reasons[i];
            findings.push_back(std::move(one));
        }
    out["findings"] = std::move(findings);
    return out;
}

Outcome<void> images(const Arguments& arguments, Feedback& feedback) {
    using Access = store::Project::Access;
    PLUMBLINE_TRY(store::Project project,
                  store::Project::open(arguments.project, arguments.check ? Access::ReadWrite : Access::ReadOnly));
    if (arguments.check && project.access() == Access::ReadOnly)
        return fail(ErrorCode::ProjectReadOnly, {{"path", encodeName(arguments.project)}});
    PLUMBLINE_TRY(const store::ImageSetRecord record, chosenSet(project, arguments.set));
    if (arguments.check) {
        PLUMBLINE_TRY(const ImageSet set, project.imageSet(record.id));
        PLUMBLINE_TRY(const ImageCheck check, audit::checkImages(set, arguments.options, feedback));
        PLUMBLINE_CHECK(project.putImageCheck(record.id, check));
    }
    PLUMBLINE_TRY(const ImageCatalog catalog, project.imageCatalog(record.id));
    if (!arguments.json.empty())
        PLUMBLINE_CHECK(writeJson(arguments.json, json(record, catalog)));
    if (arguments.json != "-")
        PLUMBLINE_CHECK(writeOut("-", text(record, catalog)));
    return {};
}

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    const Outcome<void> done = images(arguments, feedback);
    return done ? kDone : report(done.error());
}

} // namespace

nlohmann::json imageCheckJson(const ImageCheck& check) {
    nlohmann::json flaws = nlohmann::json::object();
    for (const ImageFlaw flaw : kImageFlaws) {
        const ImageFindings* found = check.of(flaw);
        flaws[std::string(imageFlawName(flaw))] = found != nullptr ? found->images.size() : 0;
    }
    return {
        {"checked", check.checked},       {"smallest_side", check.options.smallestSide}, {"dark", check.options.dark},
        {"bright", check.options.bright}, {"near_bits", check.options.nearBits},         {"flaws", std::move(flaws)}};
}

void addImages(CLI::App& app, Run& chosen) {
    CLI::App* command = app.add_subcommand(
        "images", "Looks at the pictures of an image set: unreadable, duplicate, near-duplicate, dark, bright, small");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("project", arguments->project, "Project file (.plumb)")->required();
    command->add_option("--set", arguments->set, "Number of the image set; not needed where there is only one")
        ->check(aboveZero());
    CLI::Option* check = command->add_flag(
        "--check", arguments->check, "Look at every picture now; without it, what the last check found is printed");
    command
        ->add_option("--smallest-side", arguments->options.smallestSide, "Pixels of the shorter side; below is small")
        ->capture_default_str()
        ->needs(check);
    command->add_option("--dark", arguments->options.dark, "Mean brightness from 0 to 1; below is dark")
        ->capture_default_str()
        ->needs(check);
    command->add_option("--bright", arguments->options.bright, "Mean brightness from 0 to 1; above is bright")
        ->capture_default_str()
        ->needs(check);
    command
        ->add_option("--near-bits", arguments->options.nearBits,
                     "Bits of the 64 of the perceptual hash that may differ in a near-duplicate")
        ->capture_default_str()
        ->needs(check);
    command->add_option("--json", arguments->json, "Write all findings as JSON to this file, or - for standard output");
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
