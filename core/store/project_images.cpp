// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/clock.h"
#include "core/store/project_impl.h"

namespace plumbline::store {

static_assert(std::endian::native == std::endian::little, "codes and scores are stored as they lie in memory");

namespace {

/// File names a BLOB: a million rows are a hundred and some statements, and no BLOB comes near SQLite's limit.
constexpr std::size_t kNamesPerPiece = 8192;

Result<void> checkAttributes(const std::vector<Attribute>& attributes, std::size_t images) {
    for (const Attribute& attribute : attributes) {
        const auto groups = static_cast<std::int64_t>(attribute.groups.size());
        if (attribute.codes.size() != images)
            return invalid("number of labels of " + attribute.name, std::to_string(attribute.codes.size()),
                           std::to_string(images) + ", one an image");
        const auto wrong = std::find_if(attribute.codes.begin(), attribute.codes.end(), [&](std::int32_t code) {
            return code != Attribute::kUnlabelled && (code < 0 || code >= groups);
        });
        if (wrong != attribute.codes.end())
            return invalid("label code of " + attribute.name, std::to_string(*wrong),
                           "less than " + std::to_string(groups));
    }
    return {};
}

Result<void> checkImageSet(const ImageSet& set) {
    for (const std::string& file : set.files)
        if (file.empty() || file.find('\0') != std::string::npos)
            return invalid("file name", encodeName(file), "a name without zero bytes");
    return checkAttributes(set.attributes, set.files.size());
}

/// Of each of the names that a piece holds.
template <class Each>
void forEachName(const SQLite::Column& piece, Each&& each) {
    std::string_view names(static_cast<const char*>(piece.getBlob()), static_cast<std::size_t>(piece.getBytes()));
    for (std::size_t end = names.find('\0'); end != std::string_view::npos; end = names.find('\0')) {
        each(names.substr(0, end));
        names.remove_prefix(end + 1);
    }
}

} // namespace

Result<std::int64_t> Project::addImageSet(const ImageSet& set, const std::string& name) {
    PLUMBLINE_CHECK(checkImageSet(set));
    return m_impl->write([&]() -> Result<std::int64_t> {
        auto insert = m_impl->prepare("INSERT INTO image_set (name, root, labels_file, labels_sha256, preset, images, "
                                      "report, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        insert.bind(1, name);
        insert.bind(2, encodePath(set.root));
        insert.bind(3, set.labelsFile);
        insert.bind(4, set.labelsSha256);
        insert.bind(5, set.preset);
        insert.bind(6, static_cast<std::int64_t>(set.size()));
        insert.bind(7, toJson(set.report).dump());
        insert.bind(8, utcNow());
        insert.exec();
        const std::int64_t id = m_impl->db().getLastInsertRowid();

        auto files = m_impl->prepare("INSERT INTO image_set_files (image_set, first_row, names) VALUES (?, ?, ?)");
        std::string names;
        for (std::size_t first = 0; first < set.files.size(); first += kNamesPerPiece) {
            names.clear();
            for (std::size_t row = first; row < std::min(first + kNamesPerPiece, set.files.size()); ++row)
                names.append(set.files[row]).push_back('\0');
            files.bind(1, id);
            files.bind(2, static_cast<std::int64_t>(first));
            detail::bindBlob(files, 3, names.data(), names.size());
            files.exec();
            files.reset();
        }

        auto attributes = m_impl->prepare("INSERT INTO attribute (image_set, position, name, unlabelled, codes) "
                                          "VALUES (?, ?, ?, ?, ?)");
        auto groups =
            m_impl->prepare("INSERT INTO attribute_group (attribute, code, name, images) VALUES (?, ?, ?, ?)");
        for (std::size_t i = 0; i < set.attributes.size(); ++i) {
            const Attribute& attribute = set.attributes[i];
            attributes.bind(1, id);
            attributes.bind(2, static_cast<std::int64_t>(i));
            attributes.bind(3, attribute.name);
            attributes.bind(4, attribute.unlabelled());
            detail::bindBlob(attributes, 5, attribute.codes.data(), attribute.codes.size() * sizeof(std::int32_t));
            attributes.exec();
            attributes.reset();
            const std::int64_t attributeId = m_impl->db().getLastInsertRowid();
            const std::vector<std::int64_t> counts = attribute.counts();
            for (std::size_t code = 0; code < attribute.groups.size(); ++code) {
                groups.bind(1, attributeId);
                groups.bind(2, static_cast<std::int64_t>(code));
                groups.bind(3, attribute.groups[code]);
                groups.bind(4, counts[code]);
                groups.exec();
                groups.reset();
            }
        }
        return id;
    });
}

Result<std::vector<ImageSetRecord>> Project::Impl::loadImageSets() {
    auto sets = prepare("SELECT id, name, root, labels_file, preset, images, report, added, checked FROM image_set "
                        "LEFT JOIN image_check ON image_check.image_set = image_set.id WHERE hidden = 0 ORDER BY id");
    auto flaws = prepare("SELECT flaw, length(images) FROM image_finding WHERE image_set = ?");
    auto attributes = prepare("SELECT id, name, unlabelled, source, note FROM attribute LEFT JOIN label_source "
                              "ON label_source.attribute = attribute.id WHERE image_set = ? ORDER BY position");
    auto groups = prepare("SELECT name, images FROM attribute_group WHERE attribute = ? ORDER BY code");
    std::vector<ImageSetRecord> records;
    while (sets.executeStep()) {
        ImageSetRecord record;
        record.id = sets.getColumn(0).getInt64();
        record.name = sets.getColumn(1).getString();
        record.root = sets.getColumn(2).getString();
        record.labelsFile = sets.getColumn(3).getString();
        record.preset = sets.getColumn(4).getString();
        record.images = sets.getColumn(5).getInt64();
        PLUMBLINE_TRY(record.report, stored(sets.getColumn(6).getString(), matchReportFromJson));
        record.added = sets.getColumn(7).getString();
        record.checked = sets.getColumn(8).getString();
        flaws.bind(1, record.id);
        while (flaws.executeStep())
            if (const auto flaw = imageFlawOf(flaws.getColumn(0).getString()))
                record.flaws.emplace_back(*flaw, flaws.getColumn(1).getInt64() / std::int64_t(sizeof(std::int32_t)));
        flaws.reset();
        std::ranges::sort(record.flaws);

        attributes.bind(1, record.id);
        while (attributes.executeStep()) {
            auto& counts = record.attributes.emplace_back();
            counts.name = attributes.getColumn(1).getString();
            counts.unlabelled = attributes.getColumn(2).getInt64();
            counts.source = {labelSourceKind(attributes.getColumn(3).getString()), attributes.getColumn(4).getString()};
            groups.bind(1, attributes.getColumn(0).getInt64());
            while (groups.executeStep())
                counts.groups.emplace_back(groups.getColumn(0).getString(), groups.getColumn(1).getInt64());
            groups.reset();
        }
        attributes.reset();
        records.push_back(std::move(record));
    }
    return records;
}

Result<std::vector<ImageSetRecord>> Project::imageSets() {
    return m_impl->read([&] { return m_impl->loadImageSets(); });
}

Result<ImageSet> Project::Impl::loadImageSet(std::int64_t id) {
    auto head = prepare("SELECT root, labels_file, labels_sha256, preset, images, report FROM image_set WHERE id = ?");
    head.bind(1, id);
    if (!head.executeStep())
        return unknownRecord("image set", id);
    ImageSet set;
    set.root = decodePath(head.getColumn(0).getString());
    set.labelsFile = head.getColumn(1).getString();
    set.labelsSha256 = head.getColumn(2).getString();
    set.preset = head.getColumn(3).getString();
    const auto images = static_cast<std::size_t>(std::max<std::int64_t>(0, head.getColumn(4).getInt64()));
    PLUMBLINE_TRY(set.report, stored(head.getColumn(5).getString(), matchReportFromJson));

    auto files = prepare("SELECT names FROM image_set_files WHERE image_set = ? ORDER BY first_row");
    files.bind(1, id);
    while (files.executeStep())
        forEachName(files.getColumn(0), [&set](std::string_view name) { set.files.emplace_back(name); });
    if (set.files.size() != images)
        return damaged("image set " + std::to_string(id) + " has " + std::to_string(set.files.size()) + " of its " +
                       std::to_string(images) + " file names");

    // The file may come from anywhere: what others index with must be within bounds.
    PLUMBLINE_TRY(set.attributes, loadAttributes(id, images));
    if (const auto valid = checkImageSet(set); !valid)
        return damaged(std::string(valid.error().arg("name")) + " is " + std::string(valid.error().arg("value")));
    return set;
}

Result<std::vector<Attribute>> Project::Impl::loadAttributes(std::int64_t imageSet, std::size_t images) {
    std::vector<Attribute> result;
    auto attributes = prepare("SELECT id, name, codes FROM attribute WHERE image_set = ? ORDER BY position");
    auto groups = prepare("SELECT name FROM attribute_group WHERE attribute = ? ORDER BY code");
    attributes.bind(1, imageSet);
    while (attributes.executeStep()) {
        Attribute& attribute = result.emplace_back();
        attribute.name = attributes.getColumn(1).getString();
        groups.bind(1, attributes.getColumn(0).getInt64());
        while (groups.executeStep())
            attribute.groups.push_back(groups.getColumn(0).getString());
        groups.reset();
        const SQLite::Column codes = attributes.getColumn(2);
        attribute.codes.resize(images);
        if (static_cast<std::size_t>(codes.getBytes()) != images * sizeof(std::int32_t))
            return damaged("the labels of " + attribute.name + " do not fit the images");
        if (images > 0)
            std::memcpy(attribute.codes.data(), codes.getBlob(), images * sizeof(std::int32_t));
    }
    return result;
}

Result<ImageCatalog> Project::imageCatalog(std::int64_t id) {
    return m_impl->read([&]() -> Result<ImageCatalog> {
        auto head = m_impl->prepare("SELECT root, images FROM image_set WHERE id = ?");
        head.bind(1, id);
        if (!head.executeStep())
            return unknownRecord("image set", id);
        ImageCatalog catalog;
        catalog.root = decodePath(head.getColumn(0).getString());
        const auto images = static_cast<std::size_t>(std::max<std::int64_t>(0, head.getColumn(1).getInt64()));

        auto size = m_impl->prepare("SELECT total(length(names)) FROM image_set_files WHERE image_set = ?");
        size.bind(1, id);
        size.executeStep();
        catalog.files.reserve(images, static_cast<std::size_t>(size.getColumn(0).getDouble()));
        auto files = m_impl->prepare("SELECT names FROM image_set_files WHERE image_set = ? ORDER BY first_row");
        files.bind(1, id);
        while (files.executeStep())
            forEachName(files.getColumn(0), [&catalog](std::string_view name) { catalog.files.add(name); });
        if (catalog.size() != images)
            return m_impl->damaged("image set " + std::to_string(id) + " has " + std::to_string(catalog.size()) +
                                   " of its " + std::to_string(images) + " file names");
        PLUMBLINE_TRY(catalog.attributes, m_impl->loadAttributes(id, images));
        if (const auto valid = checkAttributes(catalog.attributes, images); !valid)
            return m_impl->damaged(std::string(valid.error().arg("name")) + " is " +
                                   std::string(valid.error().arg("value")));
        PLUMBLINE_TRY(catalog.check, m_impl->loadImageCheck(id, images));
        catalog.markFlaws();
        return catalog;
    });
}

Result<std::vector<std::filesystem::path>> Project::imagePaths(std::int64_t id, std::span<const std::int64_t> rows) {
    return m_impl->read([&]() -> Result<std::vector<std::filesystem::path>> {
        auto head = m_impl->prepare("SELECT root FROM image_set WHERE id = ?");
        head.bind(1, id);
        if (!head.executeStep())
            return unknownRecord("image set", id);
        const std::filesystem::path root = decodePath(head.getColumn(0).getString());
        auto piece = m_impl->prepare("SELECT first_row, names FROM image_set_files WHERE image_set = ? AND "
                                     "first_row <= ? ORDER BY first_row DESC LIMIT 1");
        std::vector<std::filesystem::path> paths;
        for (const std::int64_t row : rows) {
            piece.bind(1, id);
            piece.bind(2, row);
            std::string file;
            if (piece.executeStep()) {
                std::int64_t at = piece.getColumn(0).getInt64();
                forEachName(piece.getColumn(1), [&](std::string_view name) {
                    if (at++ == row)
                        file = name;
                });
            }
            piece.reset();
            if (file.empty())
                return unknownRecord("image", row);
            paths.push_back(root / file);
        }
        return paths;
    });
}

Result<ImageSet> Project::imageSet(std::int64_t id) {
    return m_impl->read([&]() -> Result<ImageSet> {
        auto statement = m_impl->prepare("SELECT 1 FROM image_set WHERE id = ? AND hidden = 0");
        statement.bind(1, id);
        if (!statement.executeStep())
            return unknownRecord("image set", id);
        return m_impl->loadImageSet(id);
    });
}

Result<void> Project::updateMatchReport(std::int64_t id, const MatchReport& report) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("UPDATE image_set SET report = ? WHERE id = ?");
        statement.bind(1, toJson(report).dump());
        statement.bind(2, id);
        if (statement.exec() == 0)
            return unknownRecord("image set", id);
        return {};
    });
}

Result<void> Project::removeImageSet(std::int64_t id) {
    return m_impl->write([&]() -> Result<void> {
        auto statement = m_impl->prepare("UPDATE image_set SET hidden = 1 WHERE id = ? AND hidden = 0");
        statement.bind(1, id);
        if (statement.exec() == 0)
            return unknownRecord("image set", id);
        m_impl->dropUnneededImageSets();
        return {};
    });
}

void Project::Impl::dropUnneededImageSets() {
    db().exec(
        "DELETE FROM image_set WHERE hidden = 1 AND NOT EXISTS (SELECT 1 FROM run WHERE image_set = image_set.id)");
}

// ---------------------------------------------------------------------------------------------------------------------
// Thumbnails

Result<void> Project::putThumbnails(std::int64_t imageSet,
                                    std::span<const std::pair<std::int64_t, std::vector<std::uint8_t>>> rows) {
    return m_impl->write(
        [&]() -> Result<void> {
            auto set = m_impl->prepare("SELECT images FROM image_set WHERE id = ?");
            set.bind(1, imageSet);
            if (!set.executeStep())
                return unknownRecord("image set", imageSet);
            const std::int64_t images = set.getColumn(0).getInt64();
            auto statement = m_impl->prepare("INSERT INTO thumbnail (image_set, image, jpeg) VALUES (?, ?, ?) "
                                             "ON CONFLICT (image_set, image) DO UPDATE SET jpeg = excluded.jpeg");
            for (const auto& [row, jpeg] : rows) {
                if (row < 0 || row >= images)
                    return invalid("image", std::to_string(row), "a row of a set of " + std::to_string(images));
                statement.bind(1, imageSet);
                statement.bind(2, row);
                detail::bindBlob(statement, 3, jpeg.data(), jpeg.size());
                statement.exec();
                statement.reset();
            }
            return {};
        },
        detail::Durability::Crash);
}

Result<std::optional<std::vector<std::uint8_t>>> Project::thumbnail(std::int64_t imageSet, std::int64_t row) {
    return m_impl->read([&]() -> Result<std::optional<std::vector<std::uint8_t>>> {
        auto statement = m_impl->prepare("SELECT jpeg FROM thumbnail WHERE image_set = ? AND image = ?");
        statement.bind(1, imageSet);
        statement.bind(2, row);
        if (!statement.executeStep())
            return std::nullopt;
        const SQLite::Column column = statement.getColumn(0);
        const auto* bytes = static_cast<const std::uint8_t*>(column.getBlob());
        return std::vector<std::uint8_t>(bytes, bytes + column.getBytes());
    });
}

} // namespace plumbline::store
