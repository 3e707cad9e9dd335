// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <CLI/CLI.hpp>

#include "app/cli/arguments.h"
#include "app/cli/console.h"
#include "app/cli/measure_kinds.h"
#include "core/base/numbers.h"
#include "core/formats/data_table.h"
#include "core/metric/classification/accuracy.h"
#include "core/metric/classification/calibration.h"
#include "core/metric/classification/harm.h"
#include "core/metric/classification/parity.h"
#include "core/metric/classification/ranking_quality.h"
#include "core/metric/classification/scenes.h"
#include "core/probe/probe_set.h"

namespace plumbline::cli {

namespace {

struct Arguments {
    std::string table, truth, prediction, positive, outside, fit, harm, common, counter, training;
    std::vector<std::string> scores, attributes;
    double scale = 100;
    bool probabilities = false;
    ResamplingArguments resampling;
    MeasureOutput output;
};

tl::unexpected<Error> wrong(std::string_view name, std::string value, std::string expected) {
    return fail(ErrorCode::InvalidArgument,
                {{"name", std::string(name)}, {"value", std::move(value)}, {"expected", std::move(expected)}});
}

/// Index of each text in `names`; -1 for an empty one; `strange`: the first that is not among them.
std::vector<std::int32_t> codes(const std::vector<std::string>& texts, const std::vector<std::string>& names,
                                std::string& strange) {
    std::map<std::string_view, std::int32_t> places;
    for (const std::string& name : names)
        places.emplace(name, static_cast<std::int32_t>(places.size()));
    std::vector<std::int32_t> list;
    for (const std::string& text : texts) {
        const auto found = places.find(text);
        list.push_back(found == places.end() ? -1 : found->second);
        if (found == places.end() && !text.empty() && strange.empty())
            strange = text;
    }
    return list;
}

/// The columns of scores side by side, rows x columns.
std::vector<double> matrix(const formats::DataTable& table, const std::vector<std::string>& columns,
                           std::int64_t& unreadable) {
    std::vector<double> values(table.rows() * columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
        std::int64_t here = 0;
        const std::vector<double> column = table.numbers(columns[c], here);
        unreadable += here;
        for (std::size_t i = 0; i < column.size(); ++i)
            values[i * columns.size() + c] = column[i];
    }
    return values;
}

/// The tables, all from one table of rows.
class Measuring {
public:
    Measuring(const Arguments& arguments, Feedback& feedback)
        : m_arguments(arguments), m_options(arguments.resampling.options), m_feedback(feedback) {}

    Outcome<std::vector<MeasureTable>> tables() {
        const bool hasScores = !m_arguments.scores.empty();
        if (m_arguments.harm.empty()) {
            if (m_arguments.truth.empty())
                return wrong("--truth", "nothing", "the column with the true classes");
            if (hasScores == !m_arguments.prediction.empty())
                return wrong("--prediction or --scores", hasScores ? "both" : "neither", "one of the two");
        }
        std::vector<metric::HarmClass> harm;
        std::vector<std::string> columns = m_arguments.scores;
        if (!m_arguments.harm.empty()) {
            PLUMBLINE_TRY(const ProbeSet labels, m_arguments.harm == "clip" ? Result<ProbeSet>(probe::harmLabelSet())
                                                                            : probe::readProbeSet(m_arguments.harm));
            harm = metric::harmClasses(labels);
            for (const metric::HarmClass& label : harm)
                columns.push_back(label.name);
        }
        const std::size_t equals = m_arguments.fit.find('=');
        if (!m_arguments.fit.empty() && equals == std::string::npos)
            return wrong("--fit", m_arguments.fit, "COLUMN=VALUE");
        for (const std::string& column : {m_arguments.truth, m_arguments.prediction, m_arguments.fit.substr(0, equals)})
            if (!column.empty())
                columns.push_back(column);
        columns.insert(columns.end(), m_arguments.attributes.begin(), m_arguments.attributes.end());
        PLUMBLINE_TRY(m_table, formats::DataTable::read(m_arguments.table, columns, m_feedback));

        for (const std::string& attribute : m_arguments.attributes) {
            m_attribute = m_table.attribute(attribute);
            if (!harm.empty())
                PLUMBLINE_CHECK(addHarm(harm));
            if (m_arguments.truth.empty())
                continue;
            if (!m_arguments.positive.empty())
                PLUMBLINE_CHECK(addBinary());
            else
                PLUMBLINE_CHECK(addClasses());
        }
        if (!m_tables.empty()) {
            warnOfRows(m_table.invalidRows(), m_tables.front());
            if (m_unreadable > 0)
                m_tables.front().warnings.push_back(std::to_string(m_unreadable) +
                                                    (m_unreadable == 1 ? " score is" : " scores are") +
                                                    " not a number and taken for missing.");
        }
        return std::move(m_tables);
    }

private:
    Outcome<void> add(Outcome<MeasureTable> table) {
        if (!table)
            return tl::unexpected(std::move(table).error());
        m_tables.push_back(std::move(*table));
        return {};
    }

    Outcome<void> addHarm(const std::vector<metric::HarmClass>& classes) {
        std::vector<std::string> columns;
        for (const metric::HarmClass& label : classes)
            columns.push_back(label.name);
        m_unreadable = 0;
        const std::vector<double> scores = matrix(m_table, columns, m_unreadable);
        const std::vector<float> single(scores.begin(), scores.end());
        PLUMBLINE_TRY(metric::HarmTables tables,
                      metric::harmRates(single, classes, m_attribute, {m_options, true, true}, m_feedback));
        m_tables.push_back(std::move(tables.rates));
        m_tables.push_back(std::move(tables.ablation));
        return {};
    }

    /// One column of scores for one answer.
    Outcome<void> addBinary() {
        if (m_arguments.scores.size() != 1)
            return wrong("--positive", m_arguments.positive, "a single column of --scores");
        m_unreadable = 0;
        metric::BinaryTask task{m_arguments.positive, matrix(m_table, m_arguments.scores, m_unreadable), {}};
        bool found = false;
        for (const std::string& text : m_table.texts(m_arguments.truth)) {
            task.truth.push_back(text.empty() ? -1 : text == m_arguments.positive);
            found = found || text == m_arguments.positive;
        }
        if (!found)
            return wrong("--positive", m_arguments.positive, "a value of " + m_arguments.truth);
        const std::vector<double> scores = task.scores;
        PLUMBLINE_CHECK(addRanked({std::move(task)}));
        return add(metric::scoreSeparation(m_arguments.scores[0], scores, m_attribute, m_options, m_feedback));
    }

    Outcome<void> addRanked(const std::vector<metric::BinaryTask>& tasks) {
        PLUMBLINE_CHECK(add(metric::aurocByGroup(tasks, m_attribute, m_options, m_feedback)));
        PLUMBLINE_CHECK(add(metric::crossGroupAuroc(tasks, m_attribute, m_options, m_feedback)));
        return add(metric::averagePrecisionByGroup(tasks, m_attribute, m_options, m_feedback));
    }

    Outcome<void> addClasses() {
        const std::vector<std::string>& truth = m_table.texts(m_arguments.truth);
        const bool hasScores = !m_arguments.scores.empty();
        metric::Classified classified{m_arguments.scores, {}, {}};
        std::vector<double> scores;
        std::string strange;
        if (hasScores) {
            if (m_arguments.scores.size() < 2)
                return wrong("--scores", m_arguments.scores[0],
                             "a column for each class, or --positive with the value that the one column scores");
            m_unreadable = 0;
            scores = matrix(m_table, m_arguments.scores, m_unreadable);
            std::vector<std::string> known = truth;
            if (!m_arguments.outside.empty())
                std::ranges::replace(known, m_arguments.outside, std::string());
            classified.truth = codes(known, classified.classes, strange);
            if (!strange.empty())
                return wrong(m_arguments.truth, strange, "the name of one of the columns of --scores");
            classified.predicted = metric::predict(std::span<const double>(scores), classified.classes.size());
        } else {
            std::set<std::string> names;
            for (const auto* texts : {&truth, &m_table.texts(m_arguments.prediction)})
                names.insert(texts->begin(), texts->end());
            names.erase(std::string());
            classified.classes.assign(names.begin(), names.end());
            classified.truth = codes(truth, classified.classes, strange);
            classified.predicted = codes(m_table.texts(m_arguments.prediction), classified.classes, strange);
        }
        metric::AccuracyOptions accuracy{m_options, {}, 1};
        if (!m_arguments.training.empty()) {
            PLUMBLINE_TRY(accuracy.training, training());
        }
        PLUMBLINE_CHECK(add(metric::accuracyByGroup(classified, m_attribute, accuracy, m_feedback)));
        PLUMBLINE_CHECK(add(metric::parityByGroup(classified, m_attribute, m_options, m_feedback)));
        if (!m_arguments.common.empty() || !m_arguments.counter.empty())
            PLUMBLINE_CHECK(add(metric::backgroundDrop(classified, m_attribute, m_arguments.common, m_arguments.counter,
                                                       m_options, m_feedback)));
        if (!hasScores)
            return {};
        if (m_arguments.probabilities)
            for (const double score : scores)
                if (score < 0 || score > 1)
                    return fail(ErrorCode::InvalidArgument,
                                {{"name", "a probability"},
                                 {"value", formatDouble(score)},
                                 {"expected", "a number from 0 to 1 (without --probabilities the "
                                              "scores are taken for cosines)"}});
        PLUMBLINE_TRY(const auto tasks,
                      metric::oneVersusRest(std::span<const double>(scores), classified.truth, classified.classes));
        PLUMBLINE_CHECK(addRanked(tasks));

        metric::CalibrationOptions calibration{m_options, m_arguments.scale, 15, {}};
        if (m_arguments.probabilities) {
            // Their logarithms are logits; a probability of 0 has none, so it takes the smallest that there is.
            calibration.scale = 1;
            for (double& score : scores)
                score = std::log(std::max(score, 1e-300));
        }
        if (!m_arguments.fit.empty()) {
            const std::size_t equals = m_arguments.fit.find('=');
            const std::string value = m_arguments.fit.substr(equals + 1);
            for (const std::string& text : m_table.texts(m_arguments.fit.substr(0, equals)))
                calibration.fit.push_back(text == value);
        }
        PLUMBLINE_CHECK(add(metric::calibrationByGroup(scores, classified.classes.size(), classified.truth, m_attribute,
                                                       calibration, m_feedback)));
        if (m_arguments.outside.empty())
            return {};
        for (const metric::OodScore kind : {metric::OodScore::Msp, metric::OodScore::Mcm, metric::OodScore::Energy}) {
            if (m_arguments.probabilities && kind != metric::OodScore::Msp)
                continue; // they need the cosines
            const std::vector<double> all =
                metric::oodScores(kind, scores, classified.classes.size(), calibration.scale);
            std::vector<double> inside, outside;
            Attribute groups{m_attribute.name, m_attribute.groups, {}};
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (truth[i] == m_arguments.outside) {
                    outside.push_back(all[i]);
                } else if (classified.truth[i] >= 0) {
                    inside.push_back(all[i]);
                    groups.codes.push_back(m_attribute.codes[i]);
                }
            }
            PLUMBLINE_CHECK(add(metric::outOfDistribution(std::string(metric::oodScoreName(kind)), inside, outside,
                                                          groups, m_options, m_feedback)));
        }
        return {};
    }

    /// Columns class, group and share (or a count).
    Outcome<std::vector<metric::TrainingShare>> training() {
        const std::vector<std::string> columns{"class", "group", "share"};
        PLUMBLINE_TRY(const formats::DataTable table,
                      formats::DataTable::read(m_arguments.training, columns, m_feedback));
        std::int64_t unreadable = 0;
        const std::vector<double> shares = table.numbers("share", unreadable);
        std::vector<metric::TrainingShare> list;
        for (std::size_t i = 0; i < table.rows(); ++i)
            list.push_back({table.texts("class")[i], table.texts("group")[i], shares[i]});
        return list;
    }

    const Arguments& m_arguments;
    const metric::Resampling& m_options;
    Feedback& m_feedback;
    formats::DataTable m_table;
    Attribute m_attribute;
    std::vector<MeasureTable> m_tables;
    std::int64_t m_unreadable = 0;
};

int run(const Arguments& arguments) {
    ConsoleFeedback feedback;
    return arguments.output.write(Measuring(arguments, feedback).tables());
}

} // namespace

void addMeasureClassification(CLI::App& measure, Run& chosen) {
    CLI::App* command = measure.add_subcommand(
        "classification", "Accuracy, error rates, AUROC, calibration and harmful labels of a classifier, by group");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("table", arguments->table, "CSV or TSV with a header, a row an image")->required();
    command->add_option("--truth", arguments->truth, "Column with the true classes");
    command->add_option("--prediction", arguments->prediction, "Column with the predicted classes");
    command->add_option("--scores", arguments->scores,
                        "Columns with the scores, named like the classes; the highest is the prediction");
    command->add_option("--attribute", arguments->attributes, "Column with the groups; several for a result each")
        ->required();
    command->add_option("--positive", arguments->positive,
                        "The value of --truth that a single column of --scores is for");
    command->add_option("--outside", arguments->outside, "The value of --truth of images of none of the classes");
    command->add_option("--logit-scale", arguments->scale, "Softmax is taken of the scores times this")
        ->check(aboveZero())
        ->capture_default_str();
    command->add_flag("--probabilities", arguments->probabilities, "The scores are probabilities, not cosines");
    command->add_option("--fit", arguments->fit, "split=val: the rows on which a temperature is fitted");
    command->add_option("--harm", arguments->harm,
                        "“clip” or a probe file of labels with their categories; each label is a column of scores");
    command->add_option("--common", arguments->common, "The value of --attribute of common backgrounds");
    command->add_option("--counter", arguments->counter, "The value of --attribute of counter backgrounds");
    command->add_option(
        "--training", arguments->training,
        "Table with class, group and share (or count) of the training images, for the adjusted accuracy");
    arguments->resampling.addTo(*command);
    arguments->output.addTo(*command);
    command->callback([arguments, &chosen] { chosen = [arguments] { return run(*arguments); }; });
}

} // namespace plumbline::cli
