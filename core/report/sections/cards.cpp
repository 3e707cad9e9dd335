// SPDX-License-Identifier: GPL-3.0-or-later
// Scope, model and data: what was looked at, and what was not.
#include <algorithm>
#include <set>

#include "core/base/numbers.h"
#include "core/base/path.h"
#include "core/data/attribute_text.h"
#include "core/report/sections/sections.h"

namespace plumbline::report {

namespace {

/// The label columns that an audit names, alone or in a crossing.
std::set<std::string> columnsOf(const std::vector<std::string>& attributes) {
    std::set<std::string> columns;
    for (const std::string& text : attributes)
        if (const auto parts = parseAttribute(text))
            for (const AttributePart& part : *parts)
                columns.insert(part.name);
    return columns;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all += (all.empty() ? "" : ", ") + text;
    return all;
}

std::string number64(std::int64_t value) {
    return std::to_string(value);
}

Html countTable(const Attribute& attribute, const std::string& caption) {
    const std::vector<std::int64_t> counts = attribute.counts();
    const auto share = [&](std::int64_t n) {
        return static_cast<double>(n) / static_cast<double>(std::max<std::size_t>(attribute.codes.size(), 1));
    };
    Table table(caption, {{"Group", true}, {"Images"}, {"Share"}});
    for (std::size_t g = 0; g < attribute.groups.size(); ++g)
        table.add({attribute.groups[g], number64(counts[g]), percent(share(counts[g]))});
    if (const std::int64_t unlabelled = attribute.unlabelled())
        table.add({"without a label", number64(unlabelled), percent(share(unlabelled))});
    constexpr std::size_t kGroups = 24;
    return table.html(kGroups);
}

Html matchOf(const MatchReport& report) {
    std::vector<std::string> lines;
    const auto line = [&](std::int64_t n, const char* one, const char* many) {
        if (n > 0)
            lines.push_back(count(static_cast<std::size_t>(n), one, many));
    };
    line(report.tableRows, "row of the label table", "rows of the label table");
    line(report.matched, "image with its row", "images with their rows");
    line(report.filteredRows, "row was left out by the filter", "rows were left out by the filter");
    line(report.missing, "row names a file that does not exist", "rows name files that do not exist");
    line(report.duplicates, "further row for a file that an earlier row names",
         "further rows for files that earlier rows name");
    line(report.invalidRows, "row with the wrong number of fields", "rows with the wrong number of fields");
    line(report.notInTable, "image that no row names, not part of the set",
         "images that no row names, not part of the set");
    line(report.unreadable, "file is no readable picture", "files are no readable pictures");
    for (const std::vector<MatchReport::Repair>* readings : {&report.repairs, &report.merged})
        for (const MatchReport::Repair& one : *readings)
            if (one.from != one.to)
                lines.push_back(number64(one.rows) + " values of " + one.column + " “" + one.from + "” read as “" +
                                one.to + "”");
    return list(lines);
}

std::string sourceText(LabelSource::Kind kind) {
    switch (kind) {
    case LabelSource::Kind::SelfReported:
        return "said by the people shown";
    case LabelSource::Kind::Annotated:
        return "given by annotators";
    case LabelSource::Kind::Inferred:
        return "inferred by a model";
    case LabelSource::Kind::Unknown:
        break;
    }
    return "not known";
}

/// Where the labels come from, as far as the auditor said it.
Html labelSourcesOf(const ReportInput& input) {
    if (input.images == nullptr || input.labelSources.size() != input.images->attributes.size() ||
        std::ranges::all_of(input.labelSources, [](const LabelSource& source) { return source == LabelSource(); }))
        return paragraph("Who collected the images, who labelled them and under which licence is not recorded in the "
                         "label table; a reader needs to know it to judge the labels.");
    Table table("", {{"Attribute", true}, {"Its labels were", true}, {"Note", true}});
    for (std::size_t a = 0; a < input.labelSources.size(); ++a)
        table.add(
            {input.images->attributes[a].name, sourceText(input.labelSources[a].kind), input.labelSources[a].note});
    return heading(3, "", "Where the labels come from") + table.html(24) +
           paragraph("As the auditor recorded it. Who collected the images and under which licence is not recorded "
                     "here.");
}

/// What looking at every picture found.
Html checkOf(const ImageCheck& check) {
    const ImageCheckOptions& options = check.options;
    std::vector<std::string> lines;
    for (const ImageFindings& findings : check.findings) {
        const std::size_t images = findings.images.size();
        switch (findings.flaw) {
        case ImageFlaw::OtherLabels:
            lines.push_back(count(images, "image is", "images are") +
                            " the same picture as another, or like it, with different labels: one label may be wrong");
            break;
        case ImageFlaw::Unreadable:
            lines.push_back(count(images, "image", "images") + " cannot be decoded");
            break;
        case ImageFlaw::ExactDuplicate:
            lines.push_back(count(images, "image is", "images are") + " the same file as another");
            break;
        case ImageFlaw::NearDuplicate:
            lines.push_back(count(images, "image looks", "images look") + " like another (at most " +
                            std::to_string(options.nearBits) + " of 64 bits of a perceptual hash differ)");
            break;
        case ImageFlaw::Dark:
            lines.push_back(count(images, "image is", "images are") + " very dark (mean brightness below " +
                            percent(options.dark) + ")");
            break;
        case ImageFlaw::Bright:
            lines.push_back(count(images, "image is", "images are") + " very bright (mean brightness above " +
                            percent(options.bright) + ")");
            break;
        case ImageFlaw::Small:
            lines.push_back(count(images, "image has", "images have") + " a shorter side below " +
                            std::to_string(options.smallestSide) + " pixels");
            break;
        }
    }
    return paragraph("Looked at " + check.checked + (lines.empty() ? ": nothing was found." : ":")) + list(lines);
}

} // namespace

Section scopeSection(const ReportInput& input) {
    const AuditResult& result = *input.result;
    const AuditConfig& config = result.config;
    Section section{{"scope", "Scope", {}}, heading(2, "scope", "Scope")};
    section.html +=
        paragraph("Asked was how the model ranks these images for these prompts, and whether a group's share among "
                  "the first images differs from the share it should have. Nothing else is answered: no other "
                  "images, prompts, languages or uses, and no decision that is made with the ranking.");
    std::vector<Html> lines;
    std::string groups;
    for (const std::string& attribute : config.attributes) {
        const auto measured = std::ranges::find(result.measurements, attribute, &Measurement::attribute);
        std::vector<std::string> names;
        if (measured != result.measurements.end())
            for (const GroupMeasure& group : measured->groups)
                names.push_back(group.name);
        lines.push_back(escaped(attribute + ": " + joined(names)));
    }
    section.html += heading(3, "", "Groups that were considered") + list(lines);
    std::vector<std::string> left;
    if (input.images != nullptr) {
        const std::set<std::string> named = columnsOf(config.attributes);
        for (const Attribute& attribute : input.images->attributes)
            if (!named.contains(attribute.name))
                left.push_back(attribute.name + " (" + count(attribute.groups.size(), "value", "values") + ")");
    }
    section.html += heading(3, "", "Not considered");
    section.html += input.images == nullptr ? paragraph("Which other labels the images have is not known here.")
                    : left.empty()          ? paragraph("The images have no other labels than those above.")
                                   : paragraph("These columns of the labels were not audited: " + joined(left) + ".");
    const bool crossing = std::ranges::any_of(config.attributes, [](const std::string& text) {
        const auto parts = parseAttribute(text);
        return parts && parts->size() > 1;
    });
    if (!crossing)
        section.html +=
            paragraph("No crossing of attributes was audited: a lean against women of one group only, say, would "
                      "not show.");
    section.html +=
        paragraph("Groups that no label names, such as disability, religion or gender beyond the values above, were "
                  "not considered at all.");
    std::vector<std::string> without;
    for (const FamilyInfo& family : allFamilies())
        if (std::ranges::find(config.others.families, family.family) == config.others.families.end())
            without.emplace_back(family.title);
    if (!without.empty())
        section.html += folded("Measures that were not taken", paragraph(joined(without) + "."));
    std::vector<std::string> prompts;
    for (std::size_t i = 0; i < result.prompts.size(); ++i)
        prompts.push_back(result.prompts[i] +
                          (i < result.truncated.size() && result.truncated[i] ? " (cut to the model's context)" : ""));
    section.html += folded("The prompts, " + std::to_string(prompts.size()) +
                               (config.probe.source.empty() ? "" : ", after " + config.probe.source),
                           list(prompts));
    return section;
}

Section modelSection(const ReportInput& input) {
    const RunProvenance& provenance = input.result->provenance;
    Section section{{"model", "Model", {}}, heading(2, "model", "Model")};
    std::vector<std::pair<std::string, std::string>> lines = {
        {"Name", provenance.modelName},
        {"Folder", input.result->config.modelPath},
        {"SHA-256 of the weights as they run", provenance.modelSha256},
        {"SHA-256 of the tensors", provenance.tensorsSha256},
        {"Preprocessing", provenance.preprocessing},
        {"Precision of the run", provenance.precision}};
    if (const ModelCard* card = input.model) {
        const VisionConfig& vision = card->config.vision;
        const TextConfig& text = card->config.text;
        lines.emplace_back("Image tower", std::string(vision.tower == ImageTower::ResNet ? "ResNet" : "Transformer") +
                                              ", " + std::to_string(vision.layers.value) + " layers, width " +
                                              std::to_string(vision.width.value) + ", images of " +
                                              std::to_string(vision.imageSize.value) + " pixels");
        lines.emplace_back("Text tower", std::to_string(text.layers.value) + " layers, width " +
                                             std::to_string(text.width.value) + ", context of " +
                                             std::to_string(text.contextLength.value) + " tokens");
        lines.emplace_back("Embedding", std::to_string(card->config.embedDim.value) + " values");
        lines.emplace_back("Logit scale", formatDouble(card->logitScale.value));
        lines.emplace_back("Parameters", number64(card->parameters));
        lines.emplace_back("Stored as", card->storage + (card->dtype.empty() ? "" : ", " + card->dtype));
        lines.emplace_back("Tokenizer", card->tokenizerKind);
        lines.emplace_back("Licence", card->licence.empty() ? "none is named in the model's folder" : card->licence);
        lines.emplace_back("Self-check", card->contentSha256.empty() ? ""
                                         : card->selfCheck.passed    ? "passed"
                                                                     : "failed");
    }
    lines.emplace_back("Training data", "not known to this program; ask who trained it");
    section.html += facts(lines);
    if (input.model == nullptr)
        return section;
    section.html += list(input.model->selfCheck.findings) + list(input.model->warnings);
    if (!input.model->files.empty()) {
        Table files("Files of the model", {{"File", true}, {"Bytes"}, {"SHA-256", true}});
        for (const ModelFile& file : input.model->files)
            files.add({file.path, number64(file.bytes), file.sha256});
        section.html += files.html(8);
    }
    return section;
}

Section dataSection(const ReportInput& input) {
    const AuditResult& result = *input.result;
    Section section{{"data", "Data", {}}, heading(2, "data", "Data")};
    std::vector<std::pair<std::string, std::string>> lines;
    if (const ImageSet* images = input.images) {
        lines = {{"Images", input.imagesName},
                 {"Folder", encodePath(images->root)},
                 {"Label table", images->labelsFile},
                 {"Read as", images->preset},
                 {"Only rows with", images->report.filter}};
        for (const AttributePart& merged : readAs(images->report))
            lines.emplace_back("Read as one", formatMerge(merged));
    }
    lines.emplace_back("Images measured", number64(result.images));
    lines.emplace_back("Images skipped", number64(result.skipped));
    lines.emplace_back("Images, SHA-256", result.provenance.imagesSha256);
    lines.emplace_back("Labels, SHA-256", result.provenance.labelsSha256);
    section.html += facts(lines);
    section.html += labelSourcesOf(input);
    if (input.images != nullptr)
        section.html += heading(3, "", "Table and folder") + matchOf(input.images->report);
    if (input.imageCheck != nullptr)
        section.html += heading(3, "", "The pictures themselves") + checkOf(*input.imageCheck);
    section.html += heading(3, "", "Counts by group");
    std::vector<Attribute> columns;
    if (input.images != nullptr) {
        for (const std::string& name : columnsOf(result.config.attributes))
            if (const Attribute* attribute = input.images->attribute(name)) {
                columns.push_back(*attribute);
                section.html += countTable(*attribute, attribute->name);
            }
        constexpr std::size_t kCrossings = 6;
        Html crossings;
        std::size_t crossed = 0;
        for (std::size_t i = 0; i < columns.size(); ++i)
            for (std::size_t j = i + 1; j < columns.size(); ++j)
                if (crossed++ < kCrossings) {
                    const Attribute both = cross(columns[i], columns[j]);
                    crossings += countTable(both, both.name);
                }
        if (crossed > 0)
            section.html +=
                folded("Counts by crossing" +
                           (crossed > kCrossings ? ", the first " + std::to_string(kCrossings) : std::string()),
                       crossings);
    } else {
        for (const std::string& name : result.config.attributes) {
            const auto measured = std::ranges::find(result.measurements, name, &Measurement::attribute);
            if (measured == result.measurements.end())
                continue;
            Table table(name, {{"Group", true}, {"Images"}, {"Share"}});
            for (const GroupMeasure& group : measured->groups)
                table.add({group.name, number64(group.poolCount), percent(group.poolShare)});
            if (measured->unlabelled > 0)
                table.add({"without a label", number64(measured->unlabelled), ""});
            section.html += table.html(24);
        }
    }
    if (!result.skippedImages.empty()) {
        Table skipped("", {{"File", true}, {"Why", true}});
        for (const Skipped& one : result.skippedImages)
            skipped.add({one.file, one.reason});
        section.html += folded("Images that were skipped", skipped.html(50));
    }
    return section;
}

} // namespace plumbline::report
