// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/controls/decodability.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/numbers.h"
#include "core/base/random.h"
#include "core/metric/family.h"
#include "core/metric/geometry/unit_rows.h"
#include "core/metric/logistic.h"
#include "core/metric/mean_interval.h"
#include "core/metric/rank_tests.h"
#include "core/metric/rates.h"
#include "core/metric/sentences.h"
#include "core/metric/table_rows.h"

namespace plumbline::metric {

namespace {

using Vector = std::vector<double>;
constexpr std::int64_t kFewExamples = 25;

/// Unit rows with columns of mean 0 and sd 1 over the rows that take part.
Embeddings standardised(const Embeddings& from, const std::vector<std::uint32_t>& rows) {
    const UnitRows unit(from);
    Embeddings to(from.rows, from.dim);
    Vector mean(from.dim), squares(from.dim), row(from.dim);
    const auto n = static_cast<double>(rows.size());
    const auto each = [&](const auto& body) {
        for (const std::uint32_t i : rows) {
            std::ranges::fill(row, 0.0);
            unit.addTo(row, i);
            body(i);
        }
    };
    each([&](std::uint32_t) {
        for (std::size_t d = 0; d < row.size(); ++d)
            mean[d] += row[d] / n;
    });
    each([&](std::uint32_t) {
        for (std::size_t d = 0; d < row.size(); ++d)
            squares[d] += (row[d] - mean[d]) * (row[d] - mean[d]) / n;
    });
    each([&](std::uint32_t i) {
        for (std::size_t d = 0; d < row.size(); ++d)
            to.row(i)[d] = squares[d] > 1e-20 ? static_cast<float>((row[d] - mean[d]) / std::sqrt(squares[d])) : 0.0F;
    });
    return to;
}

/// The rows of one fold that are tried, with their ranks by the probe (averaged over the repeats) among all of the
/// fold, and among their own class.
struct Tried {
    Vector rank, rankInClass;
};

/// AUROC of one group at one number of examples, with what its interval needs.
struct Auroc {
    double value = 0;
    std::optional<double> variance;
    std::int64_t fewest = 0; ///< images of the smaller class
};

Interval aurocInterval(const Auroc& auroc, double confidence) {
    if (!auroc.variance || auroc.fewest < 2)
        return {};
    constexpr double kRounding = 1e-12;
    if (auroc.value < kRounding || auroc.value > 1 - kRounding) {
        const Rate end = wilson(auroc.value > 0.5 ? auroc.fewest : 0, auroc.fewest, confidence);
        return {end.low, end.high};
    }
    const double half = normalQuantile(confidence) * std::sqrt(*auroc.variance) / (auroc.value * (1 - auroc.value));
    const double logit = std::log(auroc.value / (1 - auroc.value));
    return {1 / (1 + std::exp(-(logit - half))), 1 / (1 + std::exp(-(logit + half)))};
}

} // namespace

Outcome<MeasureTable> attributeDecodability(const Embeddings& embeddings, const Attribute& attribute,
                                            const DecodabilityOptions& what, const Resampling& options,
                                            Feedback& feedback) {
    if (attribute.codes.size() != embeddings.rows)
        return badArgument("the number of labels", std::to_string(attribute.codes.size()),
                           std::to_string(embeddings.rows) + ", one for each image");
    if (what.folds < 2 || what.repeats < 1)
        return badArgument("folds", std::to_string(what.folds), "at least 2 folds and 1 repeat");
    MeasureTable table;
    table.id = "attribute_decodability";
    table.title = "How well " + attribute.name + " can be read off the embeddings";
    table.definition =
        "auroc: of a logistic probe (L2 penalty " + formatDouble(what.l2) +
        ") for a group against all others, by the number of examples of each group that it has seen; 0.5: nothing can "
        "be "
        "read off, 1: everything. Tried on images of " +
        std::to_string(what.folds) +
        " folds that the probe has not seen; the interval is over these, the null lets their labels change places and "
        "is widened "
        "because the probes of different folds share images.";
    table.source = "Plumbline's reconstruction; interval after DeLong et al. 1988, null after Nadeau and Bengio 2003";
    table.countOf = "images";
    table.keys = {"group", "examples"};

    const UnitRows unit(embeddings);
    const std::size_t groups = attribute.groups.size();
    std::vector<std::vector<std::uint32_t>> rowsOf(groups);
    std::int64_t unusable = 0;
    for (std::size_t i = 0; i < embeddings.rows; ++i) {
        const std::int32_t code = attribute.codes[i];
        if (code < 0 || static_cast<std::size_t>(code) >= groups)
            continue;
        if (unit.usable(i))
            rowsOf[static_cast<std::size_t>(code)].push_back(static_cast<std::uint32_t>(i));
        else
            ++unusable;
    }
    if (unusable > 0)
        table.warnings.push_back(counted(unusable, "image") + " without a direction: left out.");
    std::vector<std::size_t> present;
    std::vector<std::string> small;
    for (std::size_t g = 0; g < groups; ++g) {
        if (rowsOf[g].size() >= 2 * static_cast<std::size_t>(what.folds))
            present.push_back(g);
        else if (!rowsOf[g].empty())
            small.push_back(attribute.groups[g]);
    }
    if (!small.empty())
        table.warnings.push_back("Too few images for " + std::to_string(what.folds) +
                                 " folds, so left out: " + listed(small) + ".");
    if (present.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    if (present.size() == 1)
        return fail(ErrorCode::AttributeSingleGroup,
                    {{"name", attribute.name}, {"group", attribute.groups[present[0]]}});

    std::vector<std::int32_t> labels(embeddings.rows, -1);
    std::vector<std::uint32_t> all;
    for (std::size_t at = 0; at < present.size(); ++at)
        for (const std::uint32_t row : rowsOf[present[at]]) {
            labels[row] = static_cast<std::int32_t>(at);
            all.push_back(row);
        }
    std::ranges::sort(all);
    const Embeddings columns = standardised(embeddings, all);
    const std::vector<std::int32_t> fold =
        stratifiedFolds(labels, what.folds, options.seed, "decodability/" + attribute.name);
    // Two groups are one question.
    std::vector<std::size_t> asked(present.size() == 2 ? 1 : present.size());
    std::iota(asked.begin(), asked.end(), present.size() == 2 ? std::size_t{1} : std::size_t{0});

    const LogisticOptions logistic{what.l2, false, 1e-6, 100};
    std::int64_t done = 0;
    for (const std::int64_t examples : what.perGroup) {
        if (examples < 0)
            return badArgument("examples", std::to_string(examples), "0 for all, or a number of images");
        const std::string name = examples == 0 ? "all" : std::to_string(examples);
        // Of every fold the images of each group that a probe may see, in random order: more examples are those of the
        // fewer and others.
        bool enough = true;
        std::vector<double> rank(embeddings.rows * asked.size()), rankInClass(rank.size());
        const int repeats = examples > 0 && examples <= kFewExamples ? what.repeats : 1;
        for (int f = 0; f < what.folds && enough; ++f)
            for (int repeat = 0; repeat < repeats && enough; ++repeat) {
                std::vector<std::int32_t> seen(embeddings.rows, -1);
                for (std::size_t at = 0; at < present.size(); ++at) {
                    std::vector<std::uint32_t> rows;
                    for (const std::uint32_t row : rowsOf[present[at]])
                        if (fold[row] != f)
                            rows.push_back(row);
                    const auto take =
                        static_cast<std::size_t>(examples == 0 ? static_cast<std::int64_t>(rows.size()) : examples);
                    enough = enough && rows.size() >= take;
                    if (!enough)
                        break;
                    RandomStream random(
                        options.seed, streamId("decodability/" + attribute.name + "/" + attribute.groups[present[at]]),
                        static_cast<std::uint64_t>(f * what.repeats + repeat));
                    for (std::size_t i = 0; i < take; ++i) {
                        std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
                        seen[rows[i]] = static_cast<std::int32_t>(at);
                    }
                }
                if (!enough)
                    break;
                std::vector<std::uint32_t> held;
                for (const std::uint32_t row : all)
                    if (fold[row] == f)
                        held.push_back(row);
                for (std::size_t a = 0; a < asked.size(); ++a) {
                    std::vector<std::int32_t> target(seen);
                    for (std::int32_t& label : target)
                        label = label < 0 ? -1 : label == static_cast<std::int32_t>(asked[a]);
                    PLUMBLINE_TRY(const LogisticFit probe, fitLogistic(columns, target, logistic, feedback));
                    Vector odds, mine, others;
                    for (const std::uint32_t row : held) {
                        odds.push_back(probe.logOdds(columns.row(row)));
                        (labels[row] == static_cast<std::int32_t>(asked[a]) ? mine : others).push_back(odds.back());
                    }
                    const Vector among = midranks(odds), amongMine = midranks(mine), amongOthers = midranks(others);
                    std::size_t atMine = 0, atOthers = 0;
                    for (std::size_t i = 0; i < held.size(); ++i) {
                        const bool own = labels[held[i]] == static_cast<std::int32_t>(asked[a]);
                        rank[held[i] * asked.size() + a] += among[i] / repeats;
                        rankInClass[held[i] * asked.size() + a] +=
                            (own ? amongMine[atMine++] : amongOthers[atOthers++]) / repeats;
                    }
                }
            }
        if (!enough) {
            table.warnings.push_back("Not every group has " + name + " images outside of each fold: left out.");
            continue;
        }

        // AUROC = pairs of a fold in the right order; its structural components from the ranks.
        std::vector<Auroc> found;
        for (std::size_t a = 0; a < asked.size(); ++a) {
            double inOrder = 0, pairs = 0;
            struct Fold {
                double mine = 0, others = 0, value = 0, squaresMine = 0, squaresOthers = 0;
            };
            std::vector<Fold> folds(static_cast<std::size_t>(what.folds));
            const auto own = [&](std::uint32_t row) { return labels[row] == static_cast<std::int32_t>(asked[a]); };
            for (const std::uint32_t row : all)
                ++(own(row) ? folds[static_cast<std::size_t>(fold[row])].mine
                            : folds[static_cast<std::size_t>(fold[row])].others);
            const auto component = [&](std::uint32_t row) { // share of the other class on the right side of this row
                const Fold& of = folds[static_cast<std::size_t>(fold[row])];
                const double below = rank[row * asked.size() + a] - rankInClass[row * asked.size() + a];
                return own(row) ? below / of.others : 1 - below / of.mine;
            };
            for (const std::uint32_t row : all)
                if (own(row))
                    folds[static_cast<std::size_t>(fold[row])].value +=
                        component(row) / folds[static_cast<std::size_t>(fold[row])].mine;
            Auroc auroc;
            double mine = 0, others = 0;
            for (const Fold& of : folds) {
                inOrder += of.value * of.mine * of.others;
                pairs += of.mine * of.others;
                mine += of.mine;
                others += of.others;
            }
            auroc.value = inOrder / pairs;
            auroc.fewest = static_cast<std::int64_t>(std::min(mine, others));
            for (const std::uint32_t row : all) {
                Fold& of = folds[static_cast<std::size_t>(fold[row])];
                const double from = component(row) - of.value;
                (own(row) ? of.squaresMine : of.squaresOthers) += from * from;
            }
            double variance = 0;
            for (const Fold& of : folds) {
                const double weight = of.mine * of.others / pairs;
                variance += weight * weight *
                            (of.squaresMine / (of.mine * std::max(1.0, of.mine - 1)) +
                             of.squaresOthers / (of.others * std::max(1.0, of.others - 1)));
            }
            auroc.variance = variance;
            found.push_back(auroc);
        }
        // The null: held-out labels change places within their fold; ranks stay.
        std::vector<std::int32_t> blocks, label;
        for (const std::uint32_t row : all) {
            blocks.push_back(fold[row]);
            label.push_back(labels[row]);
        }
        const std::size_t width = asked.size() + 1;
        std::vector<std::vector<double>> sizes(asked.size(), std::vector<double>(static_cast<std::size_t>(what.folds)));
        std::vector<double> foldSize(static_cast<std::size_t>(what.folds));
        for (const std::uint32_t row : all) {
            ++foldSize[static_cast<std::size_t>(fold[row])];
            for (std::size_t a = 0; a < asked.size(); ++a)
                sizes[a][static_cast<std::size_t>(fold[row])] += labels[row] == static_cast<std::int32_t>(asked[a]);
        }
        // Probes of different folds share images, so the mean over folds varies more than this null; its distances from
        // 1/2 are widened as Nadeau and Bengio's corrected variance is: 1 / F + 1 / (F - 1) instead of 1 / F.
        const double wider = std::sqrt(1 + static_cast<double>(what.folds) / static_cast<double>(what.folds - 1));
        const auto statistic = [&](std::span<const std::uint32_t> order, std::span<double> values) {
            std::ranges::fill(values, 0.0);
            for (std::size_t a = 0; a < asked.size(); ++a) {
                double ranks = 0, least = 0, pairs = 0;
                for (std::size_t place = 0; place < order.size(); ++place)
                    if (label[place] == static_cast<std::int32_t>(asked[a]))
                        ranks += rank[all[order[place]] * asked.size() + a];
                for (std::size_t f = 0; f < foldSize.size(); ++f) {
                    least += sizes[a][f] * (sizes[a][f] + 1) / 2;
                    pairs += sizes[a][f] * (foldSize[f] - sizes[a][f]);
                }
                values[a] = 0.5 + wider * ((ranks - least) / pairs - 0.5);
                values[asked.size()] += values[a] / static_cast<double>(asked.size());
            }
        };
        PLUMBLINE_TRY(const Draws null,
                      permuteRows(all.size(), blocks, width, "decodability/" + attribute.name + "/" + name, options,
                                  statistic, feedback));
        double mean = 0, error = 0;
        std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
        for (std::size_t a = 0; a < asked.size(); ++a) {
            const Auroc& auroc = found[a];
            mean += auroc.value / static_cast<double>(asked.size());
            error += std::sqrt(*auroc.variance) / static_cast<double>(asked.size()); // as if they went together
            fewest = std::min(fewest, auroc.fewest);
            MeasureRow row = makeRow({attribute.groups[present[asked[a]]], name}, "auroc", auroc.value,
                                     aurocInterval(auroc, options.confidence), auroc.fewest, options);
            row.value.neutral = 0.5;
            setNull(row.value, null[a], Tail::Upper);
            table.rows.push_back(std::move(row));
        }
        if (asked.size() > 1) {
            MeasureRow row = makeRow({"", name}, "auroc", mean,
                                     aurocInterval({mean, error * error, fewest}, options.confidence), fewest, options);
            row.value.neutral = 0.5;
            setNull(row.value, null[asked.size()], Tail::Upper);
            table.rows.push_back(std::move(row));
        }
        feedback.progress("decodability", ++done, static_cast<std::int64_t>(what.perGroup.size()));
    }
    correctFamily(table, "AUROC of every group of " + attribute.name + " and number of examples");
    return table;
}

} // namespace plumbline::metric
