// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <set>

#include "core/formats/model_config.h"
#include "core/formats/model_folder.h"
#include "core/formats/safetensors.h"
#include "core/formats/torch_file.h"
#include "core/formats/vocabulary.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::test;
namespace fs = std::filesystem;

// The fuzz targets themselves, each under a name of its own (tests/CMakeLists.txt). They abort where a reader does not
// keep its word.
extern "C" {
int replay_model_config(const std::uint8_t* data, std::size_t size);
int replay_model_folder(const std::uint8_t* data, std::size_t size);
int replay_safetensors(const std::uint8_t* data, std::size_t size);
int replay_sentencepiece(const std::uint8_t* data, std::size_t size);
int replay_tokenizer_json(const std::uint8_t* data, std::size_t size);
int replay_torch_file(const std::uint8_t* data, std::size_t size);
int replay_vocabulary(const std::uint8_t* data, std::size_t size);
}

namespace {

struct Reader {
    const char* name; ///< of its folder below tests/fuzz/corpus
    int (*replay)(const std::uint8_t* data, std::size_t size);
};
constexpr Reader kReaders[] = {{"model_config", replay_model_config},
                               {"model_folder", replay_model_folder},
                               {"safetensors", replay_safetensors},
                               {"sentencepiece", replay_sentencepiece},
                               {"tokenizer_json", replay_tokenizer_json},
                               {"torch_file", replay_torch_file},
                               {"vocabulary", replay_vocabulary}};

fs::path corpus(const char* reader) {
    return sourceFolder() / "tests/fuzz/corpus" / reader;
}

} // namespace

/// Files that a fuzzer begins with, and files that it found: what makes a reader fail once must not do so again.
class TestCorpus : public QObject {
    Q_OBJECT

    TempFolder m_temp;

private Q_SLOTS:
    void everyReader() {
        std::set<std::string> found, known;
        for (const auto& item : fs::directory_iterator(corpus("")))
            found.insert(item.path().filename().string());
        for (const Reader& reader : kReaders)
            known.insert(reader.name);
        QVERIFY2(found == known, "a corpus is not replayed");
    }

    void everyFile_data() {
        QTest::addColumn<int>("reader");
        QTest::addColumn<QString>("path");
        for (std::size_t i = 0; i < std::size(kReaders); ++i)
            for (const auto& item : fs::directory_iterator(corpus(kReaders[i].name)))
                QTest::newRow((std::string(kReaders[i].name) + "/" + item.path().filename().string()).c_str())
                    << static_cast<int>(i) << QString::fromStdString(item.path().string());
    }
    void everyFile() {
        QFETCH(int, reader);
        QFETCH(QString, path);
        const std::string bytes = readText(path.toStdString());
        QCOMPARE(kReaders[reader].replay(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), 0);
    }

    /// A corpus that is refused from end to end would test nothing.
    void theSeedsAreGood() {
        for (const char* name : {"zip", "zip64", "zip_checkpoint", "torchscript", "script_attributes", "legacy",
                                 "legacy_checkpoint", "view"})
            QVERIFY2(formats::readTorchFile(corpus("torch_file") / name).has_value(), name);
        for (const char* name : {"two", "empty"})
            QVERIFY2(formats::readSafetensors(corpus("safetensors") / name).has_value(), name);
        for (const char* name : {"openclip", "openclip_bare", "openclip_timm", "openclip_coca"})
            QVERIFY2(formats::readOpenClipConfig(corpus("model_config") / name).has_value(), name);
        for (const char* name : {"hf", "hf_old", "hf_processor", "siglip"}) {
            const std::string text = readText(corpus("model_config") / name);
            const std::size_t zero = std::min(text.find('\0'), text.size());
            fs::create_directory(m_temp / name);
            writeText(m_temp / name / formats::kHuggingFaceConfig, text.substr(0, zero));
            if (zero < text.size())
                writeText(m_temp / name / formats::kHuggingFaceProcessor, text.substr(zero + 1));
            QVERIFY2(formats::readHuggingFaceConfig(m_temp / name).has_value(), name);
        }
        for (const char* name : {"vit", "vit_openai", "vit_zip"}) { // behind the byte that says what they are
            const fs::path file = m_temp / (std::string(name) + ".pt");
            writeText(file, readText(corpus("model_folder") / name).substr(1));
            QVERIFY2(formats::readModelFolder(file).has_value(), name);
        }
        writeText(m_temp / "packed.gz", readText(corpus("vocabulary") / "packed"));
        QVERIFY(formats::readVocabulary(m_temp / "packed.gz").has_value());
        for (const char* name : {"files", "small"}) {
            const std::string text = readText(corpus("vocabulary") / name);
            writeText(m_temp / "vocab.json", text.substr(0, text.find('\0')));
            writeText(m_temp / "merges.txt", text.substr(text.find('\0') + 1));
            QVERIFY2(formats::readVocabulary(m_temp.path()).has_value(), name);
        }
    }
};

QTEST_APPLESS_MAIN(TestCorpus)
#include "tst_corpus.moc"
