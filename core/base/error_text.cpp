// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error_text.h"

#include <array>

namespace plumbline {

namespace {

struct Entry {
    ErrorCode code;
    std::string_view name;
    std::string_view pattern;
};

// One line a code. What happened, then what to do. `{name}` is an argument.
constexpr std::array kEntries{
    Entry{ErrorCode::Internal, "Internal", "Plumbline made a mistake of its own. Please report it with the details."},
    Entry{ErrorCode::InvalidArgument, "InvalidArgument", "“{value}” is not a usable value for {name}; expected {expected}."},
    Entry{ErrorCode::FileNotFound, "FileNotFound", "There is no file or folder {path}. Check the path."},
    Entry{ErrorCode::FileUnreadable, "FileUnreadable", "{path} cannot be read: {reason}."},
    Entry{ErrorCode::FileUnwritable, "FileUnwritable", "{path} cannot be written: {reason}. Choose another place."},
    Entry{ErrorCode::DiskFull, "DiskFull", "The disk that holds {path} is full. Free some space and go on: what was stored is safe."},
    Entry{ErrorCode::OutOfMemory, "OutOfMemory", "There is not enough memory for {what} ({bytes} bytes). Close other programs or use a smaller model."},
    Entry{ErrorCode::NotUtf8, "NotUtf8", "{path} is not UTF-8 text. Save it again as UTF-8."},
    Entry{ErrorCode::JsonInvalid, "JsonInvalid", "{path} is not the JSON that was expected: {reason}."},
    Entry{ErrorCode::NotAModel, "NotAModel", "{path} is not a model that Plumbline can read: {expected}."},
    Entry{ErrorCode::ModelUnsupported, "ModelUnsupported", "{path} is a model with a part that is not supported: {what}."},
    Entry{ErrorCode::ModelConfigInvalid, "ModelConfigInvalid", "The configuration of {path} is not usable: {field} {reason}."},
    Entry{ErrorCode::ModelConfigConflict, "ModelConfigConflict", "The configuration of {path} contradicts its weights: {field} is {config} in the configuration but {weights} in the weights. The folder may mix two models."},
    Entry{ErrorCode::WeightsInvalid, "WeightsInvalid", "The weights {path} are damaged or not what their format asks for: {reason}. Copy or download the file again."},
    Entry{ErrorCode::TensorMissing, "TensorMissing", "The weights {path} lack the tensor {tensor}{more}. The file is incomplete or belongs to another model."},
    Entry{ErrorCode::TensorUnexpected, "TensorUnexpected", "The weights {path} hold the tensor {tensor}, which this architecture has no place for{more}. They may belong to another model."},
    Entry{ErrorCode::TensorShape, "TensorShape", "The tensor {tensor} in {path} has the shape {actual}; the configuration asks for {expected}."},
    Entry{ErrorCode::TensorType, "TensorType", "The tensor {tensor} in {path} has the type {type}, which weights cannot have."},
    Entry{ErrorCode::VocabularyMissing, "VocabularyMissing", "{path} holds no tokenizer (vocab.json with merges.txt, bpe_simple_vocab_16e6.txt.gz, tokenizer.json or a SentencePiece model), so texts cannot be embedded. Name a folder that has one (--vocab)."},
    Entry{ErrorCode::VocabularyInvalid, "VocabularyInvalid", "The vocabulary {path} is not usable: {reason}."},
    Entry{ErrorCode::NpyInvalid, "NpyInvalid", "{path} is not a NumPy array that can be used here: {reason}."},
    Entry{ErrorCode::PickleRefused, "PickleRefused", "{path} was not loaded, because reading it would mean running code: {reason}. Ask for the weights as a safetensors file."},
    Entry{ErrorCode::ImageUnreadable, "ImageUnreadable", "The image {path} cannot be decoded: {reason}."},
    Entry{ErrorCode::ImageTooLarge, "ImageTooLarge", "The image {path} has {width} × {height} pixels, more than the limit of {limit}."},
    Entry{ErrorCode::ImageFormatUnknown, "ImageFormatUnknown", "{path} is not an image in a known format (JPEG, PNG, WebP, BMP, TIFF, GIF)."},
    Entry{ErrorCode::LabelTableInvalid, "LabelTableInvalid", "The table {path} cannot be read at line {line}: {reason}."},
    Entry{ErrorCode::LabelColumnMissing, "LabelColumnMissing", "The table {path} has no column “{column}”. It has: {available}."},
    Entry{ErrorCode::LabelPresetUnknown, "LabelPresetUnknown", "There is no label preset “{name}”. There are: {available}."},
    Entry{ErrorCode::AttributeUnknown, "AttributeUnknown", "The images have no attribute “{name}”. They have: {available}."},
    Entry{ErrorCode::ImagesNone, "ImagesNone", "{path} holds no images (jpg, png, webp, bmp, tiff, gif)."},
    Entry{ErrorCode::LabelsMatchNothing, "LabelsMatchNothing", "No row of {labels} names an image under {images}. Check that the folder and the table belong together."},
    Entry{ErrorCode::LabelFilterEmpty, "LabelFilterEmpty", "No row of {path} has {filter}. Check the column and the value."},
    Entry{ErrorCode::ProbeInvalid, "ProbeInvalid", "The probe set {path} is not usable: {reason}."},
    Entry{ErrorCode::ProbeEmpty, "ProbeEmpty", "The probe set {name} asks nothing: add a prompt or a concept."},
    Entry{ErrorCode::AttributeSingleGroup, "AttributeSingleGroup", "Every labelled image has the same {name}, “{group}”: there is nothing to compare."},
    Entry{ErrorCode::AttributeEmpty, "AttributeEmpty", "No image has a value for {name}."},
    Entry{ErrorCode::KInvalid, "KInvalid", "“{value}” is not a usable k: give a number of images from 1 (100) or a share (10%)."},
    Entry{ErrorCode::TargetInvalid, "TargetInvalid", "The target shares are not usable: {reason}."},
    Entry{ErrorCode::DefinitionUnknown, "DefinitionUnknown", "There is no metric definition “{name}”. There are: {available}."},
    Entry{ErrorCode::ScoresInvalid, "ScoresInvalid", "The scores are not usable: {reason}."},
    Entry{ErrorCode::ProjectNotOne, "ProjectNotOne", "{path} is not a Plumbline project."},
    Entry{ErrorCode::ProjectTooNew, "ProjectTooNew", "{path} was written by a newer Plumbline (format {found}; this one knows {known}). Open it with that version; it was not changed."},
    Entry{ErrorCode::ProjectReadOnly, "ProjectReadOnly", "{path} can only be read. Copy it to a place where you may write to change it."},
    Entry{ErrorCode::ProjectBusy, "ProjectBusy", "{path} is in use by another program that is writing. Try again in a moment."},
    Entry{ErrorCode::ProjectDamaged, "ProjectDamaged", "{path} is damaged: {reason}. Restore it from a backup."},
    Entry{ErrorCode::RecordUnknown, "RecordUnknown", "The project has no {kind} with the number {id}."},
    Entry{ErrorCode::CacheUnusable, "CacheUnusable", "The embedding cache {path} cannot be used: {reason}."},
    Entry{ErrorCode::EngineGone, "EngineGone", "The engine stopped: {reason}. Everything stored is safe; it starts again with the next task."},
    Entry{ErrorCode::ProtocolError, "ProtocolError", "The window and the engine did not understand each other: {reason}."},
};

const Entry& entry(ErrorCode code) {
    for (const Entry& candidate : kEntries)
        if (candidate.code == code)
            return candidate;
    return kEntries.front();
}

} // namespace

std::string_view errorName(ErrorCode code) {
    return entry(code).name;
}

ErrorCode errorFromName(std::string_view name) {
    for (const Entry& candidate : kEntries)
        if (candidate.name == name)
            return candidate.code;
    return ErrorCode::Internal;
}

std::string_view Error::arg(std::string_view name) const {
    for (const auto& [key, value] : args)
        if (key == name)
            return value;
    return {};
}

std::string_view errorPattern(ErrorCode code) {
    return entry(code).pattern;
}

std::string fillPattern(std::string_view pattern, const Error& error) {
    std::string text;
    text.reserve(pattern.size() + 64);
    for (std::size_t i = 0; i < pattern.size();) {
        const std::size_t close = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
        if (close == std::string_view::npos) {
            text += pattern[i++];
            continue;
        }
        text += error.arg(pattern.substr(i + 1, close - i - 1));
        i = close + 1;
    }
    return text;
}

std::string errorText(const Error& error) {
    return fillPattern(errorPattern(error.code), error);
}

} // namespace plumbline
