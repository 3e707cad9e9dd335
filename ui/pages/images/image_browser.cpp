// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/images/image_browser.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDesktopServices>
#include <QFileInfo>
#include <QGuiApplication>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QTableView>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>

#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"
#include "ui/charts/flow_layout.h"
#include "ui/charts/image_viewer.h"
#include "ui/charts/thumbnail_paint.h"
#include "ui/models/image_table.h"
#include "ui/models/thumbnails.h"
#include "ui/pages/images/image_tile.h"
#include "ui/widgets/page.h"
#include "ui/widgets/table_search.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/tile_grid.h"

namespace plumbline::ui {

namespace {

constexpr int kSide = 88;
/// Typing is let to settle before a million names are looked through.
constexpr int kDelayMs = 150;
/// Copied at a time; more is what the label table is for.
constexpr int kMostCopied = 20000;
/// Of a combo box's data: any group. Codes are 0 and more, unlabelled is -1.
constexpr int kAny = -2;
constexpr int kFileWidth = 20 * theme::kGrid;
constexpr int kColumnWidth = 14 * theme::kGrid;

QToolButton* viewButton(const QString& text, const QString& toolTip) {
    auto* button = new QToolButton;
    button->setText(text);
    button->setToolTip(toolTip);
    button->setCheckable(true);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

} // namespace

ImageBrowser::ImageBrowser(ThumbnailCache* thumbnails, QWidget* parent)
    : QWidget(parent), m_thumbnails(thumbnails), m_images(new ImageTable(thumbnails, this)), m_find(new QLineEdit),
      m_choices(new QWidget), m_flaw(new QComboBox), m_all(new QPushButton(tr("Show all"))), m_count(caption({})),
      m_blur(new QCheckBox(tr("Blur"))), m_asGrid(viewButton(tr("Thumbnails"), tr("Show the images as thumbnails"))),
      m_asTable(viewButton(tr("Table"), tr("Show the images as a table that sorts by each column"))),
      m_views(new QStackedWidget), m_grid(new TileGrid), m_table(new QTableView),
      m_tile(new ImageTile(kSide, false, this)) {
    m_find->setObjectName(QLatin1String(kFindLine)); // Ctrl+F
    m_find->setPlaceholderText(tr("Find in file names"));
    m_find->setAccessibleName(tr("Find in file names"));
    m_find->setClearButtonEnabled(true);
    m_find->setMinimumWidth(20 * theme::kGrid);
    m_flaw->setAccessibleName(tr("Findings"));
    m_all->setToolTip(tr("Forget what was typed and chosen here"));
    m_blur->setToolTip(tr("Makes people unrecognisable, for a screen that others see"));
    new FlowLayout(theme::kGrid, theme::kHalf, m_choices);

    m_table->setModel(m_images);
    theme::styleTable(m_table);
    m_table->setFont(theme::tabularFont(m_table->font()));
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    m_table->setAccessibleName(tr("Images as a table"));
    // A million rows have one height, which is not asked for of each.
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    m_table->horizontalHeader()->setSortIndicatorClearable(true);
    m_table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    m_table->setSortingEnabled(true);
    m_table->setContextMenuPolicy(Qt::CustomContextMenu);
    m_table->installEventFilter(this);
    m_grid->setModel(m_images);
    m_grid->setItemDelegate(m_tile);
    m_grid->setAccessibleName(tr("Images as thumbnails"));
    m_grid->setContextMenuPolicy(Qt::CustomContextMenu);
    m_views->addWidget(m_grid);
    m_views->addWidget(m_table);

    auto* views = new QButtonGroup(this);
    views->addButton(m_asGrid);
    views->addButton(m_asTable);
    m_asGrid->setChecked(true);

    auto* top = new QHBoxLayout;
    top->setSpacing(theme::kGrid);
    top->addWidget(m_find, 1);
    top->addWidget(m_blur);
    top->addWidget(m_asGrid);
    top->addWidget(m_asTable);
    auto* counted = new QHBoxLayout;
    counted->setSpacing(theme::kGrid);
    counted->addWidget(m_count, 1);
    counted->addWidget(m_all);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(theme::kGrid);
    all->addLayout(top);
    all->addWidget(m_choices);
    all->addLayout(counted);
    all->addWidget(m_views, 1);

    m_typing.setSingleShot(true);
    m_typing.setInterval(kDelayMs);
    connect(&m_typing, &QTimer::timeout, this, &ImageBrowser::choose);
    connect(m_find, &QLineEdit::textChanged, &m_typing, qOverload<>(&QTimer::start));
    connect(m_flaw, &QComboBox::currentIndexChanged, this, &ImageBrowser::choose);
    connect(m_all, &QPushButton::clicked, this, &ImageBrowser::clearChoices);
    connect(m_blur, &QCheckBox::toggled, this, &ImageBrowser::setBlurred);
    connect(m_asTable, &QToolButton::toggled, this, [this](bool on) {
        QAbstractItemView* shown = on ? static_cast<QAbstractItemView*>(m_table) : m_grid;
        const QModelIndex current = (on ? m_grid->currentIndex() : m_table->currentIndex()).siblingAtColumn(0);
        m_views->setCurrentWidget(shown);
        if (current.isValid()) { // the same image stays the current one
            shown->setCurrentIndex(current);
            shown->scrollTo(current);
        }
    });
    connect(m_images, &ImageTable::arranging, this, [this] { m_count->setText(tr("Looking…")); });
    connect(m_images, &ImageTable::arranged, this, &ImageBrowser::showCount);
    for (QAbstractItemView* view :
         {static_cast<QAbstractItemView*>(m_grid), static_cast<QAbstractItemView*>(m_table)}) {
        connect(view, &QAbstractItemView::activated, this, &ImageBrowser::showLarge);
        connect(view, &QWidget::customContextMenuRequested, this,
                [this, view](const QPoint& position) { showMenu(view, position); });
    }
    connect(m_grid, &QAbstractItemView::clicked, this, &ImageBrowser::showLarge);
    m_blur->setChecked(areThumbnailsBlurred());
    offerChoices();
}

void ImageBrowser::setCatalog(const std::shared_ptr<const ImageCatalog>& catalog) {
    if (catalog == m_images->catalog())
        return;
    m_typing.stop();
    m_images->setCatalog(catalog);
    m_table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    for (int column = 0; column < m_images->columnCount(); ++column)
        m_table->setColumnWidth(column, column == 0 ? kFileWidth : kColumnWidth);
    m_grid->scrollToTop();
    m_table->scrollToTop();
    offerChoices();
    showCount();
}

void ImageBrowser::offerChoices() {
    {
        const QSignalBlocker quiet(m_find), quietFlaw(m_flaw);
        m_find->clear();
        m_flaw->clear();
        m_flaw->addItem(tr("all images"), 0);
        if (const ImageCatalog* catalog = m_images->catalog().get(); catalog != nullptr && catalog->check)
            for (const ImageFindings& findings : catalog->check->findings)
                m_flaw->addItem(
                    tr("%1 (%2)").arg(flawText(findings.flaw), countText(static_cast<qint64>(findings.images.size()))),
                    flawBit(findings.flaw));
    }
    QLayout* layout = m_choices->layout();
    m_flaw->setParent(nullptr);
    while (QLayoutItem* item = layout->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    m_groups.clear();
    if (const ImageCatalog* catalog = m_images->catalog().get(); catalog != nullptr)
        for (const Attribute& attribute : catalog->attributes) {
            auto* box = new QComboBox;
            const QString name = fromUtf8(attribute.name);
            box->setAccessibleName(tr("Group of %1").arg(name));
            box->addItem(tr("%1: any").arg(name), kAny);
            for (std::size_t g = 0; g < attribute.groups.size(); ++g)
                box->addItem(tr("%1: %2").arg(name, fromUtf8(attribute.groups[g])), static_cast<int>(g));
            if (attribute.unlabelled() > 0)
                box->addItem(tr("%1: no label").arg(name), Attribute::kUnlabelled);
            connect(box, &QComboBox::currentIndexChanged, this, &ImageBrowser::choose);
            layout->addWidget(box);
            m_groups.push_back(box);
        }
    layout->addWidget(m_flaw);
    m_flaw->setVisible(m_flaw->count() > 1);
    m_choices->updateGeometry();
}

void ImageBrowser::choose() {
    m_typing.stop();
    ImageFilter filter;
    filter.text = m_find->text().toStdString();
    for (const QComboBox* box : m_groups) {
        const int code = box->currentData().toInt();
        filter.groups.push_back(code == kAny ? std::nullopt : std::optional<std::int32_t>(code));
    }
    if (filter.isEmpty())
        filter.groups.clear(); // the same as nothing chosen, however many attributes there are
    filter.flaws = static_cast<std::uint8_t>(m_flaw->currentData().toInt());
    m_images->setFilter(std::move(filter));
}

void ImageBrowser::clearChoices() {
    showGroups({});
    m_find->setFocus();
}

void ImageBrowser::showGroups(std::vector<std::optional<std::int32_t>> groups) {
    groups.resize(m_groups.size());
    {
        const QSignalBlocker quiet(m_find), quietFlaw(m_flaw);
        m_find->clear();
        m_flaw->setCurrentIndex(0);
        for (std::size_t a = 0; a < m_groups.size(); ++a) {
            const QSignalBlocker quietGroup(m_groups[a]);
            m_groups[a]->setCurrentIndex(std::max(0, m_groups[a]->findData(groups[a].value_or(kAny))));
        }
    }
    choose();
}

void ImageBrowser::showFlaw(ImageFlaw flaw) {
    {
        const QSignalBlocker quiet(m_find), quietFlaw(m_flaw);
        m_find->clear();
        for (QComboBox* box : m_groups) {
            const QSignalBlocker quietGroup(box);
            box->setCurrentIndex(0);
        }
        m_flaw->setCurrentIndex(std::max(0, m_flaw->findData(flawBit(flaw))));
    }
    choose();
}

void ImageBrowser::showCount() {
    const ImageCatalog* catalog = m_images->catalog().get();
    const qint64 shownImages = m_images->rowCount();
    const qint64 allImages = catalog != nullptr ? static_cast<qint64>(catalog->size()) : 0;
    m_all->setEnabled(!m_images->filter().isEmpty());
    m_count->setText(catalog == nullptr ? tr("Reading…")
                     : shownImages == allImages
                         ? tr("%Ln image(s)", nullptr, static_cast<int>(allImages))
                         : tr("%1 of %2 images").arg(countText(shownImages), countText(allImages)));
}

void ImageBrowser::setAsTable(bool on) {
    (on ? m_asTable : m_asGrid)->setChecked(true);
}

void ImageBrowser::setBlurred(bool on) {
    m_tile->setBlurred(on);
    m_grid->viewport()->update();
    if (m_viewer != nullptr)
        m_viewer->setBlurred(on);
    rememberThumbnailsBlurred(on);
    Q_EMIT blurred(on);
}

bool ImageBrowser::isBlurred() const {
    return m_blur->isChecked();
}

QString ImageBrowser::pathOf(int row) const {
    const ImageCatalog& catalog = *m_images->catalog();
    return QString::fromStdString(
        (catalog.root / catalog.files[static_cast<std::size_t>(m_images->imageRow(row))]).string());
}

void ImageBrowser::showLarge(const QModelIndex& index) {
    if (!index.isValid())
        return;
    if (m_viewer == nullptr) {
        m_viewer =
            new ImageViewer([this] { return m_images->rowCount(); },
                            [this](int row) {
                                const QModelIndex at = m_images->index(row, 0);
                                return ViewedImage{at.data().toString(), at.data(Qt::ToolTipRole).toString(),
                                                   at.data(Qt::AccessibleTextRole).toString(),
                                                   at.data(ImageTable::ThumbnailRole).value<QImage>(), pathOf(row)};
                            },
                            this);
        connect(m_viewer, &ImageViewer::rankChanged, this, [this](int row) {
            auto* view = static_cast<QAbstractItemView*>(m_views->currentWidget());
            view->setCurrentIndex(m_images->index(row, 0));
        });
        // What it shows may be gone.
        connect(m_images, &QAbstractItemModel::modelReset, m_viewer, &QWidget::close);
    }
    m_viewer->setBlurred(m_blur->isChecked());
    m_viewer->showRank(index.row());
}

void ImageBrowser::showMenu(QAbstractItemView* view, const QPoint& position) {
    const QModelIndex index = view->indexAt(position);
    if (!index.isValid())
        return;
    const QString path = pathOf(index.row());
    QMenu menu(this);
    menu.addAction(tr("&Open larger"), this, [this, at = QPersistentModelIndex(index)] { showLarge(at); });
    menu.addAction(tr("&Copy path"), this, [path] { QGuiApplication::clipboard()->setText(path); });
    menu.addAction(tr("Show in &folder"), this,
                   [path] { QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(path).absolutePath())); });
    menu.exec(view->viewport()->mapToGlobal(position));
}

void ImageBrowser::copyRows() const {
    QStringList lines;
    const auto line = [this](auto&& cell) {
        QStringList cells;
        for (int column = 0; column < m_images->columnCount(); ++column)
            cells.append(QString(cell(column)).replace(u'\t', u' ').replace(u'\n', u' '));
        return cells.join(u'\t');
    };
    lines.append(line([this](int column) { return m_images->headerData(column, Qt::Horizontal).toString(); }));
    for (const QItemSelectionRange& range : m_table->selectionModel()->selection())
        for (int row = range.top(); row <= range.bottom() && lines.size() <= kMostCopied; ++row)
            lines.append(line([&](int column) { return m_images->index(row, column).data().toString(); }));
    if (lines.size() > 1)
        QGuiApplication::clipboard()->setText(lines.join(u'\n') + u'\n');
    if (lines.size() > kMostCopied)
        m_count->setText(tr("The first %1 rows were copied.").arg(countText(kMostCopied)));
}

bool ImageBrowser::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_table && event->type() == QEvent::KeyPress &&
        static_cast<QKeyEvent*>(event)->matches(QKeySequence::Copy)) {
        copyRows();
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace plumbline::ui
