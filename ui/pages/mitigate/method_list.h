// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <QScrollArea>

#include "core/data/debias.h"

class QCheckBox;
class QToolButton;
class QVBoxLayout;

namespace plumbline::ui {

/// The methods that a comparison tries: a line each with what it does, its source as a tool tip, and its parameters,
/// which stay closed until they are wanted.
class MethodList : public QScrollArea {
    Q_OBJECT
public:
    explicit MethodList(QWidget* parent = nullptr);

    /// Those that are ticked, with the parameters that differ from the defaults.
    std::vector<DebiasRecipe> chosen() const;
    /// What a ticked method still needs; empty: nothing.
    QString problem() const;
    void tickStandard();
    void tickNone();

Q_SIGNALS:
    void changed();

private:
    struct Entry {
        const DebiasMethodInfo* info = nullptr;
        std::vector<std::pair<std::string, std::string>> preset; ///< what this variant has for a default
        QCheckBox* box = nullptr;
        bool isStandard = false;
        std::vector<DebiasConfig> stack; ///< several methods, one after the other, as they are; else empty
        std::vector<std::pair<std::string, std::function<QString()>>> fields; ///< once its parameters were opened
    };
    void add(QVBoxLayout* column, const DebiasMethodInfo& info, std::vector<std::pair<std::string, std::string>> preset,
             const QString& suffix, bool isStandard);
    void addStack(QVBoxLayout* column, const DebiasRecipe& recipe);
    QWidget* parametersOf(std::size_t entry);
    static std::string presetOf(const Entry& entry, std::string_view parameter);

    std::vector<Entry> m_entries;
};

} // namespace plumbline::ui
