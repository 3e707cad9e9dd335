// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/metric/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/numbers.h"
#include "core/metric/sentences.h"

namespace plumbline::metric {
namespace {

bool namedExactly(const Target& target, const std::string& group) {
    return std::any_of(target.shares.begin(), target.shares.end(),
                       [&](const auto& share) { return share.first == group; });
}

/// The shares of the groups among the rows that are relevant (METHODS 0.1, "conditional").
Result<std::vector<double>> conditionalShares(const Pool& pool, std::span<const double> relevance) {
    if (relevance.size() != pool.groupOfRow.size())
        return fail(ErrorCode::TargetInvalid,
                    {{"reason", relevance.empty() ? std::string("it needs to be known which images are relevant")
                                                  : "there are " + std::to_string(relevance.size()) +
                                                        " values of relevance for " +
                                                        std::to_string(pool.groupOfRow.size()) + " images"}});
    std::vector<double> shares(pool.groups.size(), 0.0);
    double all = 0;
    for (std::size_t row = 0; row < relevance.size(); ++row) {
        if (pool.groupOfRow[row] < 0 || !(relevance[row] > 0))
            continue;
        shares[static_cast<std::size_t>(pool.groupOfRow[row])] += 1;
        all += 1;
    }
    std::vector<std::string> without;
    for (std::size_t g = 0; g < shares.size(); ++g)
        if (shares[g] == 0)
            without.push_back(pool.groups[g]);
    if (!without.empty())
        return fail(ErrorCode::TargetInvalid, {{"reason", "no image of " + listed(without) + " is relevant to the query"}});
    for (double& share : shares)
        share /= all;
    return shares;
}

/// The custom shares of the groups in the pool, scaled to sum 1 over them (METHODS A1, empty group in the pool).
Result<std::vector<double>> customShares(const Target& target, Pool& pool) {
    std::vector<double> shares(pool.groups.size(), -1.0);
    std::vector<std::string> elsewhere;
    double all = 0;
    for (const auto& [name, share] : target.shares) {
        if (!std::isfinite(share) || share < 0)
            return fail(ErrorCode::TargetInvalid,
                        {{"reason", "the share of \"" + name + "\" is not a number of at least 0"}});
        all += share;
        auto found = std::lower_bound(pool.groups.begin(), pool.groups.end(), name);
        if (found == pool.groups.end() || *found != name) // "Female" for the pool's "woman"
            found = std::find_if(pool.groups.begin(), pool.groups.end(), [&](const std::string& group) {
                return sameGroupName(group, name) && !namedExactly(target, group);
            });
        if (found == pool.groups.end()) {
            if (share > 0)
                elsewhere.push_back(name);
            continue;
        }
        double& place = shares[static_cast<std::size_t>(found - pool.groups.begin())];
        if (place >= 0)
            return fail(ErrorCode::TargetInvalid, {{"reason", "\"" + name + "\" has two shares"}});
        place = share;
    }
    std::vector<std::string> without;
    double present = 0;
    for (std::size_t g = 0; g < shares.size(); ++g) {
        if (shares[g] > 0)
            present += shares[g];
        else
            without.push_back(pool.groups[g]);
    }
    if (!without.empty())
        return fail(ErrorCode::TargetInvalid,
                    {{"reason", "it gives no share to " + listed(without) + ", of which the pool has images"}});
    for (double& share : shares)
        share /= present;
    if (!elsewhere.empty())
        pool.warnings.push_back("The target names groups of which the pool has no image: " + listed(elsewhere) +
                                ". The other shares were scaled to add up to 1.");
    else if (std::abs(all - 1.0) > 1e-6)
        pool.warnings.push_back("The shares of the target add up to " + formatDouble(all) +
                                "; they were scaled to add up to 1.");
    return shares;
}

} // namespace

Result<Pool> makePool(const Attribute& attribute, const Target& target, const Rules& rules,
                      std::span<const double> relevance) {
    Pool pool;
    pool.attribute = attribute.name;
    if (attribute.codes.size() > std::numeric_limits<std::uint32_t>::max())
        return fail(ErrorCode::InvalidArgument, {{"name", attribute.name},
                                                 {"value", std::to_string(attribute.codes.size()) + " rows"},
                                                 {"expected", "at most 4294967295 rows"}});

    std::vector<std::int64_t> all(attribute.groups.size(), 0);
    for (const std::int32_t code : attribute.codes) {
        if (code == Attribute::kUnlabelled)
            ++pool.unlabelled;
        else if (code < 0 || static_cast<std::size_t>(code) >= all.size())
            return fail(ErrorCode::InvalidArgument,
                        {{"name", attribute.name},
                         {"value", std::to_string(code)},
                         {"expected", "a group's number below " + std::to_string(all.size())}});
        else
            ++all[static_cast<std::size_t>(code)];
    }
    std::vector<std::int32_t> renumbered(all.size(), Attribute::kUnlabelled);
    for (std::size_t g = 0; g < all.size(); ++g) {
        if (all[g] == 0)
            continue;
        renumbered[g] = static_cast<std::int32_t>(pool.groups.size());
        pool.groups.push_back(attribute.groups[g]);
        pool.counts.push_back(all[g]);
        pool.n += all[g];
    }
    if (pool.n == 0)
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    pool.groupOfRow.resize(attribute.codes.size());
    std::transform(attribute.codes.begin(), attribute.codes.end(), pool.groupOfRow.begin(), [&](std::int32_t code) {
        return code < 0 ? Attribute::kUnlabelled : renumbered[static_cast<std::size_t>(code)];
    });

    pool.target = target.kind;
    if (rules.onlyTarget && target.kind != *rules.onlyTarget) {
        pool.target = *rules.onlyTarget;
        pool.warnings.emplace_back(pool.target == Target::Kind::Uniform
                                       ? "This definition knows only the uniform target; it was used."
                                       : "This definition knows only the pool's shares as target; they were used.");
    }
    const std::size_t groups = pool.groups.size();
    switch (pool.target) {
    case Target::Kind::Pool:
        for (std::size_t g = 0; g < groups; ++g)
            pool.share.push_back(pool.poolShare(g));
        break;
    case Target::Kind::Uniform:
        pool.share.assign(groups, 1.0 / static_cast<double>(groups));
        break;
    case Target::Kind::Custom: {
        PLUMBLINE_TRY(pool.share, customShares(target, pool));
        break;
    }
    case Target::Kind::Conditional: {
        PLUMBLINE_TRY(pool.share, conditionalShares(pool, relevance));
        break;
    }
    }
    for (const double share : pool.share)
        pool.logShare.push_back(std::log(share));
    return pool;
}

void chooseBiasGroups(Pool& pool, std::span<const std::string> named) {
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
        for (std::size_t g = 0; g < pool.groups.size(); ++g)
            if (pool.groups[g] == name)
                return g;
        for (std::size_t g = 0; g < pool.groups.size(); ++g)
            if (sameGroupName(pool.groups[g], name))
                return g;
        return std::nullopt;
    };
    pool.bias.reset();
    const bool asked = named.size() == 2;
    const std::string positive = asked ? named[0] : "male", negative = asked ? named[1] : "female";
    const std::optional<std::size_t> first = find(positive), second = find(negative);
    if (first && second && first != second)
        pool.bias = {*first, *second};
    else if (asked)
        pool.warnings.push_back("No Bias@K: " + pool.attribute + " has no group \"" + (first ? negative : positive) +
                                "\" in this pool.");
    else if (pool.groups.size() == 2)
        pool.bias = {0, 1};
}

} // namespace plumbline::metric
