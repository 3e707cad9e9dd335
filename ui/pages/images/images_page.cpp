// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/images_page.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/bridge/project_service.h"
#include "ui/models/project_lists.h"
#include "ui/pages/images/add_images_form.h"
#include "ui/pages/images/image_set_panel.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/table_view.h"

namespace plumbline::ui {

ImagesPage::ImagesPage(const Context& context, QWidget* parent)
    : Page(tr("Images"), tr("Labelled images to rank, and how labels and files came together."), parent),
      m_context(context), m_stack(new QStackedWidget), m_table(new TableView), m_view(new ImageSetPanel(context)),
      m_viewTitle(heading({})), m_viewPlace(caption({})), m_add(addPrimaryButton(tr("Add images…"))),
      m_remove(new QPushButton(tr("Remove"))), m_form(new AddImagesForm(context)) {
    auto* empty = new EmptyState(QStringLiteral("images"),
                                 tr("No images yet. Add a folder of photographs with a table of labels, or drop both "
                                    "anywhere on this window. The images stay where they are."));
    connect(empty->addButton(tr("Add images…")), &QPushButton::clicked, this, [this] { addImages({}, {}); });

    m_table->setSource(m_context.lists->imageSets(), kSortRole);
    m_table->setStretchColumn(ImageSetTable::Name);
    m_table->setAccessibleName(tr("Image sets"));
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    auto* list = new Surface(Surface::Kind::Card);
    list->column()->addWidget(m_table);

    auto* details = new Surface(Surface::Kind::Card);
    auto* top = new QHBoxLayout;
    top->addWidget(m_viewTitle, 1);
    top->addWidget(m_remove);
    details->column()->addLayout(top);
    m_viewPlace->setWordWrap(true);
    details->column()->addWidget(m_viewPlace);
    details->column()->addWidget(m_view, 1);
    m_remove->setToolTip(tr("Remove the set from this project. Its files and finished runs stay."));

    auto* both = new QSplitter;
    both->setChildrenCollapsible(false);
    both->addWidget(list);
    both->addWidget(details);
    both->setSizes({380, 660});
    both->setStretchFactor(0, 3);
    both->setStretchFactor(1, 5);

    m_stack->addWidget(empty);
    m_stack->addWidget(both);
    m_stack->addWidget(m_form);
    body()->addWidget(m_stack, 1);

    connect(m_add, &QPushButton::clicked, this, [this] { addImages({}, {}); });
    connect(m_remove, &QPushButton::clicked, this, &ImagesPage::removeCurrent);
    connect(m_table, &TableView::currentSourceChanged, this, &ImagesPage::showCurrent);
    connect(m_form, &AddImagesForm::raised, this, &Page::raised);
    connect(m_view, &ImageSetPanel::raised, this, &Page::raised);
    connect(m_form, &AddImagesForm::dismissed, this, [this] {
        m_isAdding = false;
        updateState();
    });
    connect(m_form, &AddImagesForm::added, this, [this](qint64 id) {
        m_toSelect = id;
        updateState();
    });
    connect(m_context.lists, &ProjectLists::refreshed, this, &ImagesPage::updateState);
    connect(m_context.project, &ProjectService::closed, this, [this] { m_isAdding = false; });
    updateState();
}

void ImagesPage::addImages(const QString& folder, const QString& labels) {
    if (!m_context.project->isOpen()) {
        Q_EMIT projectNeeded([this, folder, labels] { addImages(folder, labels); });
        return;
    }
    if (!m_isAdding)
        m_form->reset();
    m_isAdding = true;
    m_form->prefill(folder, labels);
    updateState();
    m_form->setFocus();
}

void ImagesPage::showCurrent() {
    const auto* record = m_context.lists->imageSets()->record(m_table->currentSource());
    m_remove->setEnabled(record != nullptr && m_context.isWritable());
    m_view->setRecord(record);
    if (record == nullptr) {
        m_viewTitle->clear();
        m_viewPlace->clear();
        return;
    }
    m_viewTitle->setText(fromUtf8(record->name));
    QString place = shown(record->root);
    if (!record->labelsFile.empty())
        place += u'\n' + tr("Labels: %1").arg(shown(record->labelsFile));
    if (!record->report.filter.empty())
        place += tr(", only rows with %1").arg(fromUtf8(record->report.filter));
    m_viewPlace->setText(place);
}

void ImagesPage::removeCurrent() {
    const auto* record = m_context.lists->imageSets()->record(m_table->currentSource());
    if (record == nullptr)
        return;
    struct Whole {
        ImageSet set;
        std::vector<LabelSource> sources;
        std::optional<ImageCheck> check;
    };
    using Removed = std::shared_ptr<Whole>;
    m_context.project->ask<Removed>(
        this,
        [id = record->id](store::Project& project) -> Result<Removed> {
            Whole kept; // for Undo
            PLUMBLINE_TRY(kept.set, project.imageSet(id));
            PLUMBLINE_TRY(kept.sources, project.labelSources(id));
            PLUMBLINE_TRY(kept.check, project.imageCheck(id));
            PLUMBLINE_CHECK(project.removeImageSet(id));
            return std::make_shared<Whole>(std::move(kept));
        },
        [this, name = record->name](const Result<Removed>& removed) {
            if (!removed) {
                Q_EMIT raised(Message::of(removed.error()));
                return;
            }
            const auto undo = [this, name, kept = *removed] {
                m_context.project->ask<std::int64_t>(
                    this,
                    [name, kept](store::Project& project) -> Result<std::int64_t> {
                        PLUMBLINE_TRY(const std::int64_t back, project.addImageSet(kept->set, name));
                        PLUMBLINE_CHECK(project.setLabelSources(back, kept->sources));
                        if (kept->check) {
                            PLUMBLINE_CHECK(project.putImageCheck(back, *kept->check));
                        }
                        return back;
                    },
                    [this](const Result<std::int64_t>& id) {
                        if (!id)
                            Q_EMIT raised(Message::of(id.error()));
                    });
            };
            Q_EMIT raised({Severity::Note, tr("%1 was removed from the project.").arg(fromUtf8(name)), {}, {{tr("Undo"), undo}}});
        });
}

void ImagesPage::updateState() {
    ImageSetTable* sets = m_context.lists->imageSets();
    const bool any = sets->rowCount() > 0;
    m_stack->setCurrentIndex(m_isAdding ? 2 : any ? 1 : 0);
    m_add->setVisible(any && !m_isAdding);
    m_add->setEnabled(m_context.isWritable());
    if (const QModelIndex fresh = sets->indexOf(m_toSelect); m_toSelect != 0 && fresh.isValid()) {
        m_toSelect = 0;
        m_table->setCurrentSource(fresh);
    } else if (!m_table->currentIndex().isValid() && any) {
        m_table->setCurrentSource(sets->index(0, 0));
    }
    showCurrent();
}

} // namespace plumbline::ui
