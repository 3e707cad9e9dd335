// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include <QJsonObject>
#include <QString>

#include "core/base/error.h"
#include "core/data/audit.h"
#include "core/data/comparison.h"
#include "core/data/debias.h"
#include "core/data/image_set.h"
#include "core/data/model_info.h"

namespace plumbline::ui {

// Between Qt's JSON (the pipe) and the values of core. The JSON forms themselves are those of core/data/json.h.
QJsonObject toQt(const AuditConfig& config);
QJsonObject toQt(const DebiasStudyConfig& config);
Result<ModelCard> modelCardFrom(const QJsonObject& json);
Result<Target> targetFrom(const QJsonObject& json);
Result<MatchReport> matchReportFrom(const QJsonObject& json);
/// Takes long for a comparison of many prompts: not for the main thread.
Result<RunComparison> comparisonFrom(const QJsonObject& json);
/// The error of a JSON-RPC answer: its `data`, or what can be made of code and message.
Error errorFrom(const QJsonObject& rpcError);

// File names. A QString that Qt gave us stands for a local file; the encoded form (core/base/path.h) is what travels
// and is stored, and is lossless for names that are not UTF-8.
std::filesystem::path localPath(const QString& file);
QString encoded(const QString& file);
/// The local file of an encoded form, as Qt names it.
QString decoded(const QString& encodedPath);
/// The encoded form as text to show.
QString shown(const std::string& encodedPath);
QString fromUtf8(std::string_view text);

} // namespace plumbline::ui
