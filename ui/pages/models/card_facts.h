// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/data/model_info.h"
#include "ui/widgets/fact_sheet.h"

namespace plumbline::ui {

/// The provenance card of a model in words: every value that was read or inferred with its source beside it.
std::vector<FactSheet::Group> cardFacts(const ModelCard& card);

} // namespace plumbline::ui
