// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/audit/mitigation.h"
#include "core/base/passing_folder.h"
#include "core/base/path.h"

namespace plumbline::audit {

namespace fs = std::filesystem;

InterpolateModels interpolateModels(const clip::Encoder& first, store::EmbeddingCache* cache, std::string precision) {
    return [path = first.path(), options = first.options(), cache, precision = std::move(precision)](
               const fs::path& other, double alpha, Feedback& feedback) -> Outcome<ModelBetween> {
        ModelBetween model;
        PLUMBLINE_TRY(PassingFolder created, PassingFolder::create());
        const auto folder = std::make_shared<const PassingFolder>(std::move(created));
        PLUMBLINE_TRY(model.report,
                      clip::interpolate(path, other, {alpha, false, options.vocabulary}, folder->path(), feedback));
        clip::EncoderOptions here = options;
        here.vocabulary.clear(); // the folder has its own
        here.hashMemory.clear(); // nothing to remember of files that go
        PLUMBLINE_TRY(const std::shared_ptr<const clip::Encoder> encoder,
                      clip::Encoder::load(folder->path(), here, feedback));
        // The files stay as long as the encoder, which reads and hashes them when it is asked.
        model.images = [folder, encoder, cache, precision,
                        &feedback](std::span<const fs::path> files) -> Outcome<Embeddings> {
            ImageSet set;
            for (const fs::path& file : files)
                set.files.push_back(file.string()); // absolute, so that the root is nothing
            PLUMBLINE_TRY(SetEmbeddings embedded, embedSet(*encoder, set, cache, precision, feedback));
            for (std::size_t i = 0; i < files.size(); ++i)
                if (!embedded.present[i] || !hasDirection(embedded.raw.row(i)))
                    return fail(ErrorCode::FileUnreadable, {{"path", encodePath(files[i])},
                                                            {"reason", "it could be embedded by the first model"}});
            return std::move(embedded.raw);
        };
        model.texts = [folder, encoder, &feedback](std::span<const std::string> texts) {
            return encoder->encodeTexts(texts, feedback);
        };
        return model;
    };
}

} // namespace plumbline::audit
