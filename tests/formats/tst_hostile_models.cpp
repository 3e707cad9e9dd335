// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <set>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/base/error_text.h"
#include "core/base/path.h"
#include "core/formats/model_folder.h"
#include "tests/support/hostile_models.h"
#include "tests/support/random_model.h"
#include "tests/support/test_support.h"
#include "tests/support/torch_writer.h"

using namespace plumbline;
using namespace plumbline::test;
namespace fs = std::filesystem;

namespace {

std::string said(const Result<formats::ModelFolder>& read) {
    return read ? "it was read" : std::string(errorName(read.error().code)) + ": " + errorText(read.error());
}

/// Every name below a folder, links not followed.
std::set<std::string> everything(const fs::path& folder) {
    std::set<std::string> names;
    for (const auto& item : fs::recursive_directory_iterator(folder))
        names.insert(item.path().native());
    return names;
}

} // namespace

/// Models that were made to harm, from end to end: refused with the reason, nothing written, nothing run. That they are
/// refused quickly and in little memory is measured by tests/bench/hostile_files.sh.
class TestHostileModels : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        // A mistake must end this program and not the machine.
        rlimit limit{};
        getrlimit(RLIMIT_DATA, &limit);
        limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, rlim_t{4} << 30U);
        QCOMPARE(setrlimit(RLIMIT_DATA, &limit), 0);
    }

    void refused_data() {
        QTest::addColumn<int>("index");
        for (std::size_t i = 0; i < hostileModels().size(); ++i)
            QTest::newRow(hostileModels()[i].name.c_str()) << static_cast<int>(i);
    }
    void refused() {
        QFETCH(int, index);
        const HostileModel& one = hostileModels()[static_cast<std::size_t>(index)];
        TempFolder temp;
        const fs::path path = one.write(temp.path());
        const std::set<std::string> before = everything(temp.path());
        const auto read = formats::readModelFolder(path);
        QVERIFY2(everything(temp.path()) == before, "something was written");
        QVERIFY(!read);
        QVERIFY2(read.error().code == one.code, said(read).c_str());
        const std::string sentence = errorText(read.error());
        QVERIFY2(sentence.find(one.says) != std::string::npos, sentence.c_str());
        QVERIFY2(sentence.find(encodePath(temp.path())) != std::string::npos, sentence.c_str()); // says which file
        QVERIFY2(sentence.find('{') == std::string::npos || one.says.find('{') != std::string::npos, sentence.c_str());
        QVERIFY2(sentence.size() < 1000, sentence.c_str());
        QVERIFY2(isUtf8(sentence), sentence.c_str());
        QVERIFY2(std::none_of(sentence.begin(), sentence.end(), [](unsigned char c) { return c < 0x20; }),
                 sentence.c_str());
    }

    /// The marker of the hostile pickles would be seen: the command is one that works.
    void theCommandWouldWork() {
        TempFolder temp;
        QCOMPARE(std::system(("touch '" + (temp / "marker").string() + "'").c_str()), 0);
        QVERIFY(fs::exists(temp / "marker"));
    }

    void otherSpellingsOfAFolder() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        const fs::path before = fs::current_path();
        fs::current_path(temp / "m");
        for (const fs::path& path :
             {temp.path() / "m/", temp.path() / "m/.", temp.path() / "m/../m", fs::path("."), fs::path("./"),
              fs::path("../m"), fs::path("model.safetensors"), fs::path("./config.json")}) {
            const auto read = formats::readModelFolder(path);
            fs::current_path(read ? fs::current_path() : before);
            QVERIFY2(read.has_value(), (path.string() + " " + said(read)).c_str());
            QCOMPARE(read->config.name, std::string("m"));
        }
        fs::current_path(before);
    }

    /// A link is followed where the user named it, and where it stays in the folder.
    void linksThatAreFine() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        fs::create_directory_symlink(temp / "m", temp / "link");
        QVERIFY(formats::readModelFolder(temp / "link").has_value());
        fs::create_symlink(temp / "m/model.safetensors", temp / "m/alone.safetensors");
        QVERIFY(formats::readModelFolder(temp / "m/alone.safetensors").has_value());
        fs::rename(temp / "m/config.json", temp / "m/inner.json");
        fs::create_symlink("inner.json", temp / "m/config.json");
        const auto read = formats::readModelFolder(temp / "m");
        QVERIFY2(read.has_value(), said(read).c_str());
    }

    /// What only tells something about a model never hangs, and is not read where it leads elsewhere.
    void licencesThatAreNone() {
        TempFolder temp;
        writeRandomClip(temp / "m");
        QCOMPARE(::mkfifo((temp / "m/LICENSE").c_str(), 0600), 0);
        QCOMPARE(::mkfifo((temp / "m/README.md").c_str(), 0600), 0);
        auto read = formats::readModelFolder(temp / "m");
        QVERIFY2(read.has_value(), said(read).c_str());
        QVERIFY(read->licence.empty());
        fs::remove(temp / "m/LICENSE");
        writeText(temp / "secret", "secret");
        fs::create_symlink(temp / "secret", temp / "m/LICENSE");
        read = formats::readModelFolder(temp / "m");
        QVERIFY2(read.has_value(), said(read).c_str());
        QVERIFY(read->licence.empty());
        fs::remove(temp / "m/LICENSE");
        writeText(temp / "m/LICENSE", "");
        fs::resize_file(temp / "m/LICENSE", std::uint64_t{5} << 30U);
        read = formats::readModelFolder(temp / "m");
        QVERIFY2(read.has_value(), said(read).c_str());
        QVERIFY(read->licence.empty());
    }

    /// A cache whose "main" is nonsense has one snapshot: that one is meant.
    void theOnlySnapshot() {
        TempFolder temp;
        const fs::path repository = temp / "models--org--name";
        writeRandomClip(repository / "snapshots/aaaa");
        fs::create_directories(repository / "refs");
        writeText(repository / "refs/main", "../../..");
        const auto read = formats::readModelFolder(repository);
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->config.name, std::string("org/name"));
        QCOMPARE(read->folder.filename().string(), std::string("aaaa"));
    }

    /// 512 layers are the most that a configuration may ask for; with weights for all of them it is a model.
    void manyLayers() {
        TempFolder temp;
        RandomClip clip;
        clip.visionLayers = 512;
        clip.visionWidth = clip.textWidth = clip.embedDim = clip.visionMlp = clip.textMlp = 4;
        writeRandomClip(temp / "m", clip);
        const auto read = formats::readModelFolder(temp / "m");
        QVERIFY2(read.has_value(), said(read).c_str());
        QCOMPARE(read->config.vision.layers.value, 512);
    }

    /// Weights that do not lie in one piece are copied once the whole model is known to be one.
    void scatteredWeights() {
        TempFolder temp;
        writeRandomClip(temp / "m", {}, Container::OpenClip);
        const auto plain = formats::readSafetensors(temp / "m/open_clip_model.safetensors");
        QVERIFY(plain.has_value());
        std::vector<ZipPart> parts(1);
        parts[0].name = "archive/data.pkl";
        PickleText pickle;
        pickle.raw("}(");
        for (const auto& [name, view] : plain->tensors) {
            std::vector<std::int64_t> strides(view.shape.size(), 1);
            for (std::size_t d = strides.size(); d-- > 1;)
                strides[d - 1] = strides[d] * view.shape[d];
            // Each number twice, one behind the other: a stride of two.
            std::string doubled;
            for (std::size_t i = 0; i < view.bytes.size(); i += 4)
                for (int twice = 0; twice < 2; ++twice)
                    doubled.append(reinterpret_cast<const char*>(view.bytes.data()) + i, 4);
            for (std::int64_t& stride : strides)
                stride *= 2;
            const std::string key = std::to_string(parts.size());
            pickle.text(name).tensor(key, formats::DType::F32, static_cast<std::int64_t>(doubled.size() / 4), 1,
                                     view.shape, strides);
            parts.push_back({});
            parts.back().name = "archive/data/" + key;
            parts.back().bytes = doubled;
        }
        parts[0].bytes = pickle.raw("u").done();
        fs::remove(temp / "m/open_clip_model.safetensors");
        writeText(temp / "m/open_clip_pytorch_model.bin", zipArchive(parts));
        const auto read = formats::readModelFolder(temp / "m");
        QVERIFY2(read.has_value(), said(read).c_str());
        QVERIFY(read->weights.scattered.empty());
        QVERIFY(!read->weights.buffers.empty());
        for (const auto& [name, view] : plain->tensors) {
            const auto& bytes = read->weights.tensors.at(name).bytes;
            QVERIFY2(std::equal(bytes.begin(), bytes.end(), view.bytes.begin(), view.bytes.end()), name.c_str());
        }
    }
};

QTEST_APPLESS_MAIN(TestHostileModels)
#include "tst_hostile_models.moc"
