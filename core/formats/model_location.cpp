// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/formats/model_location.h"

#include <algorithm>
#include <array>

#include "core/base/path.h"
#include "core/formats/model_config.h"
#include "core/formats/text_file.h"

namespace plumbline::formats {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRepository = "models--";
constexpr int kMostEntries = 100'000;

tl::unexpected<Error> notAModel(const fs::path& path, std::string expected) {
    return fail(ErrorCode::NotAModel, {{"path", encodePath(path)}, {"expected", std::move(expected)}});
}

bool isFolder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

/// The names in a folder that `wanted` accepts, in byte order.
template <class F>
std::vector<fs::path> entries(const fs::path& folder, F wanted) {
    std::vector<fs::path> found;
    std::error_code error;
    int seen = 0;
    for (fs::directory_iterator it(folder, error), end; !error && it != end && seen < kMostEntries;
         it.increment(error), ++seen)
        if (wanted(it->path()))
            found.push_back(it->path());
    std::sort(found.begin(), found.end());
    return found;
}

/// "a, b and 3 more", of file names.
std::string listed(const std::vector<fs::path>& paths) {
    constexpr std::size_t kMost = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(kMost, paths.size()); ++i)
        text += (i ? ", " : "") + encodePath(paths[i].filename());
    if (paths.size() > kMost)
        text += " and " + std::to_string(paths.size() - kMost) + " more";
    return text;
}

/// The name of a repository from its folder in the cache: models--org--name.
std::string repositoryName(const fs::path& repository) {
    std::string name = encodePath(repository.filename()).substr(kRepository.size());
    if (const std::size_t at = name.find("--"); at != std::string::npos)
        name.replace(at, 2, "/");
    return name;
}

bool isRepository(const fs::path& folder) {
    return folder.filename().native().starts_with(kRepository) && isFolder(folder / "snapshots");
}

/// The commit that the cache's "main" means, or the only one.
Result<fs::path> snapshotOf(const fs::path& repository) {
    constexpr std::size_t kLongest = 256;
    std::string commit = readFile(repository / "refs" / "main", kLongest).value_or("");
    commit.erase(commit.find_last_not_of(" \t\r\n") + 1);
    const bool plain = !commit.empty() && commit.size() <= 64 &&
                       commit.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (plain && isFolder(repository / "snapshots" / commit))
        return repository / "snapshots" / commit;
    const std::vector<fs::path> all = entries(repository / "snapshots", isFolder);
    if (all.size() == 1)
        return all.front();
    if (all.empty())
        return notAModel(repository, "it is a folder of the Hugging Face cache without a snapshot");
    return notAModel(repository, "it is a folder of the Hugging Face cache with several snapshots (" + listed(all) +
                                     "); name one of them");
}

/// What nothing may lead out of.
fs::path rootOf(const fs::path& folder) {
    std::error_code ignored;
    const fs::path whole = fs::weakly_canonical(folder, ignored);
    const fs::path snapshots = whole.parent_path();
    if (snapshots.filename() == "snapshots" && isRepository(snapshots.parent_path()))
        return snapshots.parent_path();
    return whole;
}

ModelLocation inFolder(const fs::path& folder) {
    ModelLocation location;
    location.folder = folder;
    location.root = rootOf(folder);
    location.name = isRepository(location.root) ? repositoryName(location.root) : modelName(folder);
    return location;
}

} // namespace

bool isThere(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

bool isWeightsName(const fs::path& file) {
    static const std::array<std::string_view, 5> kNames = {".safetensors", ".bin", ".pt", ".pth", ".ckpt"};
    return std::find(kNames.begin(), kNames.end(), file.extension().native()) != kNames.end();
}

Result<ModelLocation> locateModel(const fs::path& path) {
    if (!isThere(path))
        return fail(ErrorCode::FileNotFound, {{"path", encodePath(path)}});
    if (!isFolder(path)) {
        const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
        ModelLocation location = inFolder(folder);
        if (path.extension() == ".json" && (isThere(folder / kHuggingFaceConfig) || isThere(folder / kOpenClipConfig)))
            return location;
        if (!isWeightsName(path))
            return notAModel(path,
                             "it is neither the folder of a model nor a file of weights (.safetensors, .bin, .pt, "
                             ".pth, .ckpt)");
        location.weights = path;
        if (!isThere(folder / kHuggingFaceConfig) && !isThere(folder / kOpenClipConfig))
            location.name = modelName(path);
        return location;
    }
    if (isRepository(path)) {
        PLUMBLINE_TRY(const fs::path snapshot, snapshotOf(path));
        ModelLocation repository;
        repository.root = rootOf(path);
        PLUMBLINE_CHECK(checkInside(repository, snapshot));
        return inFolder(snapshot);
    }
    if (isThere(path / kHuggingFaceConfig) || isThere(path / kOpenClipConfig))
        return inFolder(path);
    const std::vector<fs::path> repositories = entries(path, isRepository);
    if (repositories.size() == 1)
        return locateModel(repositories.front());
    if (repositories.size() > 1)
        return notAModel(path, "it is a Hugging Face cache with several models (" + listed(repositories) +
                                   "); name the folder of one of them");
    const std::vector<fs::path> weights = entries(path, [](const fs::path& file) { return isWeightsName(file); });
    if (weights.size() == 1) {
        ModelLocation location = inFolder(path);
        location.weights = weights.front();
        PLUMBLINE_CHECK(checkInside(location, location.weights)); // the user named the folder, not this file
        return location;
    }
    if (weights.size() > 1)
        return notAModel(path, "it has no configuration and several files of weights (" + listed(weights) +
                                   "); name one of them");
    return notAModel(path,
                     "it has neither a config.json (Hugging Face) nor an open_clip_config.json (OpenCLIP), and no "
                     "file of weights");
}

Result<void> checkInside(const ModelLocation& location, const fs::path& file) {
    std::error_code error;
    if (fs::is_symlink(file, error) && !isThere(file))
        return notAModel(file, "it is a link that leads nowhere");
    const fs::path whole = fs::weakly_canonical(file, error);
    const auto [end, ignored] = std::mismatch(location.root.begin(), location.root.end(), whole.begin(), whole.end());
    if (error || end != location.root.end())
        return notAModel(file, "it is a link that leads out of the model's folder, and such links are not followed");
    return {};
}

} // namespace plumbline::formats
