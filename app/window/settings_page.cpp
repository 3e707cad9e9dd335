// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window/settings_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/bridge/settings.h"
#include "ui/widgets/form.h"
#include "ui/widgets/path_edit.h"

namespace plumbline::ui {

SettingsPage::SettingsPage(const Context& context, QWidget* parent)
    : Page(tr("Settings"), tr("Of this window and this user; a project keeps its own. Every change holds at once."),
           parent),
      m_context(context), m_appearance(new QComboBox),
      m_vocabulary(new PathEdit(PathEdit::Kind::Folder, tr("Vocabulary"))),
      m_sample(new PathEdit(PathEdit::Kind::Folder, tr("Folder of the sample"))),
      m_alert(new QCheckBox(tr("Call me when long work ends and the window is in the background"))),
      m_tour(new QCheckBox(tr("Begin the guided tour when the sample is opened"))) {
    connect(addPrimaryButton(tr("Back")), &QPushButton::clicked, this, &SettingsPage::dismissed);

    m_appearance->setAccessibleName(tr("Appearance"));
    m_appearance->addItem(tr("As the system"), QStringLiteral("system"));
    m_appearance->addItem(tr("Light"), QStringLiteral("light"));
    m_appearance->addItem(tr("Dark"), QStringLiteral("dark"));

    auto* card = new Surface(Surface::Kind::Card);
    auto* form = new Form;
    form->add(tr("&Appearance"), m_appearance);
    form->add(tr("&Vocabulary"), m_vocabulary,
              hint(tr("For models that bring none: a folder with vocab.json and merges.txt. Models that are added from "
                      "now on use it.")),
              m_vocabulary->line());
    form->add(tr("&Sample"), m_sample,
              hint(tr("Where the sample's portraits and models are kept. One that is there already stays where "
                      "it is.")),
              m_sample->line());
    card->column()->addLayout(form);
    card->column()->addWidget(m_alert);
    card->column()->addWidget(m_tour);
    card->column()->addStretch(1);
    body()->addWidget(card, 1);

    Settings* settings = context.settings;
    connect(m_appearance, &QComboBox::activated, this,
            [this, settings] { settings->setAppearance(m_appearance->currentData().toString()); });
    connect(m_vocabulary, &PathEdit::pathChanged, this, [this, settings](const QString& path) {
        if (!m_loading && (path.isEmpty() || QFileInfo::exists(path))) // not while it is typed
            settings->setVocabulary(path);
    });
    connect(m_sample, &PathEdit::pathChanged, this, [this, settings](const QString& path) {
        if (!m_loading && QDir::isAbsolutePath(path)) // half a path is typed
            settings->setFolder(QStringLiteral("sample"), path);
    });
    connect(m_alert, &QCheckBox::toggled, settings, &Settings::setAlertsWhenDone);
    connect(m_tour, &QCheckBox::toggled, this, [settings](bool on) { settings->setTourSeen(!on); });
    connect(settings, &Settings::appearanceChanged, this, &SettingsPage::load);
    load();
}

void SettingsPage::focusFirst() {
    m_appearance->setFocus(Qt::OtherFocusReason);
}

void SettingsPage::showEvent(QShowEvent* event) {
    load(); // other pages set some of it, too
    Page::showEvent(event);
}

void SettingsPage::load() {
    m_loading = true;
    const Settings& settings = *m_context.settings;
    m_appearance->setCurrentIndex(std::max(0, m_appearance->findData(settings.appearance())));
    if (m_vocabulary->path() != settings.vocabulary())
        m_vocabulary->setPath(settings.vocabulary());
    if (m_sample->path() != settings.sampleFolder())
        m_sample->setPath(settings.sampleFolder());
    m_alert->setChecked(settings.alertsWhenDone());
    m_tour->setChecked(!settings.tourSeen());
    m_loading = false;
}

} // namespace plumbline::ui
