// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace plumbline {

/// Who says that an image has a label: a fact about the data that no number shows, and that decides what a number
/// means.
struct LabelSource {
    enum class Kind { Unknown, SelfReported, Annotated, Inferred };
    static constexpr std::array kKinds{Kind::Unknown, Kind::SelfReported, Kind::Annotated, Kind::Inferred};

    Kind kind = Kind::Unknown;
    std::string note; ///< free text of the user
    bool operator==(const LabelSource&) const = default;
};

/// "unknown", "self-reported", "annotated", "inferred": as they are stored and typed.
constexpr std::string_view labelSourceName(LabelSource::Kind kind) {
    switch (kind) {
    case LabelSource::Kind::SelfReported:
        return "self-reported";
    case LabelSource::Kind::Annotated:
        return "annotated";
    case LabelSource::Kind::Inferred:
        return "inferred";
    case LabelSource::Kind::Unknown:
        break;
    }
    return "unknown";
}
/// Unknown for any other text.
constexpr LabelSource::Kind labelSourceKind(std::string_view name) {
    for (const LabelSource::Kind kind : LabelSource::kKinds)
        if (labelSourceName(kind) == name)
            return kind;
    return LabelSource::Kind::Unknown;
}

} // namespace plumbline
