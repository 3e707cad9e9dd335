// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/error_texts.h"

#include <cmath>

#include <QCoreApplication>
#include <QLocale>

#include "core/base/error_text.h"
#include "core/data/debias.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

namespace {
QString tr(const char* text, const char* comment = nullptr, int n = -1) {
    return QCoreApplication::translate("plumbline::ui", text, comment, n);
}
} // namespace

QString errorText(const Error& error) {
    // Patterns are views of literals, but nothing promises a closing zero.
    const std::string english(errorPattern(error.code));
    const QString pattern = QCoreApplication::translate("plumbline::Error", english.c_str());
    return fromUtf8(fillPattern(pattern.toStdString(), error));
}

QString errorDetails(const Error& error) {
    QStringList lines{fromUtf8(errorName(error.code))};
    for (const auto& [name, value] : error.args)
        lines.append(QStringLiteral("%1: %2").arg(fromUtf8(name), fromUtf8(value)));
    if (!error.detail.empty())
        lines.append(fromUtf8(error.detail));
    return lines.join(u'\n');
}

QString stageText(const QString& stage) {
    if (stage == u"painting-portraits")
        return tr("Painting portraits");
    if (stage == u"loading-model")
        return tr("Loading the model");
    if (stage == u"hashing-model")
        return tr("Hashing the files");
    if (stage == u"checking-model")
        return tr("Checking the model");
    if (stage == u"hashing-images")
        return tr("Checking the images");
    if (stage == u"embedding-images")
        return tr("Embedding images");
    if (stage == u"encoding-prompts")
        return tr("Encoding prompts");
    if (stage == u"measuring")
        return tr("Measuring");
    if (stage == u"other-measures")
        return tr("Measuring beside the rankings");
    if (stage == u"saving")
        return tr("Saving");
    if (stage == u"thumbnails")
        return tr("Making thumbnails");
    if (stage == u"checking-images")
        return tr("Looking at every picture");
    if (stage == u"comparing-images")
        return tr("Looking for pictures that are alike");
    if (stage == u"comparing-methods")
        return tr("Comparing methods");
    static const QString kFitting = QStringLiteral("fitting-");
    if (stage.startsWith(kFitting)) {
        const QString name = stage.mid(kFitting.size());
        const DebiasMethodInfo* info = findDebiasMethod(name.toStdString());
        return tr("Fitting %1").arg(info != nullptr ? fromUtf8(info->title) : name);
    }
    QString words = stage;
    return words.replace(u'-', u' ');
}

QString remainingText(double seconds) {
    if (!(seconds >= 0))
        return {};
    if (seconds < 5)
        return tr("a few seconds left");
    if (seconds < 55)
        return tr("about %1 s left").arg(static_cast<int>(std::ceil(seconds / 5) * 5));
    const auto minutes = static_cast<qint64>(std::ceil(seconds / 60));
    if (minutes < 60)
        return tr("about %1 min left").arg(minutes);
    return tr("about %1 h %2 min left").arg(minutes / 60).arg(minutes % 60);
}

QString countText(qint64 count) { return QLocale().toString(count); }

} // namespace plumbline::ui
