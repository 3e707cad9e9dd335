// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/audit/check_images.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <numeric>

#include <tbb/parallel_for.h>

#include "core/base/clock.h"
#include "core/base/error_text.h"
#include "core/base/hash.h"
#include "core/base/numbers.h"
#include "core/data/image_catalog.h"
#include "core/image/fingerprint.h"

namespace plumbline::audit {

namespace {

using FileHash = std::array<std::uint64_t, 4>;

FileHash packed(const std::string& hex) {
    FileHash hash{};
    for (std::size_t i = 0; i < hash.size(); ++i)
        std::from_chars(hex.data() + 16 * i, hex.data() + 16 * (i + 1), hash[i], 16);
    return hash;
}

struct Picture {
    FileHash file{};
    image::Fingerprint look;
    bool isReadable = false;
};

Result<void> validOptions(const ImageCheckOptions& options) {
    const auto invalid = [](const char* name, const std::string& value, const char* expected) {
        return fail(ErrorCode::InvalidArgument, {{"name", name}, {"value", value}, {"expected", expected}});
    };
    if (options.smallestSide < 0)
        return invalid("smallest side", std::to_string(options.smallestSide), "0 or more pixels");
    if (!(options.dark >= 0 && options.dark <= 1))
        return invalid("darkest mean", formatDouble(options.dark), "a number from 0 to 1");
    if (!(options.bright >= 0 && options.bright <= 1))
        return invalid("brightest mean", formatDouble(options.bright), "a number from 0 to 1");
    return {};
}

/// Sorts the findings of one flaw by row and puts them in.
class Findings {
public:
    ImageFindings& of(ImageFlaw flaw) {
        ImageFindings& findings = m_byFlaw[flaw];
        findings.flaw = flaw;
        return findings;
    }
    std::vector<ImageFindings> take() {
        std::vector<ImageFindings> all;
        for (auto& [flaw, findings] : m_byFlaw)
            if (!findings.images.empty())
                all.push_back(std::move(findings));
        return all;
    }

private:
    std::map<ImageFlaw, ImageFindings> m_byFlaw;
};

/// For each row the first one with the same file; itself where there is none before it.
std::vector<std::int32_t> firstWithSameFile(const std::vector<Picture>& pictures) {
    std::vector<std::int32_t> order(pictures.size()), first(pictures.size());
    std::iota(order.begin(), order.end(), 0);
    std::iota(first.begin(), first.end(), 0);
    std::erase_if(order, [&](std::int32_t row) { return !pictures[static_cast<std::size_t>(row)].isReadable; });
    const auto file = [&](std::int32_t row) -> const FileHash& { return pictures[static_cast<std::size_t>(row)].file; };
    std::ranges::stable_sort(order, {}, file);
    for (std::size_t i = 1; i < order.size(); ++i)
        if (file(order[i]) == file(order[i - 1]))
            first[static_cast<std::size_t>(order[i])] = first[static_cast<std::size_t>(order[i - 1])];
    return first;
}

} // namespace

Outcome<ImageCheck> checkImages(const ImageSet& set, const ImageCheckOptions& options, Feedback& feedback) {
    PLUMBLINE_CHECK(validOptions(options));
    const auto total = static_cast<std::int64_t>(set.size());
    std::vector<Picture> pictures(set.size());
    std::vector<std::string> reasons(set.size());
    std::atomic<std::int64_t> done = 0;
    tbb::parallel_for(std::size_t(0), set.size(), [&](std::size_t i) {
        if (feedback.cancelled())
            return;
        const std::filesystem::path path = set.root / set.files[i];
        const auto decoded = image::decodeFile(path);
        const auto hash = decoded ? sha256File(path) : Outcome<std::string>(tl::unexpected<Stop>(decoded.error()));
        if (hash)
            pictures[i] = {packed(*hash), image::fingerprint(*decoded), true};
        else if (!hash.error().cancelled())
            reasons[i] = errorText(hash.error().error());
        if (const std::int64_t now = ++done; now % 64 == 0)
            feedback.progress("checking-images", now, total);
    });
    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});

    feedback.progress("comparing-images", 0, 0);
    Findings found;
    std::vector<std::int32_t> hashed; // rows with a hash that says something
    std::vector<std::uint64_t> hashes;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        const auto row = static_cast<std::int32_t>(i);
        const auto add = [&](ImageFlaw flaw, double measure) {
            found.of(flaw).images.push_back(row);
            found.of(flaw).measures.push_back(static_cast<float>(measure));
        };
        if (!pictures[i].isReadable) {
            found.of(ImageFlaw::Unreadable).images.push_back(row);
            found.of(ImageFlaw::Unreadable).reasons.push_back(std::move(reasons[i]));
            continue;
        }
        const image::Fingerprint& look = pictures[i].look;
        if (look.meanLuma < options.dark)
            add(ImageFlaw::Dark, look.meanLuma);
        if (look.meanLuma > options.bright)
            add(ImageFlaw::Bright, look.meanLuma);
        if (look.shorterSide < options.smallestSide)
            add(ImageFlaw::Small, look.shorterSide);
        if (look.hasContrast) {
            hashed.push_back(row);
            hashes.push_back(look.hash);
        }
    }

    const std::vector<std::int32_t> sameFile = firstWithSameFile(pictures);
    PLUMBLINE_TRY(const image::NearHashes near, image::nearHashes(hashes, options.nearBits, feedback));
    // The first picture of those that are the same or look the same.
    std::vector<std::int32_t> samePicture = sameFile;
    for (std::size_t h = 0; h < hashed.size(); ++h)
        samePicture[static_cast<std::size_t>(hashed[h])] = hashed[near.first[h]];

    const auto groupsOf = [&](const std::vector<std::int32_t>& first) {
        std::vector<std::int32_t> members(first.size(), 0);
        for (const std::int32_t row : first)
            ++members[static_cast<std::size_t>(row)];
        return members;
    };
    const std::vector<std::int32_t> sameFiles = groupsOf(sameFile);
    for (std::size_t i = 0; i < pictures.size(); ++i)
        if (sameFiles[static_cast<std::size_t>(sameFile[i])] > 1) {
            found.of(ImageFlaw::ExactDuplicate).images.push_back(static_cast<std::int32_t>(i));
            found.of(ImageFlaw::ExactDuplicate).firsts.push_back(sameFile[i]);
        }
    // Near duplicates are groups with two different files or more.
    std::vector<bool> hasOtherFile(pictures.size(), false);
    for (const std::int32_t row : hashed) {
        const auto i = static_cast<std::size_t>(row);
        const auto first = static_cast<std::size_t>(samePicture[i]);
        if (sameFile[i] != sameFile[first])
            hasOtherFile[first] = true;
    }
    for (std::size_t h = 0; h < hashed.size(); ++h)
        if (hasOtherFile[static_cast<std::size_t>(samePicture[static_cast<std::size_t>(hashed[h])])]) {
            ImageFindings& findings = found.of(ImageFlaw::NearDuplicate);
            findings.images.push_back(hashed[h]);
            findings.firsts.push_back(samePicture[static_cast<std::size_t>(hashed[h])]);
            findings.measures.push_back(near.bits[h]);
        }
    ImageFindings all;
    for (std::size_t i = 0; i < pictures.size(); ++i)
        if (pictures[i].isReadable) {
            all.images.push_back(static_cast<std::int32_t>(i));
            all.firsts.push_back(samePicture[i]);
        }
    std::vector<std::pair<std::int32_t, std::int32_t>> conflicts; // row, first
    for (const DuplicateGroup& group : duplicateGroups(all))
        if (labelsDiffer(set.attributes, group))
            for (const std::int32_t row : group.images)
                conflicts.emplace_back(row, group.images.front());
    std::ranges::sort(conflicts);
    for (const auto& [row, first] : conflicts) {
        found.of(ImageFlaw::OtherLabels).images.push_back(row);
        found.of(ImageFlaw::OtherLabels).firsts.push_back(first);
    }
    return ImageCheck{utcNow(), options, found.take()};
}

} // namespace plumbline::audit
