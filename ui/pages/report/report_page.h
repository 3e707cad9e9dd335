// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QTimer>

#include "ui/pages/report/report_writer.h"
#include "ui/widgets/page.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QStackedWidget;

namespace plumbline::ui {

class EmptyState;
class PageView;

/// A report before it is handed over: what it is of, how it shows people, its pages, and the files that it becomes.
class ReportPage : public Page {
    Q_OBJECT
public:
    explicit ReportPage(const Context& context, ReportWriter* writer, QWidget* parent = nullptr);
    ~ReportPage() override;

    /// Shows the report of this run, with others held against it.
    void showReport(qint64 run, const std::vector<qint64>& others = {});
    /// Another run than before is looked at on another page: it is the one to report, until another is chosen here.
    void follow(qint64 run);
    /// What is chosen; run 0 where there is none.
    ReportWish wish() const;
    PageView* pages() const { return m_pages; }
    void focusFirst() override;

Q_SIGNALS:
    void auditWanted();
    /// What an empty page lacks.
    void projectNeeded(std::function<void()> then);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildChoice();
    QWidget* buildPreview();
    void refresh();
    void listOthers();
    void lookAgain();
    void changed();
    /// Has the pages made anew where what is chosen is not what is shown.
    void preview();
    void take(const QByteArray& html);
    void shown(bool hasPages);
    void say(const QString& sentence);
    void write(const QString& suffix);

    Context m_context;
    ReportWriter* m_writer;
    std::vector<QPushButton*> m_files; ///< all that write
    QStackedWidget* m_stack;
    EmptyState* m_empty;
    QPushButton* m_emptyButton;
    QComboBox* m_run;
    QListWidget* m_others;
    QLabel* m_othersNote;
    QComboBox* m_evidence;
    QLabel* m_evidenceNote;
    QLineEdit* m_auditor;
    QStackedWidget* m_preview;
    PageView* m_pages;
    QLabel* m_said;
    QLabel* m_place;
    QTimer m_settled;
    ReportWish m_shown;  ///< what the pages are of
    bool m_isOld = true; ///< the project was changed since
    quint64 m_asked = 0; ///< answers to earlier questions are dropped
    bool m_working = false;
    qint64 m_followed = 0;
    QString m_state; ///< of what the report is made of
};

} // namespace plumbline::ui
