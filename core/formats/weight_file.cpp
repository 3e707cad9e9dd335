// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/weight_file.h"

#include "core/formats/safetensors.h"
#include "core/formats/torch_file.h"

namespace plumbline::formats {

Result<WeightFile> readWeightFile(const std::filesystem::path& file) {
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
