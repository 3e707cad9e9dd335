// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/measure.h"

namespace plumbline {

/// One number of a table of measures, with what it is about.
struct MeasureRow {
    std::vector<std::string> keys; ///< one for each of MeasureTable::keys: "nurse", "Female"; empty: all of them
    std::string measure;           ///< the number's name, stable, in the words of METHODS: "tpr", "tpr_gap"
    MetricValue value;
    std::int64_t n = 0; ///< what it rests on, in MeasureTable::countOf
    bool enough = true; ///< false: n is below the smallest group that a finding may rest on
};

/// The result of every measure but the rankings' (those are Measurement): a table of numbers, each with interval and
/// null, under one definition. One shape for all, so that the store, the window, the report and the command line show
/// any of them without knowing it.
struct MeasureTable {
    std::string id;                ///< "weat", "zero_shot_accuracy": stable
    std::string title;             ///< "Zero-shot accuracy by group"
    std::string definition;        ///< in a sentence or two: formula, direction, what an interval is over
    std::string source;            ///< paper, and published code where it is followed
    std::string countOf;           ///< what n counts: "images", "pairs of texts"
    std::vector<std::string> keys; ///< names of the key columns: "class", "gender"
    std::vector<MeasureRow> rows;
    std::string family;                ///< the tests that were corrected together, in words; empty: none were
    std::vector<std::string> warnings; ///< plain sentences
    std::string attribute = {};        ///< whose groups an audit compares (AuditConfig::attributes); empty: no single one
    std::string kind = {};             ///< familyName() of the family of an audit that it belongs to; empty: none

    /// The row with these keys and this name; null where there is none.
    const MeasureRow* find(const std::vector<std::string>& rowKeys, std::string_view name) const;
};

} // namespace plumbline
