// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/report_pages.h"

#include <algorithm>

#include <QAbstractTextDocumentLayout>
#include <QBuffer>
#include <QFont>
#include <QHash>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QRegularExpression>
#include <QTextBlock>
#include <QTextCursor>
#include <QTextDocument>
#include <QTextFragment>
#include <QTextLayout>
#include <QTextTable>

#include "ui/charts/report_drawings.h"

namespace plumbline::ui {

namespace {

constexpr double kMarginMm = 16;
/// Of a part that is folded in the page: one with more is named and left out.
constexpr qsizetype kMostRows = 40;
/// The room of the lines at the head and foot of a page, in parts of an inch.
/// Of a sentence between a heading and its chart, and of a table's caption, at the most.
constexpr int kLinesBeforeChart = 3, kLinesOfCaption = 2;
constexpr double kHeadInch = 0.35, kFootInch = 0.35;

/// What QTextDocument's part of CSS can say of a report on paper.
const char* const kStyle = "body { color: #1d1d1b; } "
                           "h1 { font-size: 17pt; } h2 { font-size: 13pt; margin-top: 18pt; margin-bottom: 4pt; } "
                           "h3 { font-size: 10pt; margin-top: 10pt; margin-bottom: 2pt; } "
                           "p { margin-top: 3pt; margin-bottom: 5pt; } li { margin-bottom: 1pt; } "
                           ".quiet { color: #5b5b57; } a { color: #1d1d1b; text-decoration: none; } "
                           "pre { font-size: 7pt; white-space: pre-wrap; } "
                           "th { color: #5b5b57; font-weight: 600; font-size: 7pt; } td { font-size: 7pt; } .wide td, "
                           ".wide th { font-size: 6pt; } ";

/// Each match of `pattern`, replaced by what `make` says of it.
template <class Make>
QString replaced(const QString& text, const char* pattern, Make make) {
    static constexpr auto kWhole = QRegularExpression::DotMatchesEverythingOption;
    const QRegularExpression expression(QString::fromLatin1(pattern), kWhole);
    QString out;
    qsizetype at = 0;
    for (auto matches = expression.globalMatch(text); matches.hasNext();) {
        const QRegularExpressionMatch match = matches.next();
        out += QStringView(text).sliced(at, match.capturedStart() - at);
        out += make(match);
        at = match.capturedEnd();
    }
    return out += QStringView(text).sliced(at);
}

/// The report in the part of HTML that a QTextDocument knows; charts and pictures go to `drawings`.
QString forPaper(QString html, Drawings& drawings) {
    html = replaced(html, "<style>.*?</style>", [](const auto&) { return QString(); });
    html = replaced(html, "<svg .*?</svg>", [&](const QRegularExpressionMatch& match) {
        QString svg = match.captured(); // what the page's style says of its words
        svg.replace(QStringLiteral("class=\"quiet\""), QStringLiteral("fill=\"#5b5b57\""));
        svg.replace(
            QStringLiteral("<text "),
            QStringLiteral("<text font-family=\"sans-serif\" font-size=\"13\" font-weight=\"400\" stroke=\"none\" "));
        return QStringLiteral("<img src=\"%1\"/>").arg(drawings.addChart(svg));
    });
    // What opens with a click is open, unless it would fill pages that nobody turns.
    html = replaced(
        html, "<details>\\s*<summary>(.*?)</summary>(.*?)</details>", [](const QRegularExpressionMatch& match) {
            const QString name = match.captured(1), content = match.captured(2);
            if (content.count(QStringLiteral("<tr")) > kMostRows)
                return QStringLiteral("<p class=\"quiet\">%1: in the report as HTML and in the results as CSV.</p>")
                    .arg(name);
            return QStringLiteral("<p class=\"quiet\">%1</p>%2").arg(name, content);
        });
    html = replaced(html, "<p class=\"quiet lines\">(.*?)</p>", [](const QRegularExpressionMatch& match) {
        return QStringLiteral("<p class=\"quiet\">%1</p>")
            .arg(match.captured(1).replace(u'\n', QStringLiteral("<br/>")));
    });
    html = replaced(html, "<p class=\"quiet number\">.*?</p>", [](const auto&) {
        return QStringLiteral(
            "<p class=\"quiet\">The report number is that of the same report as HTML: the SHA-256 of its "
            "contents. These pages are made from it.</p>");
    });
    html.replace(QStringLiteral("<span class=\"sub\">"), QStringLiteral("<br/><span>"));
    // What links lead to: a QTextDocument knows names, not ids.
    html = replaced(html, "<(h[1-6]|p|li|dt|dd|div|section)( [^>]*?)?\\bid=\"([^\"]*)\"([^>]*)>",
                    [](const QRegularExpressionMatch& match) {
                        return QStringLiteral("<%1%2%4><a name=\"%3\"></a>")
                            .arg(match.captured(1), match.captured(2), match.captured(3), match.captured(4));
                    });
    html = replaced(html, "<div class=\"pictures\">(.*?)</div>(?=\\n<|$)", [&](const QRegularExpressionMatch& match) {
        QString table = QStringLiteral("<table width=\"100%\"><tr>");
        int count = 0;
        replaced(match.captured(1), "<figure>(.*?)<figcaption>(.*?)</figcaption></figure>",
                 [&](const QRegularExpressionMatch& figure) {
                     static const QRegularExpression data(QStringLiteral("base64,([^\"]*)\""));
                     if (count > 0 && count % kPicturesARow == 0)
                         table += QStringLiteral("</tr><tr>");
                     ++count;
                     const QRegularExpressionMatch picture = data.match(figure.captured(1));
                     const QString shown =
                         picture.hasMatch()
                             ? QStringLiteral("<img src=\"%1\"/><br/>")
                                   .arg(drawings.addPicture(QByteArray::fromBase64(picture.captured(1).toLatin1())))
                             : figure.captured(1);
                     table += QStringLiteral("<td width=\"%1%\" align=\"left\" style=\"font-size: 6pt\">%2%3</td>")
                                  .arg(100 / kPicturesARow)
                                  .arg(shown, figure.captured(2));
                     return QString();
                 });
        return table + QStringLiteral("</tr></table>");
    });
    // Numbers stand right, words left.
    html.replace(QStringLiteral("<table class=\"facts\">"), QStringLiteral("<table cellpadding=\"1\">"));
    html.replace(QStringLiteral("<table>"),
                 QStringLiteral("<table width=\"100%\" cellspacing=\"0\" cellpadding=\"2\">"));
    html.replace(QStringLiteral("<table class=\"wide\">"),
                 QStringLiteral("<table class=\"wide\" width=\"100%\" cellspacing=\"0\" cellpadding=\"1\">"));
    html = replaced(html, "<t([hd])( [^>]*)?>", [](const QRegularExpressionMatch& match) {
        const QString rest = match.captured(2);
        if (rest.contains(u"align="))
            return match.captured();
        const bool isText = rest.contains(u"class=\"t\"") || rest.contains(u"class=\"t v\"");
        return QStringLiteral("<t%1%2 align=\"%3\" valign=\"top\">")
            .arg(match.captured(1), rest, isText ? QStringLiteral("left") : QStringLiteral("right"));
    });
    // A caption is no part of a table that a QTextDocument knows.
    return replaced(html, "(<table[^>]*>)\\s*<caption>(.*?)</caption>", [](const QRegularExpressionMatch& match) {
        return QStringLiteral("<p class=\"quiet\">%1</p>%2").arg(match.captured(2), match.captured(1));
    });
}

bool isChart(const QTextBlock& block) {
    return block.isValid() && block.text().startsWith(QChar::ObjectReplacementCharacter);
}

/// A line or two right above a table.
bool isCaption(const QTextBlock& block) {
    return !block.text().isEmpty() && !isChart(block) && block.layout()->lineCount() <= kLinesOfCaption &&
           block.next().isValid() && QTextCursor(block.next()).currentTable() != nullptr &&
           QTextCursor(block).currentTable() == nullptr;
}

/// A heading or caption is not cut by the end of a page, and does not stay behind when what it is of goes to the next.
void keepHeadings(QTextDocument& document, double pageHeight) {
    const QAbstractTextDocumentLayout& layout = *document.documentLayout();
    const auto page = [&](double y) { return static_cast<int>(y / pageHeight); };
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        if (!block.next().isValid() || (block.blockFormat().headingLevel() == 0 && !isCaption(block)))
            continue;
        QTextBlock first = block; // a heading may stand right under another
        while (first.previous().isValid() && first.previous().blockFormat().headingLevel() > 0)
            first = first.previous();
        QTextBlockFormat format = first.blockFormat();
        const double end = layout.blockBoundingRect(first).bottom() - 1;
        const double top = end - first.layout()->boundingRect().height(); // of its words: the block has its margin
        const QRectF next = layout.blockBoundingRect(block.next());
        double below = next.top() + std::min(next.height(), 1.5 * layout.blockBoundingRect(block).height());
        const auto reach = [&](const QTextBlock& of) { // a chart is one line
            const QTextLayout& words = *of.layout();
            if (words.lineCount() > 0)
                below = std::max(below, layout.blockBoundingRect(of).top() + words.lineAt(0).y() +
                                            words.lineAt(0).height() - 1);
        };
        reach(block.next());
        if (const QTextTable* table = QTextCursor(block.next()).currentTable()) { // with its head and a first row
            const int row = std::min(table->format().headerRowCount(), table->rows() - 1);
            reach(table->cellAt(row, 0).firstCursorPosition().block());
        }
        const QTextBlock chart = block.next().next(); // after a sentence on it
        if (isChart(chart) && !isChart(block.next()) && block.next().layout()->lineCount() <= kLinesBeforeChart)
            if (const QRectF all = layout.blockBoundingRect(chart); all.bottom() - top < pageHeight)
                reach(chart);
        if (page(top) != page(end))
            format.setTopMargin(format.topMargin() +
                                ((page(top) + 1) * pageHeight - top) * kPixelsPerInch / kDotsPerInch);
        else if (page(end) != page(below))
            format.setPageBreakPolicy(QTextFormat::PageBreak_AlwaysBefore);
        else
            continue;
        QTextCursor(first).setBlockFormat(format);
        // Laid out anew from the start: what Qt lays out from the change on can lose what stands after a table.
        document.markContentsDirty(0, document.characterCount());
    }
}

QFont bodyFont() {
    QFont font(QStringLiteral("sans-serif"));
    font.setPointSizeF(8.5);
    return font;
}

} // namespace

void setUpPaper(QPdfWriter& writer) {
    writer.setResolution(kDotsPerInch);
    writer.setPageSize(QPageSize(QPageSize::A4));
    writer.setPageMargins(QMarginsF(kMarginMm, kMarginMm, kMarginMm, kMarginMm), QPageLayout::Millimeter);
}

struct ReportPages::Private {
    QBuffer nowhere;
    std::unique_ptr<QPdfWriter> device; ///< what lengths are measured for; nothing is painted on it
    QSizeF area, body;                  ///< of a page within its margins; of the text between head and foot
    std::unique_ptr<Drawings> drawings; ///< outlives the document
    QTextDocument document;
    QString title;
};

ReportPages::ReportPages() : d(std::make_unique<Private>()) {
}
ReportPages::~ReportPages() = default;

Result<std::unique_ptr<ReportPages>> ReportPages::layOut(const QByteArray& html) {
    const QString page = QString::fromUtf8(html);
    static const QRegularExpression titleOf(QStringLiteral("<title>(.*?)</title>"));
    const QRegularExpressionMatch title = titleOf.match(page);
    if (!title.hasMatch() || !page.contains(u"<main>"))
        return fail(ErrorCode::InvalidArgument, {{"name", "html"}, {"value", ""}, {"expected", "a report"}});
    std::unique_ptr<ReportPages> pages(new ReportPages);
    Private& d = *pages->d;
    QTextDocument plain;
    plain.setHtml(title.captured(1)); // its entities
    d.title = plain.toPlainText();
    d.nowhere.open(QIODevice::WriteOnly);
    d.device = std::make_unique<QPdfWriter>(&d.nowhere);
    setUpPaper(*d.device);
    d.area = QSizeF(d.device->width(), d.device->height());
    d.body = QSizeF(d.area.width(), d.area.height() - (kHeadInch + kFootInch) * kDotsPerInch);
    d.drawings = std::make_unique<Drawings>(d.body);
    d.document.documentLayout()->setPaintDevice(d.device.get());
    d.document.documentLayout()->registerHandler(QTextFormat::ImageObject, d.drawings.get());
    d.document.setDocumentMargin(0);
    d.document.setDefaultFont(bodyFont());
    d.document.setDefaultStyleSheet(QString::fromLatin1(kStyle));
    d.document.setHtml(forPaper(page, *d.drawings));
    d.document.setPageSize(d.body);
    keepHeadings(d.document, d.body.height());
    return pages;
}

QString ReportPages::title() const {
    return d->title;
}

int ReportPages::count() const {
    return d->document.pageCount();
}

QSizeF ReportPages::area() const {
    return d->area;
}

QSizeF ReportPages::paper() const {
    return QPageSize(QPageSize::A4).size(QPageSize::Millimeter) / 25.4 * kDotsPerInch;
}

void ReportPages::paint(QPainter& painter, int page) const {
    painter.save();
    painter.save();
    painter.translate(0, kHeadInch * kDotsPerInch - page * d->body.height());
    QAbstractTextDocumentLayout::PaintContext context;
    // Without the dots at its ends: what only touches them belongs to the page before or after, and to its text.
    context.clip = QRectF(0, page * d->body.height() + 1, d->body.width(), d->body.height() - 2);
    context.palette.setColor(QPalette::Text, QColor(0x1d, 0x1d, 0x1b));
    painter.setClipRect(context.clip.adjusted(0, -1, 0, 0));
    d->document.documentLayout()->draw(&painter, context);
    painter.restore();
    QFont small = bodyFont();
    small.setPixelSize(qRound(7.0 / 72 * kDotsPerInch)); // as large on every device
    painter.setFont(small);
    painter.setPen(QColor(0x5b, 0x5b, 0x57));
    painter.drawText(QRectF(0, 0, d->area.width(), kHeadInch * kDotsPerInch), Qt::AlignLeft | Qt::AlignTop, d->title);
    painter.drawText(QRectF(QPointF(0, 0), d->area), Qt::AlignRight | Qt::AlignBottom,
                     QStringLiteral("%1 / %2").arg(page + 1).arg(count()));
    painter.restore();
}

PdfGuide ReportPages::guide() const {
    const QAbstractTextDocumentLayout& layout = *d->document.documentLayout();
    const double margin = (paper().height() - d->area.height()) / 2 + kHeadInch * kDotsPerInch;
    const auto placeOf = [&](double y) {
        const int page = static_cast<int>(y / d->body.height());
        return PdfPlace{page, (margin + y - page * d->body.height()) * 72.0 / kDotsPerInch};
    };
    PdfGuide guide;
    guide.language = QStringLiteral("en"); // as the page says
    for (QTextBlock block = d->document.begin(); block.isValid(); block = block.next()) {
        const QTextLayout& lines = *block.layout();
        const double top = layout.blockBoundingRect(block).top() + (lines.lineCount() > 0 ? lines.lineAt(0).y() : 0.0);
        const PdfPlace place = placeOf(top);
        if (const int level = block.blockFormat().headingLevel(); level > 1 && !block.text().trimmed().isEmpty())
            guide.outline.push_back({block.text().trimmed(), level - 1, place});
        for (auto part = block.begin(); !part.atEnd(); ++part)
            for (const QString& name : part.fragment().charFormat().anchorNames())
                guide.places.insert(name, place);
    }
    return guide;
}

QImage ReportPages::picture(int page, int width) const {
    const QSizeF whole = paper();
    const double scale = width / whole.width();
    QImage image(width, qRound(whole.height() * scale), QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
    painter.scale(scale, scale);
    painter.translate((whole.width() - d->area.width()) / 2, (whole.height() - d->area.height()) / 2);
    paint(painter, page);
    return image;
}

} // namespace plumbline::ui
