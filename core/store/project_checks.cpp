// SPDX-License-Identifier: GPL-3.0-or-later
// What is known about an image set beside its content: who labelled it, and what a check of its pictures found.
#include <algorithm>
#include <bit>
#include <cstring>

#include "core/store/project_impl.h"

namespace plumbline::store {

static_assert(std::endian::native == std::endian::little, "rows and measures are stored as they lie in memory");

namespace {

template <class Number>
std::vector<Number> numbersOf(const SQLite::Column& column) {
    std::vector<Number> numbers(static_cast<std::size_t>(column.getBytes()) / sizeof(Number));
    if (!numbers.empty())
        std::memcpy(numbers.data(), column.getBlob(), numbers.size() * sizeof(Number));
    return numbers;
}

std::vector<std::string> textsOf(const SQLite::Column& column) {
    std::string_view bytes(static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes()));
    std::vector<std::string> texts;
    for (std::size_t end = bytes.find('\0'); end != std::string_view::npos; end = bytes.find('\0')) {
        texts.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(end + 1);
    }
    return texts;
}

/// True if every part is absent or has one entry an image, and every row is one of the set.
bool isConsistent(const ImageFindings& findings, std::size_t images) {
    const std::size_t count = findings.images.size();
    const auto fits = [count](std::size_t size) { return size == 0 || size == count; };
    const auto within = [images](std::int32_t row) { return row >= 0 && static_cast<std::size_t>(row) < images; };
    return fits(findings.firsts.size()) && fits(findings.measures.size()) && fits(findings.reasons.size()) &&
           std::ranges::all_of(findings.images, within) && std::ranges::all_of(findings.firsts, within);
}

} // namespace

Result<void> Project::setLabelSources(std::int64_t id, std::span<const LabelSource> sources) {
    return m_impl->write([&]() -> Result<void> {
        auto attributes = m_impl->prepare("SELECT id FROM attribute WHERE image_set = ? ORDER BY position");
        attributes.bind(1, id);
        std::vector<std::int64_t> ids;
        while (attributes.executeStep())
            ids.push_back(attributes.getColumn(0).getInt64());
        if (ids.size() != sources.size())
            return invalid("number of label sources", std::to_string(sources.size()),
                           std::to_string(ids.size()) + ", one an attribute");
        auto insert = m_impl->prepare("INSERT INTO label_source (attribute, source, note) VALUES (?, ?, ?) "
                                      "ON CONFLICT (attribute) DO UPDATE SET source = excluded.source, "
                                      "note = excluded.note");
        for (std::size_t i = 0; i < ids.size(); ++i) {
            insert.bind(1, ids[i]);
            insert.bind(2, std::string(labelSourceName(sources[i].kind)));
            insert.bind(3, sources[i].note);
            insert.exec();
            insert.reset();
        }
        return {};
    });
}

Result<std::vector<LabelSource>> Project::labelSources(std::int64_t id) {
    return m_impl->read([&]() -> Result<std::vector<LabelSource>> {
        auto statement = m_impl->prepare("SELECT source, note FROM attribute LEFT JOIN label_source "
                                         "ON label_source.attribute = attribute.id WHERE image_set = ? "
                                         "ORDER BY position");
        statement.bind(1, id);
        std::vector<LabelSource> sources;
        while (statement.executeStep())
            sources.push_back(
                {labelSourceKind(statement.getColumn(0).getString()), statement.getColumn(1).getString()});
        return sources;
    });
}

Result<void> Project::putImageCheck(std::int64_t id, const ImageCheck& check) {
    return m_impl->write([&]() -> Result<void> {
        auto head = m_impl->prepare("SELECT images FROM image_set WHERE id = ?");
        head.bind(1, id);
        if (!head.executeStep())
            return unknownRecord("image set", id);
        const auto images = static_cast<std::size_t>(head.getColumn(0).getInt64());
        for (const ImageFindings& findings : check.findings)
            if (!isConsistent(findings, images))
                return invalid("finding", std::string(imageFlawName(findings.flaw)),
                               "rows of a set of " + std::to_string(images));

        auto remove = m_impl->prepare("DELETE FROM image_check WHERE image_set = ?");
        remove.bind(1, id);
        remove.exec();
        auto insert = m_impl->prepare("INSERT INTO image_check (image_set, checked, smallest_side, dark, bright, "
                                      "near_bits) VALUES (?, ?, ?, ?, ?, ?)");
        insert.bind(1, id);
        insert.bind(2, check.checked);
        insert.bind(3, check.options.smallestSide);
        insert.bind(4, check.options.dark);
        insert.bind(5, check.options.bright);
        insert.bind(6, check.options.nearBits);
        insert.exec();
        auto finding = m_impl->prepare("INSERT INTO image_finding (image_set, flaw, images, firsts, measures, reasons) "
                                       "VALUES (?, ?, ?, ?, ?, ?)");
        for (const ImageFindings& findings : check.findings) {
            std::string reasons;
            for (const std::string& reason : findings.reasons)
                reasons.append(reason.substr(0, reason.find('\0'))).push_back('\0');
            finding.bind(1, id);
            finding.bind(2, std::string(imageFlawName(findings.flaw)));
            detail::bindBlob(finding, 3, findings.images.data(), findings.images.size() * sizeof(std::int32_t));
            detail::bindBlob(finding, 4, findings.firsts.data(), findings.firsts.size() * sizeof(std::int32_t));
            detail::bindBlob(finding, 5, findings.measures.data(), findings.measures.size() * sizeof(float));
            detail::bindBlob(finding, 6, reasons.data(), reasons.size());
            finding.exec();
            finding.reset();
        }
        return {};
    });
}

Result<std::optional<ImageCheck>> Project::Impl::loadImageCheck(std::int64_t imageSet, std::size_t images) {
    auto head = prepare("SELECT checked, smallest_side, dark, bright, near_bits FROM image_check WHERE image_set = ?");
    head.bind(1, imageSet);
    if (!head.executeStep())
        return std::nullopt;
    ImageCheck check;
    check.checked = head.getColumn(0).getString();
    check.options.smallestSide = head.getColumn(1).getInt();
    check.options.dark = head.getColumn(2).getDouble();
    check.options.bright = head.getColumn(3).getDouble();
    check.options.nearBits = head.getColumn(4).getInt();
    auto finding = prepare("SELECT flaw, images, firsts, measures, reasons FROM image_finding WHERE image_set = ?");
    finding.bind(1, imageSet);
    while (finding.executeStep()) {
        const std::string name = finding.getColumn(0).getString();
        const auto flaw = imageFlawOf(name);
        if (!flaw)
            return damaged("the check of image set " + std::to_string(imageSet) + " found \"" + name + "\"");
        ImageFindings& findings = check.findings.emplace_back();
        findings.flaw = *flaw;
        findings.images = numbersOf<std::int32_t>(finding.getColumn(1));
        findings.firsts = numbersOf<std::int32_t>(finding.getColumn(2));
        findings.measures = numbersOf<float>(finding.getColumn(3));
        findings.reasons = textsOf(finding.getColumn(4));
        if (!isConsistent(findings, images))
            return damaged("the finding " + name + " of image set " + std::to_string(imageSet) +
                           " does not fit its images");
    }
    std::ranges::sort(check.findings, {}, &ImageFindings::flaw);
    return check;
}

Result<std::optional<ImageCheck>> Project::imageCheck(std::int64_t id) {
    return m_impl->read([&]() -> Result<std::optional<ImageCheck>> {
        auto head = m_impl->prepare("SELECT images FROM image_set WHERE id = ?");
        head.bind(1, id);
        if (!head.executeStep())
            return unknownRecord("image set", id);
        return m_impl->loadImageCheck(id, static_cast<std::size_t>(head.getColumn(0).getInt64()));
    });
}

} // namespace plumbline::store
