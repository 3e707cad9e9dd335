// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/feedback.h"
#include "core/clip/encoder.h"
#include "core/store/project.h"
#include "core/text/tokenizer.h"

namespace plumbline::cli {

/// What the engine can be asked (README.md in this folder lists the methods with their parameters).
/// Methods of the heavy lane use the network or compute for long; those of the light lane run beside them, so that
/// thumbnails and token counts are there while an audit runs. An object is used by both lanes; what they share is none.
class Methods {
public:
    Methods();
    ~Methods();

    enum class Lane { Heavy, Light };
    using Answer = Outcome<nlohmann::json>;
    using Method = std::function<Answer(const nlohmann::json& params, Feedback& feedback)>;
    struct Entry {
        Lane lane;
        Method method;
    };
    /// nullptr for a name that is not known.
    const Entry* find(const std::string& name) const;

private:
    Answer initialize(const nlohmann::json& params, Feedback& feedback);
    Answer inspectModel(const nlohmann::json& params, Feedback& feedback);
    /// Two steps, so that a large model can be used at once: added with its quick card, then checked.
    Answer addModel(const nlohmann::json& params, Feedback& feedback);
    Answer checkModel(const nlohmann::json& params, Feedback& feedback);
    Answer runAudit(const nlohmann::json& params, Feedback& feedback);
    Answer resumeAudit(const nlohmann::json& params, Feedback& feedback);
    /// Studies of debiasing methods and what comes of them (core/audit/mitigation.h).
    Answer compareDebiasing(const nlohmann::json& params, Feedback& feedback);
    Answer verifyRun(const nlohmann::json& params, Feedback& feedback);
    Answer compareRuns(const nlohmann::json& params, Feedback& feedback);
    Answer exportModel(const nlohmann::json& params, Feedback& feedback);
    Answer exportTransform(const nlohmann::json& params, Feedback& feedback);
    Answer auditWithTransform(const nlohmann::json& params, Feedback& feedback);
    Answer tokenize(const nlohmann::json& params, Feedback& feedback);
    Answer previewImages(const nlohmann::json& params, Feedback& feedback);
    Answer targetPresets(const nlohmann::json& params, Feedback& feedback);
    Answer readTarget(const nlohmann::json& params, Feedback& feedback);
    Answer addImages(const nlohmann::json& params, Feedback& feedback);
    Answer checkImages(const nlohmann::json& params, Feedback& feedback);
    Answer writeReport(const nlohmann::json& params, Feedback& feedback);
    Answer thumbnails(const nlohmann::json& params, Feedback& feedback);

    Answer openSample(const nlohmann::json& params, Feedback& feedback);

    Answer carryOut(store::Project& project, std::int64_t run, Feedback& feedback);
    /// The encoder of the heavy lane, kept between requests while they name the same model.
    Outcome<const clip::Encoder*> encoder(const std::string& path, const std::string& vocab, const std::string& precision,
                                          int threads, Feedback& feedback);

    std::map<std::string, Entry> m_entries;
    std::string m_encoderKey;
    std::unique_ptr<clip::Encoder> m_encoder;
    std::string m_tokenizerKey; ///< of the light lane
    std::optional<text::Tokenizer> m_tokenizer;
};

} // namespace plumbline::cli
