// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include <QByteArray>
#include <QFile>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStringList>

#include <nlohmann/json.hpp>

#include "tests/support/test_support.h"

namespace plumbline::test {

using Json = nlohmann::json;

/// A path as an argument.
inline QString q(const std::filesystem::path& path) {
    return QFile::decodeName(path.c_str());
}

inline QString plumbProgram() {
    return QString::fromStdString((binaryFolder() / "bin" / "plumb").string());
}

/// What one call of plumb gave.
struct Called {
    int exitCode = -1;
    QByteArray out, err;
    Json json() const { return Json::parse(out.toStdString(), nullptr, false); }
};

/// Calls plumb with a cache folder of its own and waits for its end.
inline Called plumb(const QStringList& arguments, const QString& cacheFolder = {}) {
    QProcess process;
    if (!cacheFolder.isEmpty()) {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_CACHE_HOME"), cacheFolder);
        process.setProcessEnvironment(environment);
    }
    process.start(plumbProgram(), arguments);
    process.waitForFinished(300000);
    Called called;
    called.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    called.out = process.readAllStandardOutput();
    called.err = process.readAllStandardError();
    return called;
}

} // namespace plumbline::test
