// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error_text.h"
#include "core/formats/safetensors.h"
#include "core/formats/torch_file.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
namespace fs = std::filesystem;

namespace {

/// The reader of a folder below tests/fuzz/corpus.
Result<formats::Weights> read(const std::string& reader, const fs::path& path) {
    if (reader == "safetensors")
        return formats::readSafetensors(path);
    auto file = formats::readTorchFile(path);
    if (!file)
        return tl::unexpected(std::move(file).error());
    return std::move(file->weights);
}

} // namespace

/// Files that a fuzzer begins with, and files that it found: what makes a reader fail once must not do so again.
class TestCorpus : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyFile_data() {
        QTest::addColumn<QString>("reader");
        QTest::addColumn<QString>("path");
        for (const char* reader : {"safetensors", "torch_file"}) {
            int files = 0;
            for (const auto& item : fs::directory_iterator(sourceFolder() / "tests/fuzz/corpus" / reader)) {
                const std::string name = std::string(reader) + "/" + item.path().filename().string();
                QTest::newRow(name.c_str())
                    << QString::fromUtf8(reader) << QString::fromStdString(item.path().string());
                ++files;
            }
            QVERIFY(files > 0);
        }
    }
    void everyFile() {
        QFETCH(QString, reader);
        QFETCH(QString, path);
        const auto weights = read(reader.toStdString(), path.toStdString());
        if (!weights) {
            QVERIFY(weights.error().code != ErrorCode::Internal);
            const std::string sentence = errorText(weights.error());
            QVERIFY2(sentence.find('{') == std::string::npos, sentence.c_str()); // every argument was filled in
            return;
        }
        for (const auto& [name, view] : weights->tensors) {
            std::size_t bytes = formats::dtypeSize(view.dtype);
            for (const std::int64_t size : view.shape)
                bytes *= static_cast<std::size_t>(size);
            QCOMPARE(bytes, view.bytes.size());
            // Reads every byte: a view beyond the mapping ends the program.
            QVERIFY(std::vector<std::byte>(view.bytes.begin(), view.bytes.end()).size() == bytes);
        }
    }

    /// A corpus that is refused from end to end would test nothing.
    void theSeedsAreGood() {
        for (const char* name : {"zip", "zip64", "zip_checkpoint", "torchscript", "script_attributes", "legacy",
                                 "legacy_checkpoint", "view"})
            QVERIFY2(read("torch_file", sourceFolder() / "tests/fuzz/corpus/torch_file" / name).has_value(), name);
        for (const char* name : {"two", "empty"})
            QVERIFY2(read("safetensors", sourceFolder() / "tests/fuzz/corpus/safetensors" / name).has_value(), name);
    }
};

QTEST_APPLESS_MAIN(TestCorpus)
#include "tst_corpus.moc"
