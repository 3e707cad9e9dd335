// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QWidget>

#include "core/store/project.h"
#include "ui/models/thumbnails.h"
#include "ui/pages/context.h"
#include "ui/widgets/message_bar.h"

class QStackedWidget;
class QTabBar;

namespace plumbline::ui {

class CheckView;
class CrossingView;
class ImageBrowser;
class ImageSetView;
class LabelSources;

/// One image set, from four sides: how labels and files came together, its images, its groups crossed, and what is
/// wrong with its pictures. The images are read when one of the last three is looked at.
class ImageSetPanel : public QWidget {
    Q_OBJECT
public:
    enum Tab { Labels, Images, Crossing, Check };

    explicit ImageSetPanel(const Context& context, QWidget* parent = nullptr);

    /// Null: none. Called again whenever something of the set changed.
    void setRecord(const store::ImageSetRecord* record);
    void showTab(Tab tab);

    QTabBar* tabs() const { return m_tabs; }
    ImageBrowser* browser() const { return m_browser; }
    CrossingView* crossing() const { return m_crossing; }
    CheckView* check() const { return m_check; }
    LabelSources* sources() const { return m_sources; }

Q_SIGNALS:
    void raised(const plumbline::ui::Message& message);

private:
    void readCatalog();
    void spread(const std::shared_ptr<const ImageCatalog>& catalog);
    void startCheck();
    void updateCheck();
    void saveSources();

    Context m_context;
    ThumbnailReader m_reader;
    ThumbnailCache m_thumbnails;
    std::optional<store::ImageSetRecord> m_record;
    QString m_read; ///< which set, as of which check, the catalog is or will be
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    LabelSources* m_sources;
    ImageSetView* m_labels;
    ImageBrowser* m_browser;
    CrossingView* m_crossing;
    CheckView* m_check;
};

} // namespace plumbline::ui
