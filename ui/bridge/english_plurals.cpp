// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/english_plurals.h"

#include <cstring>

#include <QRegularExpression>

namespace plumbline::ui {

QString EnglishPlurals::translate(const char*, const char* sourceText, const char*, int n) const {
    // Null: not ours, the source text stands.
    const bool counts = std::strstr(sourceText, "%n") != nullptr || std::strstr(sourceText, "%Ln") != nullptr;
    return n < 0 || !counts ? QString() : choose(QString::fromUtf8(sourceText), n);
}

QString EnglishPlurals::choose(const QString& text, int n) {
    static const QRegularExpression kForms(QStringLiteral("\\(([^()|]*)\\|([^()|]*)\\)"));
    QString result = text;
    result.replace(QStringLiteral("(s)"), n == 1 ? QString() : QStringLiteral("s"));
    return result.replace(kForms, n == 1 ? QStringLiteral("\\1") : QStringLiteral("\\2"));
}

} // namespace plumbline::ui
