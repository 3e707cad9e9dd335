// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/formats/weights.h"

namespace plumbline::formats {

/// What `torch.save` writes since 1.6, what `torch.jit.save` writes, and what `torch.save` wrote before 1.6.
enum class TorchForm { ZipPickle, TorchScript, Legacy };

struct TorchFile {
    TorchForm form = TorchForm::ZipPickle;
    Weights weights; ///< names flattened with '.', wrappers taken off; a bare tensor is named "tensor"
    std::vector<std::string>
        notes; ///< what was unwrapped, e.g. `the tensors lie under "state_dict"`, `the prefix "module." was taken off`
};

/// True if the first bytes look like a zip or a pickle (by content, not by extension).
bool looksLikeTorchFile(const std::filesystem::path& path);

/// Reads the tensors of a PyTorch file without running anything that it holds. Tensors that lie in one piece are views
/// into the mapped file; strided, transposed and expanded ones are copied, together at most as many bytes as the file
/// has (and 4 GiB).
/// Errors: FileNotFound, FileUnreadable, OutOfMemory, WeightsInvalid (damaged), PickleRefused (it asks for more than
/// weights need), ModelUnsupported (quantised, sparse or complex tensors, big-endian, the tar form), NotAModel (a zip
/// archive or a pickle of something else, no dictionary of tensors).
Result<TorchFile> readTorchFile(const std::filesystem::path& path);

/// The same without the copies: those tensors are in `weights.scattered`, and `gather` makes them.
Result<TorchFile> readTorchLayout(const std::filesystem::path& path);

} // namespace plumbline::formats
