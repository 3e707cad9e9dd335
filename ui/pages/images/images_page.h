// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/context.h"
#include "ui/widgets/page.h"

class QStackedWidget;

namespace plumbline::ui {

class AddImagesForm;
class ImageSetPanel;
class TableView;

/// The image sets of the project with their match reports and group counts; and the form that adds one.
class ImagesPage : public Page {
    Q_OBJECT
public:
    explicit ImagesPage(const Context& context, QWidget* parent = nullptr);

    /// Opens the form with what is known already (either may be empty).
    void addImages(const QString& folder, const QString& labels);
    AddImagesForm* form() const { return m_form; }
    TableView* table() const { return m_table; }
    ImageSetPanel* panel() const { return m_view; }

Q_SIGNALS:
    void projectNeeded(std::function<void()> then);

private:
    void showCurrent();
    void removeCurrent();
    void updateState();

    Context m_context;
    QStackedWidget* m_stack;
    TableView* m_table;
    ImageSetPanel* m_view;
    QLabel* m_viewTitle;
    QLabel* m_viewPlace;
    QPushButton* m_add;
    QPushButton* m_remove;
    AddImagesForm* m_form;
    bool m_isAdding = false;
    qint64 m_toSelect = 0;
};

} // namespace plumbline::ui
