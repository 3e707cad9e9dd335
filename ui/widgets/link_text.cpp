// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/link_text.h"

#include "ui/widgets/theme.h"

namespace plumbline::ui {

LinkText::LinkText(QWidget* parent) : QLabel(parent) {
    setTextFormat(Qt::RichText);
    setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    theme::setMuted(this);
}

bool LinkText::focusNextPrevChild(bool next) {
    const int before = selectionStart(); // of the link that has the keyboard
    const bool done = QLabel::focusNextPrevChild(next);
    if (next || !done || !hasFocus() || before < 0 || selectionStart() != before)
        return done;
    return QFrame::focusNextPrevChild(false);
}

} // namespace plumbline::ui
