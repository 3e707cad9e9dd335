// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/json.h"

#include <QFile>
#include <QJsonDocument>
#include <nlohmann/json.hpp>

#include "core/base/path.h"
#include "core/data/json.h"

namespace plumbline::ui {

namespace {

Result<nlohmann::json> toCore(const QJsonObject& json) {
    const QByteArray text = QJsonDocument(json).toJson(QJsonDocument::Compact);
    return parseJson({text.constData(), static_cast<std::size_t>(text.size())}, "plumb serve");
}

template <class T, class Read>
Result<T> read(const QJsonObject& json, Read fromJson) {
    PLUMBLINE_TRY(const nlohmann::json core, toCore(json));
    return fromJson(core);
}

QJsonObject fromCore(const nlohmann::json& json) {
    // Texts are UTF-8 already; `replace` only keeps a broken one from throwing here.
    const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return QJsonDocument::fromJson(QByteArray::fromStdString(text)).object();
}

} // namespace

QJsonObject toQt(const AuditConfig& config) { return fromCore(toJson(config)); }

QJsonObject toQt(const DebiasStudyConfig& config) { return fromCore(toJson(config)); }

Result<ModelCard> modelCardFrom(const QJsonObject& json) {
    return read<ModelCard>(json, [](const nlohmann::json& core) { return modelCardFromJson(core); });
}

Result<Target> targetFrom(const QJsonObject& json) {
    return read<Target>(json, [](const nlohmann::json& core) { return targetFromJson(core); });
}

Result<MatchReport> matchReportFrom(const QJsonObject& json) {
    return read<MatchReport>(json, [](const nlohmann::json& core) { return matchReportFromJson(core); });
}

Result<RunComparison> comparisonFrom(const QJsonObject& json) {
    return read<RunComparison>(json, [](const nlohmann::json& core) { return runComparisonFromJson(core); });
}

Error errorFrom(const QJsonObject& rpcError) {
    const QString message = rpcError.value(u"message").toString();
    if (const QJsonObject data = rpcError.value(u"data").toObject(); data.contains(u"code"))
        if (auto error = read<Error>(data, [](const nlohmann::json& core) { return errorFromJson(core); }))
            return *error;
    return {ErrorCode::ProtocolError,
            {{"reason", message.toStdString()}},
            QString::number(rpcError.value(u"code").toInt()).toStdString()};
}

std::filesystem::path localPath(const QString& file) { return QFile::encodeName(file).toStdString(); }

QString encoded(const QString& file) { return fromUtf8(encodePath(localPath(file))); }

QString decoded(const QString& encodedPath) {
    return QFile::decodeName(QByteArray::fromStdString(decodePath(encodedPath.toStdString()).native()));
}

QString shown(const std::string& encodedPath) { return fromUtf8(encodedPath); }

QString fromUtf8(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

} // namespace plumbline::ui
