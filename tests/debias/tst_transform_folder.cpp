// SPDX-License-Identifier: GPL-3.0-or-later
#include <QProcess>
#include <QtTest>

#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/random.h"
#include "core/debias/transform.h"
#include "core/formats/npy.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::debias;
namespace fs = std::filesystem;

namespace {

std::vector<double> numbers(std::size_t n, std::uint64_t seed) {
    RandomStream random(seed, streamId("tst_transform_folder"), 0);
    std::vector<double> result(n);
    for (double& value : result)
        value = random.normal();
    return result;
}

Embeddings rowsOf(std::size_t rows, std::size_t dim, std::uint64_t seed) {
    Embeddings result(rows, dim);
    const std::vector<double> values = numbers(rows * dim, seed);
    for (std::size_t i = 0; i < values.size(); ++i)
        result.values[i] = static_cast<float>(2 * values[i]);
    return result;
}

formats::ResidualMlp head(std::int64_t hidden, std::uint64_t seed) {
    const auto some = [&](std::int64_t n, std::uint64_t more) {
        const std::vector<double> values = numbers(static_cast<std::size_t>(n), seed + more);
        return std::vector<float>(values.begin(), values.end());
    };
    return {4, hidden, some(hidden * 4, 1), some(hidden, 2), some(4 * hidden, 3), some(4, 4)};
}

Part part(VectorMap image, VectorMap text) {
    Part result;
    result.card.config = {"leace", "gender", {{"shrinkage", "on"}}, 7};
    result.card.name = "LEACE, gender";
    result.card.groups = {{"Female", 3}, {"Male", 4}};
    result.card.dim = 4;
    result.card.facts = {{"directions", 1, "removed"}};
    result.image = std::move(image);
    result.text = std::move(text);
    return result;
}

/// One part of every kind of map, for rows of 4 values.
std::vector<std::pair<const char*, Part>> everyKind() {
    const LinearMap linear{4, 4, numbers(16, 10), numbers(4, 11), false};
    LinearMap unitLinear = linear;
    unitLinear.unitOutput = true;
    QueryMap query;
    query.dim = 4;
    query.directionCount = 1;
    query.directions = {0.6, 0.8, 0, 0};
    query.reference = rowsOf(30, 4, 12);
    normaliseRows(query.reference);
    for (int i = 0; i < 30; ++i)
        query.group.push_back(i % 3);
    query.groups = 3;
    query.nearest = 4;
    const formats::ResidualMlp inner = head(3, 20), shared = head(5, 30);
    return {{"linear", part(linear, unitLinear)},
            {"impute", part(ImputeMap{{0, 2}, {0.5, -1}}, Unchanged{})},
            {"heads", part(HeadMap{inner, shared}, HeadMap{std::nullopt, shared})},
            {"fourier", part(FourierMap{4, 6, 2, numbers(24, 13), numbers(6, 14), numbers(12, 15), numbers(2, 16)},
                             FourierMap{4, 6, 2, numbers(24, 17), numbers(6, 18), numbers(12, 19), numbers(2, 20)})},
            {"posterior", part(PosteriorMap{4, 2, numbers(8, 21), numbers(2, 22), numbers(8, 23)}, Unchanged{})},
            {"query", part(Unchanged{}, query)}};
}

double furthest(const Embeddings& a, const Embeddings& b) {
    if (a.rows != b.rows || a.dim != b.dim)
        return 1e9;
    double most = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i)
        most = std::max(most, std::abs(double(a.values[i]) - double(b.values[i])));
    return most;
}

/// The system's own Python with NumPy, or nothing.
QString python() {
    const QString program = QStringLiteral("/usr/bin/python3");
    return QProcess::execute(program, {QStringLiteral("-c"), QStringLiteral("import numpy")}) == 0 ? program
                                                                                                   : QString();
}

QString text(const fs::path& path) {
    return QString::fromStdString(path.string());
}

} // namespace

class TestTransformFolder : public QObject {
    Q_OBJECT
    Feedback m_feedback;

    Embeddings applied(const Transform& transform, Modality modality, const Embeddings& rows) {
        return transformRows(transform, modality, rows, m_feedback).value();
    }

private Q_SLOTS:
    void everyKindComesBackAsItWas() {
        const Embeddings rows = rowsOf(12, 4, 1);
        for (auto& [name, one] : everyKind()) {
            const test::TempFolder folder;
            Transform transform;
            transform.parts.push_back(std::move(one));
            QVERIFY(writeTransform(transform, folder / "t").has_value());
            const auto back = readTransform(folder / "t");
            QVERIFY2(back.has_value(), name);
            for (const Modality modality : {Modality::Image, Modality::Text})
                QVERIFY2(furthest(applied(*back, modality, rows), applied(transform, modality, rows)) == 0, name);
            const DebiasCard& card = back->parts.front().card;
            QCOMPARE(card.name, std::string("LEACE, gender"));
            QCOMPARE(card.config.parameters.front().second, std::string("on"));
            QCOMPARE(card.groups.back().second, std::int64_t(4));
        }
    }

    void thePythonProgramDoesTheSame() {
        const QString program = python();
        if (program.isEmpty())
            QSKIP("needs /usr/bin/python3 with NumPy, which is not here");
        const Embeddings rows = rowsOf(12, 4, 2);
        for (const double strength : {1.0, 0.4})
            for (auto& [name, one] : everyKind()) {
                const test::TempFolder folder;
                Transform transform;
                transform.parts.push_back(std::move(one));
                transform.parts.front().card.strength = strength;
                QVERIFY(writeTransform(transform, folder / "t").has_value());
                auto writer = formats::NpyWriter::create(folder / "x.npy", 4).value();
                QVERIFY(writer.append(rows.values) && writer.finish());
                for (const auto& [modality, word] : {std::pair{Modality::Image, "image"}, {Modality::Text, "text"}}) {
                    QProcess process;
                    process.start(program, {text(folder / "t/apply.py"), QString::fromLatin1(word),
                                            text(folder / "x.npy"), text(folder / "y.npy")});
                    QVERIFY(process.waitForFinished(60000));
                    QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
                    const auto y = formats::readNpy(folder / "y.npy").value();
                    const Embeddings expected = applied(transform, modality, rows);
                    QCOMPARE(y.shape, (std::vector<std::int64_t>{12, std::int64_t(expected.dim)}));
                    Embeddings found = expected;
                    found.values = y.values;
                    // Where nothing changes our dial leaves rows as they are; the program's are of unit length.
                    Embeddings wanted = expected;
                    if (strength < 1) {
                        normaliseRows(found);
                        normaliseRows(wanted);
                    }
                    QVERIFY2(furthest(found, wanted) < 2e-5, name);
                }
            }
    }

    void aStackHasAFolderForEachPart() {
        const test::TempFolder folder;
        Transform transform;
        for (auto& [name, one] : everyKind())
            if (one.card.dim == 4 && std::string_view(name) != "fourier")
                transform.parts.push_back(std::move(one));
        transform.parts[1].card.strength = 0.25;
        QVERIFY(writeTransform(transform, folder / "stack").has_value());
        QVERIFY(fs::exists(folder / "stack/2/card.json"));
        const Transform back = readTransform(folder / "stack").value();
        QCOMPARE(back.parts.size(), transform.parts.size());
        QCOMPARE(back.parts[1].card.strength, 0.25);
        const Embeddings rows = rowsOf(8, 4, 3);
        QVERIFY(furthest(applied(back, Modality::Image, rows), applied(transform, Modality::Image, rows)) == 0);
        QVERIFY(fs::exists(folder / "stack/apply.py"));
    }

    void aFolderHoldsOneTransformAtATime() {
        const test::TempFolder folder;
        Transform stack;
        stack.parts.assign(2, part(LinearMap{4, 4, numbers(16, 1), numbers(4, 2), false}, Unchanged{}));
        QVERIFY(writeTransform(stack, folder.path()).has_value());
        test::writeText(folder / "1/notes.txt", "mine");
        test::writeText(folder / "image_of_me.png", "mine");
        Transform other;
        other.parts.push_back(part(ImputeMap{{1}, {0.5}}, Unchanged{}));
        QVERIFY(writeTransform(other, folder.path()).has_value());
        std::set<std::string> files;
        for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
            if (entry.is_regular_file())
                files.insert(entry.path().lexically_relative(folder.path()).string());
        QCOMPARE(files, (std::set<std::string>{"1/notes.txt", "apply.py", "card.json", "image_coordinates.npy",
                                               "image_of_me.png", "image_values.npy"}));
        QCOMPARE(readTransform(folder.path()).value().parts.size(), std::size_t(1));
    }

    void aRankingAndScoresComeBack() {
        const test::TempFolder folder;
        Transform transform;
        Part& one = transform.parts.emplace_back(part(Unchanged{}, Unchanged{}));
        RankingRule rule;
        rule.algorithm = RankingAlgorithm::DetConstSort;
        rule.k = KSpec{0, 0.25};
        rule.groups = {"Female", "Male"};
        rule.target.kind = Target::Kind::Uniform;
        rule.predicted = GaussianClassifier{4, 2, numbers(8, 1), numbers(2, 2)};
        rule.p = 0.4;
        rule.adjusted = false;
        one.ranking = rule;
        ScoreRule scores;
        scores.bias = {0.5, -0.5};
        scores.texts = {"a", "b"};
        scores.gate = Gate::Entropy;
        one.scores = scores;
        QVERIFY(writeTransform(transform, folder.path()).has_value());
        QVERIFY(!fs::exists(folder / "apply.py")); // NumPy on embeddings cannot do it
        const Part back = readTransform(folder.path()).value().parts.front();
        QCOMPARE(back.ranking->algorithm, RankingAlgorithm::DetConstSort);
        QCOMPARE(back.ranking->k->fraction, 0.25);
        QCOMPARE(back.ranking->groups, rule.groups);
        QCOMPARE(back.ranking->target.kind, Target::Kind::Uniform);
        QCOMPARE(back.ranking->predicted->weights, rule.predicted->weights);
        QCOMPARE(*back.ranking->p, 0.4);
        QVERIFY(!back.ranking->adjusted);
        QCOMPARE(back.scores->bias, scores.bias);
        QCOMPARE(back.scores->texts, scores.texts);
        QCOMPARE(back.scores->gate, Gate::Entropy);
    }

    void damageIsSaid() {
        const test::TempFolder folder;
        Transform transform;
        transform.parts.push_back(part(LinearMap{4, 4, numbers(16, 1), numbers(4, 2), false}, Unchanged{}));
        QVERIFY(writeTransform(transform, folder.path()).has_value());
        const std::string good = test::readText(folder / "card.json");
        QCOMPARE(readTransform(folder / "nothing").error().code, ErrorCode::FileNotFound);
        const auto broken = [&](const std::string& from, const std::string& to) {
            std::string card = good;
            const std::size_t at = card.find(from);
            Q_ASSERT(at != std::string::npos);
            card.replace(at, from.size(), to);
            test::writeText(folder / "card.json", card);
            const auto read = readTransform(folder.path());
            return read ? ErrorCode::Internal : read.error().code;
        };
        QCOMPARE(broken("plumbline-debias-1", "plumbline-debias-9"), ErrorCode::JsonInvalid);
        QCOMPARE(broken("\"leace\"", "\"magic\""), ErrorCode::JsonInvalid);
        QCOMPARE(broken("\"strength\": 1.0", "\"strength\": 2.0"), ErrorCode::JsonInvalid);
        QCOMPARE(broken("\"linear\"", "\"bent\""), ErrorCode::JsonInvalid);
        QCOMPARE(broken("\"linear\"", "{}"), ErrorCode::JsonInvalid);
        QCOMPARE(broken("{", "["), ErrorCode::JsonInvalid);
        QCOMPARE(broken("\"dim\": 4", "\"dim\": 5"), ErrorCode::JsonInvalid);
        // For people: neither the parser's words nor a file that nobody asked for.
        test::writeText(folder / "card.json", good.substr(0, good.size() / 2));
        QVERIFY(readTransform(folder.path()).error().arg("reason").find("damaged or was cut off") != std::string::npos);
        fs::create_directories(folder / "half/checkpoint");
        QVERIFY(readTransform(folder / "half").error().arg("expected").find("goes on") != std::string::npos);
        QVERIFY(readTransform(folder / "card.json").error().arg("expected").find("a folder") != std::string::npos);
        test::writeText(folder / "card.json", good);
        const std::vector<double> three(3);
        const std::int64_t shape[] = {3};
        QVERIFY(formats::writeNpyDoubles(folder / "image_offset.npy", shape, three).has_value());
        QCOMPARE(readTransform(folder.path()).error().code, ErrorCode::NpyInvalid);
        const std::vector<double> infinite(4, INFINITY);
        const std::int64_t four[] = {4};
        QVERIFY(formats::writeNpyDoubles(folder / "image_offset.npy", four, infinite).has_value());
        QCOMPARE(readTransform(folder.path()).error().code, ErrorCode::NpyInvalid);
    }
};

QTEST_GUILESS_MAIN(TestTransformFolder)
#include "tst_transform_folder.moc"
