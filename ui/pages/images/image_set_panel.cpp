// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/image_set_panel.h"

#include <algorithm>
#include <utility>

#include <QApplication>
#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "core/data/image_check.h"
#include "ui/bridge/edit_history.h"
#include "ui/bridge/engine.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/bridge/running_work.h"
#include "ui/models/project_lists.h"
#include "ui/pages/images/check_view.h"
#include "ui/pages/images/crossing_view.h"
#include "ui/pages/images/image_browser.h"
#include "ui/pages/images/image_set_view.h"
#include "ui/pages/images/label_sources.h"
#include "ui/pages/runs/plain_tabs.h"
#include "ui/widgets/page.h"
#include "ui/widgets/theme.h"

namespace plumbline::ui {

namespace {
const QString kCheckWork = QStringLiteral("check-images");
}

ImageSetPanel::ImageSetPanel(const Context& context, QWidget* parent)
    : QWidget(parent), m_context(context), m_reader(context.project, context.engine), m_thumbnails(&m_reader),
      m_tabs(new PlainTabs), m_pages(new QStackedWidget), m_sources(new LabelSources), m_labels(new ImageSetView),
      m_browser(new ImageBrowser(&m_thumbnails)), m_crossing(new CrossingView), m_check(new CheckView(&m_thumbnails)) {
    m_tabs->setAccessibleName(tr("What of the image set is shown"));
    m_tabs->addTab(tr("Labels"));
    m_tabs->addTab(tr("Images"));
    m_tabs->addTab(tr("Crossing"));
    m_tabs->addTab(tr("Check"));
    auto* labels = new QWidget;
    auto* column = new QVBoxLayout(labels);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(theme::kGrid);
    column->addWidget(heading(tr("Where the labels come from")));
    column->addWidget(m_sources);
    column->addWidget(m_labels, 1);
    for (QWidget* page :
         {labels, static_cast<QWidget*>(m_browser), static_cast<QWidget*>(m_crossing), static_cast<QWidget*>(m_check)})
        m_pages->addWidget(page);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(theme::kGrid);
    all->addWidget(m_tabs);
    all->addWidget(m_pages, 1);

    connect(m_tabs, &QTabBar::currentChanged, this, [this](int tab) {
        m_pages->setCurrentIndex(tab);
        readCatalog();
    });
    connect(m_sources, &LabelSources::edited, this, &ImageSetPanel::saveSources);
    connect(m_check, &CheckView::checkWanted, this, &ImageSetPanel::startCheck);
    connect(m_check, &CheckView::flawWanted, this, [this](ImageFlaw flaw) {
        m_browser->showFlaw(flaw);
        showTab(Images);
    });
    connect(m_crossing, &CrossingView::groupsWanted, this, [this](const auto& groups) {
        m_browser->showGroups(groups);
        showTab(Images);
    });
    connect(m_browser, &ImageBrowser::blurred, m_check, &CheckView::setBlurred);
    m_check->setBlurred(m_browser->isBlurred());
    connect(m_context.project, &ProjectService::closed, this, [this] {
        m_record.reset(); // the next project's sets have the same numbers
        m_read.clear();
        m_thumbnails.setImageSet(0);
        spread(nullptr);
    });
}

void ImageSetPanel::showTab(Tab tab) {
    m_tabs->setCurrentIndex(tab);
}

void ImageSetPanel::setRecord(const store::ImageSetRecord* record) {
    if (record == nullptr) {
        m_record.reset();
        m_read.clear();
        m_labels->clear();
        spread(nullptr);
        return;
    }
    const bool isOther = !m_record || m_record->id != record->id;
    if (isOther) { // its images are not shown with the other's thumbnails
        m_read.clear();
        spread(nullptr);
    }
    if (isOther || m_record->report.unreadable != record->report.unreadable)
        m_labels->setContent(record->images, record->report, record->attributes);
    const auto stored = [](const store::ImageSetRecord& set) {
        std::vector<LabelSource> sources;
        for (const auto& attribute : set.attributes)
            sources.push_back(attribute.source);
        return sources;
    };
    // What is being typed is not taken away by a change elsewhere; what was stored is, when it is undone.
    if (isOther || !m_sources->isAncestorOf(QApplication::focusWidget()) ||
        m_sources->sources() == stored(*m_record)) {
        QStringList names;
        for (const auto& attribute : record->attributes)
            names.append(fromUtf8(attribute.name));
        m_sources->setAttributes(names, stored(*record));
        m_sources->setReadOnly(!m_context.isWritable());
    }
    m_record = *record;
    updateCheck();
    readCatalog();
}

void ImageSetPanel::spread(const std::shared_ptr<const ImageCatalog>& catalog) {
    m_browser->setCatalog(catalog);
    m_crossing->setCatalog(catalog);
    m_check->setCatalog(catalog);
}

void ImageSetPanel::readCatalog() {
    if (!m_record || m_tabs->currentIndex() == Labels)
        return;
    const QString wanted = QStringLiteral("%1 %2").arg(m_record->id).arg(fromUtf8(m_record->checked));
    if (std::exchange(m_read, wanted) == wanted)
        return;
    m_thumbnails.setImageSet(m_record->id);
    using Catalog = std::shared_ptr<const ImageCatalog>;
    m_context.project->ask<Catalog>(
        this,
        [id = m_record->id](store::Project& project) -> Result<Catalog> {
            PLUMBLINE_TRY(ImageCatalog catalog, project.imageCatalog(id));
            return std::make_shared<const ImageCatalog>(std::move(catalog));
        },
        [this, wanted](const Result<Catalog>& catalog) {
            if (m_read != wanted)
                return; // another set is looked at by now
            if (catalog)
                spread(*catalog);
            else
                Q_EMIT raised(Message::of(catalog.error()));
        });
}

void ImageSetPanel::saveSources() {
    if (!m_record || !m_context.isWritable())
        return;
    m_context.project->history()->edit(
        this, tr("changing where the labels of %1 come from").arg(fromUtf8(m_record->name)),
        [id = m_record->id, sources = m_sources->sources()](store::Project& project) -> Result<void> {
            PLUMBLINE_TRY(const auto before, project.labelSources(id));
            return before == sources ? Result<void>() : project.setLabelSources(id, sources);
        },
        [this](const Result<void>& saved) {
            if (!saved)
                Q_EMIT raised(Message::of(saved.error()));
        });
}

void ImageSetPanel::updateCheck() {
    const bool isRunning = m_context.work->isRunning(kCheckWork);
    m_check->setCanCheck(m_record && m_context.isWritable() && !isRunning,
                         isRunning ? tr("Looking at every picture; the bar below says how far it is.") : QString());
}

void ImageSetPanel::startCheck() {
    if (!m_record || m_context.work->isRunning(kCheckWork))
        return;
    QJsonObject params = m_context.projectParams();
    params.insert(QStringLiteral("image_set"), static_cast<qint64>(m_record->id));
    // A picture is small where a model of the project would enlarge it.
    int side = ImageCheckOptions().smallestSide;
    for (const store::ModelRecord& model : m_context.lists->models()->records())
        side = std::max(side, model.card.config.preprocessing.size.value);
    params.insert(QStringLiteral("smallest_side"), side);
    m_context.work->start(kCheckWork, tr("Checking the pictures of %1").arg(fromUtf8(m_record->name)),
                          QStringLiteral("images/check"), params, this, [this](const Outcome<QJsonObject>& answer) {
                              if (!answer && !answer.error().cancelled())
                                  Q_EMIT raised(Message::of(answer.error().error()));
                              updateCheck();
                          });
    updateCheck();
}

} // namespace plumbline::ui
