// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "core/store/project.h"
#include "ui/pages/context.h"

class QComboBox;
class QLabel;
class QPushButton;

namespace plumbline::ui {

class DifferenceView;
class TableView;
template <class Record>
class RecordTable;

/// One state of a probe set, and which runs asked exactly it.
struct ProbeState {
    std::int64_t id = 0; ///< of the version; 0: as the set is now
    ProbeSet probe;
    std::string kept; ///< since when; empty: not kept
    std::vector<std::int64_t> runs;
};

/// The set as it is now, then what is kept of it, newest first. For the project's thread.
Result<std::vector<ProbeState>> probeStates(store::Project& project, std::int64_t probe);

/// The states of a probe set that the project keeps: which runs asked them, how any two differ, and the way back.
class VersionsDialog : public QDialog {
    Q_OBJECT
public:
    VersionsDialog(const Context& context, std::int64_t probe, QWidget* parent = nullptr);
    ~VersionsDialog() override;

Q_SIGNALS:
    /// The set is what it was in this state.
    void returned(const plumbline::ProbeSet& probe);
    void failed(const plumbline::Error& error);

private:
    void refresh();
    void list(std::vector<ProbeState> states);
    void keep();
    void goBack();
    void updateChoice();

    Context m_context;
    std::int64_t m_probe;
    RecordTable<ProbeState>* m_states;
    QLabel* m_said;
    TableView* m_table;
    QComboBox* m_other;
    DifferenceView* m_difference;
    QPushButton* m_keep;
    QPushButton* m_back;
};

} // namespace plumbline::ui
