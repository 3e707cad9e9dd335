// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/record_tables.h"

#include <algorithm>
#include <iterator>

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QLocale>

#include "core/data/probe_templates.h"
#include "core/probe/probe_set.h"
#include "ui/bridge/error_texts.h"
#include "ui/bridge/json.h"

namespace plumbline::ui {

namespace {

QString tr(const char* text, const char* comment = nullptr, int n = -1) {
    return QCoreApplication::translate("plumbline::ui", text, comment, n);
}

QString joined(const std::vector<std::string>& texts) {
    QStringList result;
    for (const auto& text : texts)
        result.append(fromUtf8(text));
    return result.join(QStringLiteral(", "));
}

} // namespace

QString containerText(Container container) {
    switch (container) {
    case Container::HuggingFace: return tr("Hugging Face");
    case Container::OpenClip: return tr("OpenCLIP");
    case Container::OpenAi: return tr("OpenAI");
    }
    return {};
}

QString architectureText(const ModelConfig& config) {
    const VisionConfig& vision = config.vision;
    if (vision.tower == ImageTower::ResNet) {
        QStringList stages;
        for (const int blocks : vision.stages)
            stages.append(QString::number(blocks));
        return tr("ResNet %1, %2 px").arg(stages.join(u'-')).arg(vision.imageSize.value);
    }
    // The names that the papers give to widths and depths.
    struct Size {
        int width, layers;
        const char* name;
    };
    static constexpr Size kSizes[] = {{192, 12, "Ti"},     {384, 12, "S"},    {768, 12, "B"},     {1024, 24, "L"},
                                      {1152, 27, "SO400M"}, {1280, 32, "H"},  {1408, 40, "g"},    {1536, 40, "gopt"},
                                      {1664, 48, "bigG"}};
    const auto* known = std::find_if(std::begin(kSizes), std::end(kSizes), [&](const Size& size) {
        return size.width == vision.width.value && size.layers == vision.layers.value;
    });
    const QString size = known != std::end(kSizes)
                             ? QString::fromLatin1(known->name)
                             : QStringLiteral("%1×%2").arg(vision.layers.value).arg(vision.width.value);
    return tr("ViT-%1/%2, %3 px").arg(size).arg(vision.patchSize.value).arg(vision.imageSize.value);
}

QString modelPathText(const QString& path) {
    static const QString kRepository = QStringLiteral("models--");
    for (const QString& part : path.split(u'/', Qt::SkipEmptyParts))
        if (part.startsWith(kRepository)) {
            QString name = part.mid(kRepository.size());
            const qsizetype at = name.indexOf(QStringLiteral("--"));
            return at < 0 ? name : name.replace(at, 2, u'/');
        }
    return QFileInfo(QDir::cleanPath(path)).fileName();
}

bool isChecked(const ModelCard& card) { return !card.contentSha256.empty(); }

QString magnitudeText(qint64 count) {
    const QLocale locale;
    if (count >= 1'000'000'000)
        return tr("%1 G", "a billion parameters").arg(locale.toString(static_cast<double>(count) / 1e9, 'f', 2));
    if (count >= 1'000'000)
        return tr("%1 M", "a million parameters").arg(locale.toString(static_cast<double>(count) / 1e6, 'f', count < 10'000'000 ? 1 : 0));
    return locale.toString(count);
}

QString runStateText(const store::RunRecord& run) {
    const bool counted = run.images > 0 && run.embedded < run.images;
    switch (run.state) {
    case RunState::Done: return tr("done");
    case RunState::Failed: return tr("failed");
    case RunState::Running:
        return counted ? tr("%1 of %2 images").arg(countText(run.embedded), countText(run.images)) : tr("running");
    case RunState::Cancelled:
        return counted ? tr("stopped after %1 of %2 images").arg(countText(run.embedded), countText(run.images))
                       : tr("stopped");
    }
    return {};
}

QString studyText(const store::StudyRecord& study) {
    QStringList parts{tr("Comparison %1").arg(countText(study.id)), modelPathText(decoded(fromUtf8(study.config.modelPath))),
                      fromUtf8(study.config.attribute), momentText(study.created)};
    if (study.state == RunState::Running)
        parts << tr("not finished");
    else if (study.state == RunState::Cancelled)
        parts << tr("stopped");
    else if (study.state == RunState::Failed)
        parts << tr("failed");
    parts.removeAll(QString());
    return parts.join(QStringLiteral(" · "));
}

QString runQuestionText(const store::RunRecord& run) {
    const qint64 prompts = run.prompts > 0 ? run.prompts : promptCount(run.config.probe);
    return tr("%Ln prompt(s)", nullptr, static_cast<int>(prompts)) + QStringLiteral(" · ") +
           joined(run.config.attributes);
}

QString momentText(const std::string& utc) {
    const QDateTime moment = QDateTime::fromString(fromUtf8(utc), Qt::ISODate);
    return moment.isValid() ? QLocale().toString(moment.toLocalTime(), QLocale::ShortFormat) : QString();
}

qint64 promptCount(const ProbeSet& probe) {
    return countPrompts(probe);
}

ModelTable::ModelTable(QObject* parent)
    : RecordTable(
          {
              {tr("Name"), [](const auto& r) { return fromUtf8(r.name); }, nullptr, false,
               [](const auto& r) { return shown(r.path); }},
              {tr("Container"), [](const auto& r) { return containerText(r.card.config.container); }},
              {tr("Image tower"), [](const auto& r) { return architectureText(r.card.config); }},
              {tr("Dim."), [](const auto& r) { return countText(r.card.config.embedDim.value); },
               [](const auto& r) { return r.card.config.embedDim.value; }, true},
              {tr("Params"), [](const auto& r) { return magnitudeText(r.card.parameters); },
               [](const auto& r) { return static_cast<qlonglong>(r.card.parameters); }, true},
          },
          parent) {}

ImageSetTable::ImageSetTable(QObject* parent)
    : RecordTable(
          {
              {tr("Name"), [](const auto& r) { return fromUtf8(r.name); }, nullptr, false,
               [](const auto& r) { return shown(r.root); }},
              {tr("Images"), [](const auto& r) { return countText(r.images); },
               [](const auto& r) { return static_cast<qlonglong>(r.images); }, true},
              {tr("Attributes"),
               [](const auto& r) {
                   std::vector<std::string> names;
                   for (const auto& attribute : r.attributes)
                       names.push_back(attribute.name);
                   return joined(names);
               }},
              {tr("Skipped"),
               [](const auto& r) { return r.report.unreadable > 0 ? countText(r.report.unreadable) : QString(); },
               [](const auto& r) { return static_cast<qlonglong>(r.report.unreadable); }, true},
          },
          parent) {}

ProbeTable::ProbeTable(QObject* parent)
    : RecordTable(
          {
              {tr("Name"),
               [](const auto& r) { return r.probe.name.empty() ? tr("Untitled") : fromUtf8(r.probe.name); }, nullptr,
               false, [](const auto& r) { return fromUtf8(r.probe.name); }},
              {tr("Prompts"), [](const auto& r) { return countText(promptCount(r.probe)); },
               [](const auto& r) { return static_cast<qlonglong>(promptCount(r.probe)); }, true},
              {tr("Origin"), [](const auto& r) { return isBuiltIn(r.id) ? tr("built in") : tr("project"); }},
          },
          parent) {}

std::vector<store::ProbeRecord> ProbeTable::builtIn() {
    std::vector<store::ProbeRecord> records;
    for (auto& probe : probe::builtInProbeSets())
        records.push_back({-1 - static_cast<std::int64_t>(records.size()), std::move(probe), {}});
    return records;
}

std::vector<const store::RunRecord*> RunTable::finished() const {
    std::vector<const store::RunRecord*> done;
    for (const store::RunRecord& run : records())
        if (run.state == RunState::Done)
            done.push_back(&run);
    return done;
}

RunTable::RunTable(QObject* parent)
    : RecordTable(
          {
              {tr("Run"), [](const auto& r) { return tr("Run %1").arg(r.id); },
               [](const auto& r) { return static_cast<qlonglong>(r.id); }},
              {tr("Model"), [](const auto& r) { return fromUtf8(r.modelName); }},
              {tr("Images"), [](const auto& r) { return fromUtf8(r.imageSetName); }},
              {tr("Asked"), [](const auto& r) { return runQuestionText(r); }},
              {tr("State"), [](const auto& r) { return runStateText(r); }, nullptr, false,
               [](const auto& r) { return r.error ? errorText(*r.error) : QString(); }},
              {tr("Started"), [](const auto& r) { return momentText(r.created); },
               [](const auto& r) { return fromUtf8(r.created); }},
          },
          parent) {}

StudyTable::StudyTable(QObject* parent)
    : RecordTable({{tr("Comparison"), [](const auto& s) { return studyText(s); },
                    [](const auto& s) { return static_cast<qlonglong>(s.id); }}},
                  parent) {}

} // namespace plumbline::ui
