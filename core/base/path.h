// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace plumbline {

/// True if `bytes` is well-formed UTF-8 (no surrogates, no overlong forms).
bool isUtf8(std::string_view bytes);

/// The lossless UTF-8 form of a file name of arbitrary bytes, for JSON, SQLite TEXT and the screen.
/// Well-formed UTF-8 passes unchanged; each other byte b becomes the private-use character U+EF00+b (the scheme of
/// MirBSD's OPTU-8). Genuine characters U+EF80..U+EFFF are escaped byte by byte, so the mapping can be undone.
std::string encodeName(std::string_view bytes);
/// Undoes encodeName.
std::string decodeName(std::string_view name);

std::string encodePath(const std::filesystem::path& path);
std::filesystem::path decodePath(std::string_view name);

/// $XDG_CACHE_HOME/plumbline or ~/.cache/plumbline (not created).
std::filesystem::path userCacheFolder();
/// $XDG_CONFIG_HOME/plumbline or ~/.config/plumbline (not created).
std::filesystem::path userConfigFolder();

} // namespace plumbline
