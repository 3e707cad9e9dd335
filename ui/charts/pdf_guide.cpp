// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/pdf_guide.h"

#include <algorithm>
#include <exception>
#include <string>

#include <QUrl>

#define POINTERHOLDER_TRANSITION 4 // std::shared_ptr, not what qpdf had before
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFObjectHandle.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFPageObjectHelper.hh>
#include <qpdf/QPDFWriter.hh>

namespace plumbline::ui {

namespace {

using Handle = QPDFObjectHandle;

class Guide {
public:
    explicit Guide(QPDF& pdf) : m_pdf(pdf) {
        for (QPDFPageObjectHelper& page : QPDFPageDocumentHelper(pdf).getAllPages())
            m_pages.push_back(page.getObjectHandle());
    }

    void addOutline(const std::vector<PdfGuide::Entry>& entries) {
        Handle root = m_pdf.makeIndirectObject(Handle::newDictionary());
        root.replaceKey("/Type", Handle::newName("/Outlines"));
        struct Open {
            int level;
            Handle item, last; ///< the entry, and the last one below it
            int below = 0;
        };
        std::vector<Open> open{{0, root, Handle::newNull()}};
        const auto close = [&](int level) {
            while (open.back().level >= level) {
                if (const Open done = open.back(); done.below > 0) {
                    Handle item = done.item;
                    item.replaceKey("/Last", done.last);
                    item.replaceKey("/Count", Handle::newInteger(-done.below)); // folded
                }
                open.pop_back();
            }
        };
        for (const PdfGuide::Entry& entry : entries) {
            if (!has(entry.place.page))
                continue;
            close(std::max(1, entry.level));
            Open& parent = open.back();
            Handle item = m_pdf.makeIndirectObject(Handle::newDictionary());
            item.replaceKey("/Title", Handle::newUnicodeString(entry.title.toStdString()));
            item.replaceKey("/Parent", parent.item);
            item.replaceKey("/Dest", destination(entry.place));
            if (parent.below++ == 0) {
                parent.item.replaceKey("/First", item);
            } else {
                item.replaceKey("/Prev", parent.last);
                parent.last.replaceKey("/Next", item);
            }
            parent.last = item;
            open.push_back({std::max(1, entry.level), item, Handle::newNull()});
        }
        close(1);
        if (open.front().below == 0)
            return;
        root.replaceKey("/Last", open.front().last);
        root.replaceKey("/Count", Handle::newInteger(open.front().below));
        m_pdf.getRoot().replaceKey("/Outlines", root);
        m_pdf.getRoot().replaceKey("/PageMode", Handle::newName("/UseOutlines"));
    }

    void mendLinks(const QHash<QString, PdfPlace>& places) {
        for (Handle& page : m_pages) {
            Handle notes = page.getKey("/Annots");
            if (!notes.isArray())
                continue;
            for (int i = notes.getArrayNItems(); i-- > 0;) {
                Handle note = notes.getArrayItem(i);
                Handle action = note.getKey("/A");
                if (!action.isDictionary() || !action.getKey("/URI").isString())
                    continue;
                const QByteArray address = QByteArray::fromStdString(action.getKey("/URI").getStringValue());
                if (!address.startsWith('#'))
                    continue;
                const auto place = places.constFind(QUrl::fromPercentEncoding(address.mid(1)));
                if (place == places.constEnd() || !has(place->page)) {
                    notes.eraseItem(i);
                    continue;
                }
                note.removeKey("/A");
                note.replaceKey("/Dest", destination(*place));
            }
        }
    }

private:
    bool has(int page) const { return page >= 0 && static_cast<std::size_t>(page) < m_pages.size(); }
    double heightOf(int page) {
        return QPDFPageObjectHelper(m_pages[static_cast<std::size_t>(page)])
            .getAttribute("/MediaBox", false)
            .getArrayItem(3)
            .getNumericValue();
    }
    Handle destination(const PdfPlace& place) {
        Handle array = Handle::newArray();
        array.appendItem(m_pages[static_cast<std::size_t>(place.page)]);
        array.appendItem(Handle::newName("/XYZ"));
        array.appendItem(Handle::newNull());
        array.appendItem(Handle::newReal(heightOf(place.page) - place.top, 2));
        array.appendItem(Handle::newNull()); // as large as it is shown
        return array;
    }

    QPDF& m_pdf;
    std::vector<Handle> m_pages;
};

} // namespace

Result<QByteArray> withGuide(const QByteArray& pdf, const PdfGuide& guide) {
    try {
        QPDF document;
        document.setSuppressWarnings(true);
        document.processMemoryFile("report", pdf.constData(), static_cast<std::size_t>(pdf.size()));
        Guide pages(document);
        pages.addOutline(guide.outline);
        pages.mendLinks(guide.places);
        Handle root = document.getRoot();
        if (!guide.language.isEmpty())
            root.replaceKey("/Lang", Handle::newString(guide.language.toStdString()));
        Handle preferences = Handle::newDictionary();
        preferences.replaceKey("/DisplayDocTitle", Handle::newBool(true));
        root.replaceKey("/ViewerPreferences", preferences);
        QPDFWriter writer(document);
        writer.setOutputMemory();
        writer.write();
        const auto buffer = writer.getBufferSharedPointer();
        return QByteArray(reinterpret_cast<const char*>(buffer->getBuffer()),
                          static_cast<qsizetype>(buffer->getSize()));
    } catch (const std::exception& exception) { // QPDFExc among others
        return fail(ErrorCode::Internal, {}, exception.what());
    }
}

} // namespace plumbline::ui
