// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/transform.h"

#include <algorithm>

#include "core/base/clock.h"

namespace plumbline::debias {

Transform dialled(Transform transform, double strength) {
    for (Part& part : transform.parts)
        part.card.strength *= part.ranking || part.scores ? (strength > 0 ? 1.0 : 0.0) : strength;
    return transform;
}

std::string Transform::name() const {
    std::string text;
    for (const Part& part : parts) {
        text += (text.empty() ? "" : ", then ") + part.card.name;
        if (part.card.strength < 1)
            text += " at " + std::to_string(static_cast<int>(part.card.strength * 100 + 0.5)) + " %";
    }
    return text.empty() ? "unchanged" : text;
}

Outcome<Embeddings> transformRows(const Transform& transform, Modality modality, const Embeddings& rows,
                                  Feedback& feedback) {
    Embeddings current = rows;
    for (const Part& part : transform.parts) {
        const VectorMap& own = modality == Modality::Image ? part.image : part.text;
        const VectorMap& other = modality == Modality::Image ? part.text : part.image;
        PLUMBLINE_TRY(const Embeddings after, apply(own, current, feedback));
        const bool otherGrows = part.card.strength > 0 && part.card.strength < 1 &&
                                outputDim(other, current.dim) != current.dim && after.dim == current.dim;
        if (otherGrows)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", "strength"},
                         {"value", std::to_string(part.card.strength)},
                         {"expected", "0 or 1 for a method that changes the dimension of one "
                                      "modality only"}});
        current = blend(current, after, part.card.strength);
    }
    return current;
}

bool hasPromptArray(const Transform& transform) {
    return std::ranges::any_of(transform.parts,
                               [](const Part& part) { return part.promptArray && part.card.strength > 0; });
}

Outcome<Embeddings> transformTexts(const Transform& transform, const TextRows& rows, Feedback& feedback) {
    const auto array = std::ranges::find_if(
        transform.parts, [](const Part& part) { return part.promptArray && part.card.strength > 0; });
    if (array == transform.parts.end())
        return transformRows(transform, Modality::Text, rows.plain, feedback);
    if (!rows.withArray || rows.withArray->rows != rows.plain.rows)
        return fail(ErrorCode::InvalidArgument, {{"name", "the texts"},
                                                 {"value", "encoded without the prompt array"},
                                                 {"expected", "texts that the model encodes with it"}});
    return transformRows(transform, Modality::Text, blend(rows.plain, *rows.withArray, array->card.strength), feedback);
}

} // namespace plumbline::debias
