// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

namespace plumbline {

/// What went wrong. A code is stable: it travels over the engine's pipe and into project files by its name
/// (`errorName`), and each has a sentence in error_text.cpp. Append within a block; never renumber by meaning.
enum class ErrorCode {
    // general
    Internal,            // detail: what was violated
    InvalidArgument,     // name, value, expected
    FileNotFound,        // path
    FileUnreadable,      // path, reason
    FileUnwritable,      // path, reason
    DiskFull,            // path
    OutOfMemory,         // what, bytes
    NotUtf8,             // path
    JsonInvalid,         // path, reason
    // model folders
    NotAModel,           // path, expected
    ModelUnsupported,    // path, what
    ModelConfigInvalid,  // path, field, reason
    ModelConfigConflict, // path, field, config, weights
    WeightsInvalid,      // path, reason
    TensorMissing,       // path, tensor, more
    TensorUnexpected,    // path, tensor, more
    TensorShape,         // path, tensor, expected, actual
    TensorType,          // path, tensor, type
    VocabularyMissing,   // path
    VocabularyInvalid,   // path, reason
    NpyInvalid,          // path, reason
    PickleRefused,       // path, reason
    // images and labels
    ImageUnreadable,     // path, reason
    ImageTooLarge,       // path, width, height, limit
    ImageFormatUnknown,  // path
    LabelTableInvalid,   // path, line, reason
    LabelColumnMissing,  // path, column, available
    LabelPresetUnknown,  // name, available
    AttributeUnknown,    // name, available
    ImagesNone,          // path
    LabelsMatchNothing,  // labels, images
    LabelFilterEmpty,    // path, filter
    // probes
    ProbeInvalid,        // path, reason
    ProbeEmpty,          // name
    // measuring
    AttributeSingleGroup, // name, group
    AttributeEmpty,      // name
    KInvalid,            // value
    TargetInvalid,       // reason
    DefinitionUnknown,   // name, available
    ScoresInvalid,       // reason
    // store
    ProjectNotOne,       // path
    ProjectTooNew,       // path, found, known
    ProjectReadOnly,     // path
    ProjectBusy,         // path
    ProjectDamaged,      // path, reason
    RecordUnknown,       // kind, id
    CacheUnusable,       // path, reason
    // engine and window
    EngineGone,          // reason
    ProtocolError,       // reason
};

/// Stable name of a code, e.g. "TensorMissing".
std::string_view errorName(ErrorCode code);
/// The inverse; Internal for a name that is not known.
ErrorCode errorFromName(std::string_view name);

/// A failure as a value: a code, named arguments for its sentence (UTF-8; paths in their lossless form, see path.h),
/// and a technical detail that is shown on demand only.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::vector<std::pair<std::string, std::string>> args;
    std::string detail;

    /// The argument of that name, or an empty text.
    std::string_view arg(std::string_view name) const;
};

/// The outcome of work that cannot be cancelled.
template <class T>
using Result = tl::expected<T, Error>;

/// The user asked to stop: neither a value nor an error.
struct Cancelled {};

/// Why cancellable work ended without a value.
class Stop {
public:
    Stop(Error error) : m_why(std::move(error)) {} // NOLINT(google-explicit-constructor)
    Stop(Cancelled cancelled) : m_why(cancelled) {} // NOLINT(google-explicit-constructor)
    bool cancelled() const { return std::holds_alternative<Cancelled>(m_why); }
    /// Only when !cancelled().
    const Error& error() const { return std::get<Error>(m_why); }

private:
    std::variant<Error, Cancelled> m_why;
};

/// The outcome of work that can be cancelled: a value, an error or Cancelled.
template <class T>
using Outcome = tl::expected<T, Stop>;

/// Shorthand for `return fail(ErrorCode::FileNotFound, {{"path", p}});`
inline tl::unexpected<Error> fail(ErrorCode code, std::vector<std::pair<std::string, std::string>> args = {},
                                  std::string detail = {}) {
    return tl::unexpected<Error>(Error{code, std::move(args), std::move(detail)});
}

} // namespace plumbline

#define PLUMBLINE_CONCAT_(a, b) a##b
#define PLUMBLINE_CONCAT(a, b) PLUMBLINE_CONCAT_(a, b)

/// `PLUMBLINE_TRY(auto header, readHeader(file));` declares the value, or returns the failure to our caller.
#define PLUMBLINE_TRY(declaration, expression)                                                                         \
    auto PLUMBLINE_CONCAT(tried_, __LINE__) = (expression);                                                            \
    if (!PLUMBLINE_CONCAT(tried_, __LINE__))                                                                           \
        return tl::unexpected(std::move(PLUMBLINE_CONCAT(tried_, __LINE__)).error());                                  \
    declaration = std::move(*PLUMBLINE_CONCAT(tried_, __LINE__))

/// The same for a Result<void>.
#define PLUMBLINE_CHECK(expression)                                                                                    \
    do {                                                                                                               \
        if (auto checked_ = (expression); !checked_)                                                                   \
            return tl::unexpected(std::move(checked_).error());                                                        \
    } while (false)
