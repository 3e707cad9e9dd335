// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTranslator>

namespace plumbline::ui {

/// The plural forms of the English source texts, so that English needs no file of translations: of
/// tr("%n (row names|rows name) an image", nullptr, n) the first words are for one, the second for any other number;
/// "(s)" is short for "(|s)". Translations that are installed later come first.
class EnglishPlurals : public QTranslator {
    Q_OBJECT
public:
    using QTranslator::QTranslator;
    bool isEmpty() const override { return false; }
    QString translate(const char* context, const char* sourceText, const char* disambiguation, int n) const override;

    static QString choose(const QString& text, int n);
};

} // namespace plumbline::ui
