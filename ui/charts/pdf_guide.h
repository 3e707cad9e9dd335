// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QByteArray>
#include <QHash>
#include <QString>

#include "core/base/error.h"

namespace plumbline::ui {

/// A place of a document on paper.
struct PdfPlace {
    int page = 0;   ///< from 0
    double top = 0; ///< points from the upper edge of the sheet
};

/// What leads a reader through a PDF, none of which QPdfWriter writes.
struct PdfGuide {
    struct Entry {
        QString title;
        int level = 1; ///< 1, or more for what stands below the entry before it
        PdfPlace place;
    };
    std::vector<Entry> outline;
    QHash<QString, PdfPlace> places; ///< where "#NAME" leads to
    QString language;                ///< such as "en"
};

/// The same PDF with outline and language, and with its title in the window of who reads it. Links to "#NAME", which Qt
/// writes as addresses of the web, lead to their places, or are left out where there is none; so are entries of pages
/// that it does not have. Error: Internal (it is no PDF).
Result<QByteArray> withGuide(const QByteArray& pdf, const PdfGuide& guide);

} // namespace plumbline::ui
