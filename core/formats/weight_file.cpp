// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/weight_file.h"

#include <algorithm>

#include "core/base/path.h"
#include "core/formats/safetensors.h"
#include "core/formats/torch_file.h"

namespace plumbline::formats {

namespace {

/// What often lies in the place of weights, and what to do about it; empty: nothing known.
std::string whatElse(const std::filesystem::path& file) {
    const Result<MappedFile> mapped = MappedFile::open(file);
    if (!mapped)
        return {};
    const auto bytes = mapped->bytes().first(std::min<std::size_t>(mapped->bytes().size(), 64));
    std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (head.starts_with("version https://git-lfs"))
        return "it is a Git LFS pointer and not the weights themselves; git lfs pull fetches them";
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
    if (head.starts_with('<'))
        return "it is a web page, as a failed download leaves it";
    return {};
}

} // namespace

Result<WeightFile> readWeightFile(const std::filesystem::path& file) {
    if (std::string reason = whatElse(file); !reason.empty())
        return fail(ErrorCode::WeightsInvalid, {{"path", encodePath(file)}, {"reason", std::move(reason)}});
    if (looksLikeSafetensors(file) || (file.extension() == ".safetensors" && !looksLikeTorchFile(file))) {
        PLUMBLINE_TRY(Weights weights, readSafetensors(file));
        return WeightFile{std::move(weights), "safetensors", {}};
    }
    PLUMBLINE_TRY(TorchFile torch, readTorchLayout(file));
    const char* form = torch.form == TorchForm::ZipPickle     ? "PyTorch zip"
                       : torch.form == TorchForm::TorchScript ? "TorchScript archive, its code not run"
                                                              : "PyTorch pickle of before 1.6";
    return WeightFile{std::move(torch.weights), form, std::move(torch.notes)};
}

} // namespace plumbline::formats
