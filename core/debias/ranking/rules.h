// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace plumbline::debias {

/// A re-ranking of the images of a prompt.
struct RankingRule {};

/// A change of the scores of a fixed list of texts.
struct ScoreRule {};

} // namespace plumbline::debias
