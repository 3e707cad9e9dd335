// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <set>

#include <QElapsedTimer>
#include <QtTest>

#include "core/data/json.h"
#include "core/store/embedding_cache.h"
#include "core/store/project.h"
#include "tests/app/plumb_process.h"
#include "tests/support/random_model.h"
#include "tests/support/test_images.h"

using namespace plumbline;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

/// A client of `plumb serve` that waits.
class Client {
public:
    explicit Client(const fs::path& cache) {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_CACHE_HOME"), QFile::decodeName(cache.c_str()));
        m_process.setProcessEnvironment(environment);
        m_process.start(test::plumbProgram(), {QStringLiteral("serve")});
        m_process.waitForStarted();
    }
    ~Client() {
        m_process.closeWriteChannel();
        if (!m_process.waitForFinished(10000))
            m_process.kill();
        m_process.waitForFinished();
    }

    QProcess& process() { return m_process; }

    void sendRaw(const QByteArray& bytes) {
        m_process.write(bytes);
        m_process.waitForBytesWritten();
    }
    void send(const Json& message) {
        const std::string body = message.dump();
        sendRaw("Content-Length: " + QByteArray::number(qsizetype(body.size())) + "\r\n\r\n" +
                QByteArray::fromStdString(body));
    }
    int request(const char* method, const Json& params) {
        send({{"jsonrpc", "2.0"}, {"id", ++m_id}, {"method", method}, {"params", params}});
        return m_id;
    }
    void cancel(int id) { send({{"jsonrpc", "2.0"}, {"method", "$/cancelRequest"}, {"params", {{"id", id}}}}); }

    /// The next message, or null after a minute or at the end.
    Json next() {
        QElapsedTimer clock;
        clock.start();
        for (;;) {
            if (const auto end = m_buffer.indexOf("\r\n\r\n"); end >= 0) {
                const auto length = m_buffer.mid(16, end - 16).toLongLong(); // after "Content-Length: "
                if (m_buffer.size() >= end + 4 + length) {
                    const Json message = Json::parse(m_buffer.mid(end + 4, length).toStdString(), nullptr, false);
                    m_buffer.remove(0, end + 4 + length);
                    return message;
                }
            }
            if (clock.elapsed() > 60000 ||
                (!m_process.waitForReadyRead(1000) && m_process.state() == QProcess::NotRunning))
                return {};
            m_buffer += m_process.readAllStandardOutput();
        }
    }
    /// The answer to a request; notifications before it are kept.
    Json answer(int id) {
        for (;;) {
            Json message = next();
            if (message.is_null() || message.value("id", Json()) == id)
                return message;
            notifications.push_back(std::move(message));
        }
    }
    Json call(const char* method, const Json& params) { return answer(request(method, params)); }

    std::vector<Json> notifications;

private:
    QProcess m_process;
    QByteArray m_buffer;
    int m_id = 0;
};

} // namespace

class TestServe : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void greetsAndRefuses();
    void brokenFramesEndTheEngine();
    void endsWithItsInput();
    void aModelIsAddedThenChecked();
    void aCheckCanBeCancelled();
    void onlyModelsOfTheProjectAreChecked();
    void targetsAreReadAndOffered();
    void wholeAudit();
    void runsAreCompared();
    void cancelAndGoOn();
    void killedInTheMiddle();
    void tokenCountsWhileAnAuditRuns();
    void errorsTravelAsValues();
    void opensTheSample();
    void debiasingIsComparedExportedAndAudited();
    void aComparisonCanBeCancelledAndCanFail();

private:
    Json study(std::int64_t model, std::int64_t images) const;
    Json config(std::int64_t model, std::int64_t images) const;
    /// A project with the slow model and the images in it; its ids.
    std::pair<std::int64_t, std::int64_t> fill(Client& client, const fs::path& project, const char* model) const;
    test::TempFolder m_folder;
};

void TestServe::initTestCase() {
    test::RandomClip tiny;
    tiny.contextLength = 40;
    test::writeRandomClip(m_folder / "model", tiny, Container::HuggingFace, 1);
    test::RandomClip slow = tiny; // some tens of milliseconds an image, so that there is a middle to stop in
    slow.imageSize = 96;
    slow.patchSize = 8;
    slow.visionWidth = 256;
    slow.visionLayers = 6;
    slow.visionHeads = 4;
    test::writeRandomClip(m_folder / "slow", slow, Container::OpenClip, 2);
    test::writeLabelledImages(m_folder / "images", 300, 1);
}

Json TestServe::config(std::int64_t model, std::int64_t images) const {
    AuditConfig config;
    config.modelId = model;
    config.imageSetId = images;
    config.attributes = {"gender"};
    config.probe.name = "by hand";
    config.probe.concepts = {{"a photo of a doctor", ""}, {"a photo of a nurse", ""}};
    config.measure.k = {20, 0};
    return toJson(config);
}

std::pair<std::int64_t, std::int64_t> TestServe::fill(Client& client, const fs::path& project,
                                                      const char* model) const {
    [[maybe_unused]] const auto created = store::Project::create(project);
    const Json added = client.call("project/addModel", {{"project", project.string()},
                                                        {"path", (m_folder / model).string()},
                                                        {"vocab", (m_folder / "model").string()}});
    const Json images = client.call("project/addImages", {{"project", project.string()},
                                                          {"folder", (m_folder / "images").string()},
                                                          {"labels", (m_folder / "images/labels.csv").string()},
                                                          {"label_sources",
                                                           {{{"source", "annotated"}, {"note", "three each"}},
                                                            {{"source", "self-reported"}}}}});
    return {added["result"]["id"].get<std::int64_t>(), images["result"]["id"].get<std::int64_t>()};
}

void TestServe::greetsAndRefuses() {
    Client client(m_folder / "cache");
    const Json hello = client.call("initialize", {{"client", "test"}, {"protocol", 1}});
    QCOMPARE(hello["result"]["protocol"].get<int>(), 1);
    QVERIFY(hello["result"]["cores"].get<int>() >= 1);
    QVERIFY(!hello["result"]["blas"].get<std::string>().empty());
    QCOMPARE(client.call("no/such/method", Json::object())["error"]["code"].get<int>(), -32601);
    QCOMPARE(client.call("model/inspect", Json::array())["error"]["data"]["code"].get<std::string>(),
             std::string("ProtocolError"));
    QCOMPARE(client.call("model/inspect", {{"path", 3}})["error"]["data"]["code"].get<std::string>(),
             std::string("ProtocolError"));
    client.sendRaw("Content-Length: 5\r\n\r\n{oops");
    QCOMPARE(client.next()["error"]["code"].get<int>(), -32700);
    client.sendRaw("content-length: 2\r\nX-Other: 1\r\n\r\n[]"); // header names in any case, further headers
    QCOMPARE(client.next()["error"]["code"].get<int>(), -32600);
    QVERIFY(client.call("initialize", Json::object()).contains("result")); // still there
}

void TestServe::aModelIsAddedThenChecked() {
    Client client(m_folder / "cache-check");
    const fs::path path = m_folder / "check.plumb";
    auto project = store::Project::create(path);
    const Json where = {{"project", path.string()}, {"path", (m_folder / "model").string()}};
    const Json added = client.call("project/addModel", where)["result"];
    const std::int64_t id = added["id"].get<std::int64_t>();
    QCOMPARE(added["card"]["content_sha256"].get<std::string>(), std::string());
    QVERIFY(!added["card"]["self_check"]["passed"].get<bool>());
    QCOMPARE(added["card"]["storage"].get<std::string>(), std::string("safetensors"));
    for (const Json& file : added["card"]["files"])
        QVERIFY(file["sha256"].get<std::string>().empty() && file["bytes"].get<std::int64_t>() > 0);
    QVERIFY(toJson(project->model(id)->card) == added["card"]);
    QCOMPARE(project->model(id)->name, std::string("model"));

    client.notifications.clear();
    const Json checked = client.call("project/checkModel", {{"project", path.string()}, {"id", id}})["result"];
    QVERIFY(checked["card"]["self_check"]["passed"].get<bool>());
    QCOMPARE(checked["card"]["content_sha256"].get<std::string>().size(), std::size_t(64));
    for (const Json& file : checked["card"]["files"])
        QCOMPARE(file["sha256"].get<std::string>().size(), std::size_t(64));
    QVERIFY(toJson(project->model(id)->card) == checked["card"]);
    QCOMPARE(project->models()->size(), std::size_t(1));
    QVERIFY(client.call("model/inspect", {{"path", where["path"]}})["result"]["card"] == checked["card"]);
    std::set<std::string> stages;
    for (const Json& message : client.notifications)
        stages.insert(message["params"].value("stage", ""));
    QVERIFY(stages.contains("hashing-model") || stages.contains("checking-model")); // at most ten reports a second

    // Added again, it is as unchecked as at first: the files may be others.
    QCOMPARE(client.call("project/addModel", where)["result"]["id"].get<std::int64_t>(), id);
    QVERIFY(project->model(id)->card.contentSha256.empty());
}

void TestServe::aCheckCanBeCancelled() {
    Client client(m_folder / "cache-check");
    const fs::path path = m_folder / "check-cancelled.plumb";
    const auto [model, images] = fill(client, path, "slow");
    // Behind an audit, so that it has not begun.
    const int audit = client.request("audit/run", {{"project", path.string()}, {"config", config(model, images)}});
    const int check = client.request("project/checkModel", {{"project", path.string()}, {"id", model}});
    client.cancel(check);
    client.cancel(audit);
    QCOMPARE(client.answer(check)["error"]["code"].get<int>(), -32800);
    auto project = store::Project::open(path);
    QVERIFY(project->model(model)->card.contentSha256.empty());
    const Json again = client.call("project/checkModel", {{"project", path.string()}, {"id", model}});
    QVERIFY2(again.contains("result"), again.dump().c_str());
    QCOMPARE(project->model(model)->card.contentSha256.size(), std::size_t(64));
    QVERIFY(!project->model(model)->vocabPath.empty()); // what it was added with stays
}

void TestServe::onlyModelsOfTheProjectAreChecked() {
    Client client(m_folder / "cache-check");
    const fs::path path = m_folder / "check-unknown.plumb";
    [[maybe_unused]] auto project = store::Project::create(path);
    const Json unknown = client.call("project/checkModel", {{"project", path.string()}, {"id", 7}})["error"];
    QCOMPARE(unknown["data"]["code"].get<std::string>(), std::string("RecordUnknown"));
    const Json nameless = client.call("project/checkModel", {{"project", path.string()}})["error"];
    QCOMPARE(nameless["data"]["code"].get<std::string>(), std::string("ProtocolError"));
    // One whose files have gone since.
    fs::copy(m_folder / "model", m_folder / "gone", fs::copy_options::recursive);
    const Json added =
        client.call("project/addModel", {{"project", path.string()}, {"path", (m_folder / "gone").string()}});
    fs::remove_all(m_folder / "gone");
    Client later(m_folder / "cache-check");
    const Json gone =
        later.call("project/checkModel", {{"project", path.string()}, {"id", added["result"]["id"]}})["error"];
    QCOMPARE(gone["data"]["code"].get<std::string>(), std::string("FileNotFound"));
}

void TestServe::brokenFramesEndTheEngine() {
    Client client(m_folder / "cache");
    client.sendRaw("Content-Length: 99999999999\r\n\r\n");
    QCOMPARE(client.next()["error"]["code"].get<int>(), -32700);
    QVERIFY(client.process().waitForFinished(20000));
    QCOMPARE(client.process().exitCode(), 0);
}

void TestServe::endsWithItsInput() {
    Client client(m_folder / "cache-end");
    const fs::path project = m_folder / "end.plumb";
    const auto [model, images] = fill(client, project, "slow");
    client.request("audit/run", {{"project", project.string()}, {"config", config(model, images)}});
    client.next(); // it has begun
    client.process().closeWriteChannel();
    QVERIFY(client.process().waitForFinished(20000));
}

void TestServe::targetsAreReadAndOffered() {
    Client client(m_folder / "cache");
    const Json presets = client.call("targets/presets", Json::object())["result"]["presets"];
    QVERIFY(!presets.empty());
    QCOMPARE(presets[0]["name"].get<std::string>(), std::string("visogender-us"));
    QVERIFY(!presets[0]["title"].get<std::string>().empty() && !presets[0]["citation"].get<std::string>().empty());
    const auto labour = targetFromJson(presets[0]["target"]);
    QVERIFY(labour && labour->kind == Target::Kind::Custom);
    QVERIFY(labour->of("doctor").kind == Target::Kind::Custom && labour->of("clown").kind == Target::Kind::Pool);
    {
        std::ofstream table(m_folder / "target.csv");
        table << "group,percent\nfemale,40\nmale,60\n";
        std::ofstream broken(m_folder / "broken.csv");
        broken << "group,percent\nfemale,40\nmale,50\n";
    }
    const auto read =
        targetFromJson(client.call("targets/read", {{"path", (m_folder / "target.csv").string()}})["result"]["target"]);
    QVERIFY(read);
    QCOMPARE(read->shares, (std::vector<std::pair<std::string, double>>{{"female", 0.4}, {"male", 0.6}}));
    const auto codeOf = [&](const char* file) {
        return client.call("targets/read", {{"path", (m_folder / file).string()}})["error"]["data"]["code"]
            .get<std::string>();
    };
    QCOMPARE(codeOf("broken.csv"), std::string("TargetInvalid"));
    QCOMPARE(codeOf("none.csv"), std::string("FileNotFound"));
}

void TestServe::wholeAudit() {
    Client client(m_folder / "cache");
    const fs::path project = m_folder / "whole.plumb";
    const Json preview = client.call("images/preview", {{"folder", (m_folder / "images").string()},
                                                        {"labels", (m_folder / "images/labels.csv").string()}});
    QCOMPARE(preview["result"]["columns"].size(), std::size_t(3));
    QCOMPARE(preview["result"]["rows"].size(), std::size_t(20));
    // Values of the whole table, not of the first rows alone; none of the column with the names.
    QCOMPARE(preview["result"]["values"].size(), std::size_t(2));
    {
        std::ofstream table(m_folder / "late.csv");
        table << "file,split\n";
        for (int i = 0; i < 300; ++i)
            table << "img/" << (i < 100 ? i < 10 ? "00" : "0" : "") << i << ".bmp,"
                  << (i < 298   ? "early"
                      : i < 299 ? " early "
                                : "late")
                  << '\n';
    }
    const Json late = client.call(
        "images/preview", {{"folder", (m_folder / "images").string()}, {"labels", (m_folder / "late.csv").string()}});
    // As the filter compares them: without the blanks around.
    QCOMPARE(late["result"]["values"], (Json{{"split", {"early", "late"}}}));
    QCOMPARE(preview["result"]["attributes"].size(), std::size_t(2));
    QCOMPARE(preview["result"]["report"]["matched"].get<int>(), 300);
    const auto [model, images] = fill(client, project, "model");
    client.notifications.clear();
    const Json ran = client.call("audit/run", {{"project", project.string()}, {"config", config(model, images)}});
    QVERIFY2(ran.contains("result"), ran.dump().c_str());
    bool embedding = false;
    for (const Json& message : client.notifications)
        embedding = embedding || (message["method"] == "progress" && message["params"]["stage"] == "embedding-images" &&
                                  message["params"]["total"] == 300);
    QVERIFY(embedding);
    auto opened = store::Project::open(project);
    const auto run = opened->run(ran["result"]["run"].get<std::int64_t>());
    QVERIFY(run->state == RunState::Done);
    QCOMPARE(opened->runResult(run->id)->measurements.size(), std::size_t(2));
    const Json thumbnails =
        client.call("project/thumbnails", {{"project", project.string()}, {"image_set", images}, {"rows", {0, 299}}});
    QVERIFY(thumbnails.contains("result"));
    QVERIFY(opened->thumbnail(images, 299)->has_value());
    QVERIFY(client.call("project/thumbnails", {{"project", project.string()}, {"image_set", images}, {"rows", {300}}})
                .contains("error"));

    const std::vector<LabelSource> sources{{LabelSource::Kind::Annotated, "three each"},
                                           {LabelSource::Kind::SelfReported, ""}};
    QVERIFY(opened->labelSources(images).value() == sources);
    const Json check = client.call("images/check", {{"project", project.string()}, {"image_set", images}});
    QVERIFY2(check.contains("result"), check.dump().c_str());
    QCOMPARE(check["result"]["flaws"]["small"].get<int>(), 300);
    QCOMPARE(check["result"]["flaws"]["unreadable"].get<int>(), 0);
    QCOMPARE(opened->imageCheck(images)->value().of(ImageFlaw::Small)->images.size(), std::size_t(300));
    QVERIFY(client.call("images/check", {{"project", project.string()}, {"image_set", images + 1}}).contains("error"));

    // The report, as plumb report writes it.
    const fs::path page = m_folder / "report.html";
    const auto report = [&](const Json& more) {
        Json params = {{"project", project.string()}, {"run", run->id}, {"path", page.string()}};
        params.update(more);
        return client.call("report/write", params);
    };
    const Json wrote = report({{"evidence", "ids"}, {"auditor", "A. Example"}});
    QVERIFY2(wrote["result"]["run"] == run->id, wrote.dump().c_str());
    const std::string html = test::readText(page);
    QVERIFY(html.find("A. Example") != std::string::npos && html.find("<img") == std::string::npos);
    QVERIFY(report({{"evidence", "all"}}).contains("error"));
    QVERIFY(report({{"path", (m_folder / "report.pdf").string()}}).contains("error"));
    QVERIFY(report({{"run", 99}}).contains("error"));
}

void TestServe::runsAreCompared() {
    Client client(m_folder / "cache-compare");
    const fs::path path = m_folder / "compared.plumb";
    const auto [model, images] = fill(client, path, "model");
    test::RandomClip another;
    another.contextLength = 40;
    test::writeRandomClip(m_folder / "another", another, Container::HuggingFace, 9);
    const Json added = client.call("project/addModel", {{"project", path.string()},
                                                        {"path", (m_folder / "another").string()},
                                                        {"vocab", (m_folder / "another").string()}});
    const auto audit = [&](std::int64_t of, int k) {
        Json asked = config(of, images);
        asked["measure"]["k"]["count"] = k;
        return client.call("audit/run", {{"project", path.string()}, {"config", asked}})["result"]["run"];
    };
    const Json first = audit(model, 20), second = audit(added["result"]["id"], 20), third = audit(model, 12);
    const auto runs = [&](Json numbers) { return Json{{"project", path.string()}, {"runs", std::move(numbers)}}; };

    client.notifications.clear();
    const Json answer = client.call("runs/compare", runs({first, second}));
    QVERIFY2(answer.contains("result"), answer.dump().c_str());
    const auto comparison = runComparisonFromJson(answer["result"]);
    QVERIFY(comparison);
    QVERIFY(comparison->refusals.empty() && !comparison->judged.empty() && !comparison->moved.empty());
    QCOMPARE(comparison->runs[1].run, second.get<std::int64_t>());
    QCOMPARE(comparison->runs[1].model, std::string("another"));
    QVERIFY(std::ranges::any_of(client.notifications, [&](const Json& one) {
        return one["method"] == "progress" && one["params"]["id"] == answer["id"];
    }));
    // The difference of a prompt is that of the numbers that the two runs store.
    auto project = store::Project::open(path);
    const MeasureTable& prompts = *comparison->table(kComparedPromptsId);
    for (std::size_t p = 0; p < 2; ++p) {
        const Measurement of = project->runResult(first.get<std::int64_t>())->measurements[p],
                          ofOther = project->runResult(second.get<std::int64_t>())->measurements[p];
        const MeasureRow* row =
            prompts.find({std::to_string(second.get<std::int64_t>()), "gender", *of.prompt, kOfDifference}, "ndkl");
        QVERIFY(row != nullptr);
        QVERIFY(std::abs(*row->value.value - (*ofOther.ndkl.value - *of.ndkl.value)) < 1e-9);
    }

    const Json refused = client.call("runs/compare", runs({first, third}))["result"];
    QCOMPARE(refused["refusals"].size(), std::size_t(1));
    QVERIFY(refused["tables"].empty());
    const auto codeOf = [](const Json& failed) { return failed["error"]["data"]["code"].get<std::string>(); };
    QCOMPARE(codeOf(client.call("runs/compare", runs(Json::array({first})))), std::string("InvalidArgument"));
    QCOMPARE(codeOf(client.call("runs/compare", runs({first, 99}))), std::string("RecordUnknown"));
    QCOMPARE(codeOf(client.call("runs/compare", runs({first, "second"}))), std::string("ProtocolError"));
    QCOMPARE(codeOf(client.call("runs/compare", {{"project", path.string()}})), std::string("InvalidArgument"));

    const int done = client.request("runs/compare", runs({first, second}));
    const int cancelled = client.request("runs/compare", runs({second, first}));
    client.cancel(cancelled);
    std::set<int> answered;
    while (answered.size() < 2) {
        const Json message = client.next();
        QVERIFY(!message.is_null());
        if (message.contains("id"))
            answered.insert(message["id"].get<int>());
        if (message.contains("id") && message["id"] == cancelled)
            QCOMPARE(message["error"]["code"].get<int>(), -32800);
        else if (message.contains("id") && message["id"] == done)
            QVERIFY(message.contains("result"));
    }
}

void TestServe::cancelAndGoOn() {
    Client client(m_folder / "cache-cancel");
    const fs::path project = m_folder / "cancel.plumb";
    const auto [model, images] = fill(client, project, "slow");
    const int id = client.request("audit/run", {{"project", project.string()}, {"config", config(model, images)}});
    for (Json message = client.next(); !message.is_null(); message = client.next())
        if (message.value("method", "") == "progress" && message["params"]["stage"] == "embedding-images" &&
            message["params"]["done"] > 0)
            break;
    client.cancel(id);
    QCOMPARE(client.answer(id)["error"]["code"].get<int>(), -32800);
    auto opened = store::Project::open(project);
    const std::int64_t run = opened->runs()->front().id;
    QVERIFY(opened->run(run)->state == RunState::Cancelled);

    client.notifications.clear();
    const Json resumed = client.call("audit/resume", {{"project", project.string()}, {"run", run}});
    QVERIFY2(resumed.contains("result"), resumed.dump().c_str());
    QVERIFY(opened->run(run)->state == RunState::Done);
    // It went on where it stopped: the first report of the stage is not zero.
    for (const Json& message : client.notifications)
        if (message["params"].value("stage", "") == "embedding-images") {
            QVERIFY(message["params"]["done"].get<int>() > 0);
            break;
        }
}

void TestServe::opensTheSample() {
    Client client(m_folder / "cache-sample");
    const Json answer = client.call("sample/open", {{"folder", (m_folder / "sample").string()}});
    QVERIFY2(answer.contains("result"), answer.dump().c_str());
    auto project = store::Project::open(answer["result"]["project"].get<std::string>());
    QVERIFY(project.has_value());
    const auto run = project->run(answer["result"]["run"].get<std::int64_t>());
    QVERIFY(run.has_value());
    QVERIFY(run->state == RunState::Done);
    QCOMPARE(run->images, 2000);
    QCOMPARE(client.call("sample/open", {{"folder", (m_folder / "sample").string()}})["result"], answer["result"]);
    QVERIFY(client.call("sample/open", Json::object()).contains("error"));
}

void TestServe::killedInTheMiddle() {
    const fs::path project = m_folder / "killed.plumb", cacheFolder = m_folder / "cache-killed";
    std::int64_t run = 0;
    std::int64_t kept = 0;
    {
        Client client(cacheFolder);
        const auto [model, images] = fill(client, project, "slow");
        client.request("audit/run", {{"project", project.string()}, {"config", config(model, images)}});
        while (kept == 0) {
            QVERIFY(!client.next().is_null());
            if (auto cache = store::EmbeddingCache::open(cacheFolder / "plumbline" / "embeddings.sqlite"))
                kept = cache->size();
        }
        client.process().kill();
        client.process().waitForFinished();
    }
    auto opened = store::Project::open(project);
    run = opened->runs()->front().id;
    QVERIFY(opened->run(run)->state == RunState::Running); // nobody could say that it ended
    Client client(cacheFolder);
    const Json resumed = client.call("audit/resume", {{"project", project.string()}, {"run", run}});
    QVERIFY2(resumed.contains("result"), resumed.dump().c_str());
    QVERIFY(opened->run(run)->state == RunState::Done);
    for (const Json& message : client.notifications)
        if (message["params"].value("stage", "") == "embedding-images") {
            QVERIFY(message["params"]["done"].get<std::int64_t>() >= kept);
            break;
        }
    // The same figures as a run that was never stopped.
    Client fresh(m_folder / "cache-fresh");
    const Json again =
        fresh.call("audit/run", {{"project", project.string()}, {"config", toJson(opened->run(run)->config)}});
    const auto a = opened->runResult(run), b = opened->runResult(again["result"]["run"].get<std::int64_t>());
    for (std::size_t m = 0; m < a->measurements.size(); ++m)
        QVERIFY(std::abs(a->measurements[m].scoreMean - b->measurements[m].scoreMean) < 1e-6);
}

void TestServe::tokenCountsWhileAnAuditRuns() {
    Client client(m_folder / "cache-lanes");
    const fs::path project = m_folder / "lanes.plumb";
    const auto [model, images] = fill(client, project, "slow");
    const int audit = client.request("audit/run", {{"project", project.string()}, {"config", config(model, images)}});
    const Json counts =
        client.call("model/tokenize", {{"path", (m_folder / "model").string()}, {"texts", {"a photo", ""}}});
    QCOMPARE(counts["result"]["counts"][1].get<int>(), 2);
    QVERIFY(!counts["result"]["truncated"][0].get<bool>());
    client.cancel(audit); // it was still running: the lanes do not wait for each other
    QCOMPARE(client.answer(audit)["error"]["code"].get<int>(), -32800);
}

void TestServe::errorsTravelAsValues() {
    Client client(m_folder / "cache");
    const Json error = client.call("model/inspect", {{"path", (m_folder / "images").string()}})["error"];
    QCOMPARE(error["code"].get<int>(), -32000);
    QCOMPARE(error["data"]["code"].get<std::string>(), std::string("NotAModel"));
    QVERIFY(error["message"].get<std::string>().find("images") != std::string::npos);
    const Json missing =
        client.call("audit/resume", {{"project", (m_folder / "none.plumb").string()}, {"run", 1}})["error"];
    QCOMPARE(missing["data"]["code"].get<std::string>(), std::string("FileNotFound"));
}

Json TestServe::study(std::int64_t model, std::int64_t images) const {
    DebiasStudyConfig config;
    config.modelId = model;
    config.imageSetId = images;
    config.attribute = "gender";
    config.classes = "age";
    config.probe.name = "by hand";
    config.probe.concepts = {{"a photo of a doctor", ""}, {"a photo of a nurse", ""}};
    config.measure.k = {20, 0};
    config.methods = {{{{"leace", "", {}, 0}}},
                      {{{"mean-difference", "", {}, 0}, {"det-cons", "", {{"labels", "predicted"}}, 0}}},
                      {{{"leace", "", {{"shrinkage", "maybe"}}, 0}}}};
    return toJson(config);
}

void TestServe::debiasingIsComparedExportedAndAudited() {
    Client client(m_folder / "cache");
    const fs::path path = m_folder / "debias.plumb";
    const auto [model, images] = fill(client, path, "model");
    client.notifications.clear();
    const Json compared = client.call("debias/compare", {{"project", path.string()}, {"config", study(model, images)}});
    QVERIFY2(compared.contains("result"), compared.dump().c_str());
    std::set<std::string> stages;
    for (const Json& message : client.notifications)
        stages.insert(message["params"].value("stage", ""));
    QVERIFY(stages.contains("comparing-methods") || stages.contains("embedding-images"));
    const std::int64_t id = compared["result"]["study"].get<std::int64_t>();
    auto project = store::Project::open(path);
    const auto record = project->study(id);
    QVERIFY(record && record->state == RunState::Done && !record->finished.empty());
    QVERIFY(!record->config.modelPath.empty());
    const auto result = project->studyResult(id);
    QVERIFY(result.has_value());
    QCOMPARE(result->candidates.size(), std::size_t(3));
    QCOMPARE(result->fitRows + result->selectRows + result->auditRows, std::int64_t(300));
    for (int c = 0; c < 2; ++c) {
        const DebiasCandidate& candidate = result->candidates[static_cast<std::size_t>(c)];
        QVERIFY2(candidate.failure.empty(), candidate.failure.c_str());
        QVERIFY(candidate.transformId > 0 && !candidate.price.empty() && !candidate.curve.empty());
    }
    QVERIFY(!result->candidates[2].failure.empty() && result->candidates[2].transformId == 0);
    QCOMPARE(project->transforms()->size(), std::size_t(2));

    // To a folder; dialled on the way out.
    const std::int64_t transform = result->candidates[0].transformId;
    const auto exported = [&](const Json& transformId, const char* folder, const Json& strength) {
        return client.call("debias/export", {{"project", path.string()},
                                             {"transform", transformId},
                                             {"folder", (m_folder / folder).string()},
                                             {"strength", strength}});
    };
    QVERIFY(exported(transform, "exported", 0.5).contains("result"));
    const Json card = Json::parse(test::readText(m_folder / "exported/card.json"), nullptr, false);
    QVERIFY(card.dump().find("\"strength\":0.5") != std::string::npos);
    QVERIFY(exported(result->candidates[1].transformId, "exported-stack", 1).contains("result"));
    QVERIFY(fs::exists(m_folder / "exported-stack/2/card.json"));
    QCOMPARE(exported(99, "no-export", 1)["error"]["data"]["code"].get<std::string>(), std::string("RecordUnknown"));
    for (const Json& strength : {Json(2), Json(-1), Json("half")})
        QCOMPARE(exported(transform, "no-export", strength)["error"]["data"]["code"].get<std::string>(),
                 std::string("ProtocolError"));
    QVERIFY(!fs::exists(m_folder / "no-export"));

    // A model between two, written and taken into the project.
    test::RandomClip tiny;
    tiny.contextLength = 40;
    test::writeRandomClip(m_folder / "other model", tiny, Container::HuggingFace, 7);
    const auto between = [&](const char* other, const Json& alpha) {
        return client.call("debias/exportModel", {{"project", path.string()},
                                                  {"model", model},
                                                  {"other", (m_folder / other).string()},
                                                  {"folder", (m_folder / "half way").string()},
                                                  {"strength", alpha}});
    };
    QVERIFY(between("nowhere", 0.5).contains("error"));
    QVERIFY(!fs::exists(m_folder / "half way/model.safetensors"));
    const Json half = between("other model", 0.5);
    QVERIFY2(half.contains("result"), half.dump().c_str());
    const auto added = project->model(half["result"]["id"].get<std::int64_t>());
    QVERIFY(added && added->path == (m_folder / "half way").string());
    QVERIFY(fs::exists(m_folder / "half way/interpolation.json"));

    // Two runs: without it and with it.
    const Json audited = client.call(
        "debias/audit",
        {{"project", path.string()}, {"transform", transform}, {"strength", 0.75}, {"config", config(model, images)}});
    QVERIFY2(audited.contains("result"), audited.dump().c_str());
    const std::int64_t before = audited["result"]["before"].get<std::int64_t>(),
                       after = audited["result"]["after"].get<std::int64_t>();
    const auto first = project->run(before), second = project->run(after);
    QVERIFY(first && second && first->state == RunState::Done && second->state == RunState::Done);
    for (const std::int64_t run : {before, after}) {
        const Json verified = client.call("runs/verify", {{"project", path.string()}, {"run", run}});
        QVERIFY2(verified.contains("result") && verified["result"]["same"].get<bool>(), verified.dump().c_str());
    }
    QVERIFY(client.call("runs/verify", {{"project", path.string()}, {"run", 99}}).contains("error"));
    QVERIFY(!first->config.debias);
    QVERIFY(second->config.debias.has_value());
    QCOMPARE(second->config.debias->baselineRun, before);
    QCOMPARE(second->config.debias->transformId, transform);
    QCOMPARE(second->config.debias->strength, 0.75);
    const auto tables = project->runResult(after)->tables;
    QVERIFY(std::ranges::any_of(tables, [](const MeasureTable& table) { return table.id == "debias_price"; }));
    // The second can be gone on with, too: what was applied is in the project.
    const Json again = client.call("audit/run", {{"project", path.string()}, {"config", toJson(second->config)}});
    QVERIFY2(again.contains("result"), again.dump().c_str());
    const auto same = project->runResult(again["result"]["run"].get<std::int64_t>()), there = project->runResult(after);
    QVERIFY(same && there);
    QCOMPARE(*same->measurements[0].maxSkew.value, *there->measurements[0].maxSkew.value);
    QCOMPARE(same->measurements[0].scoreMean, there->measurements[0].scoreMean);
}

void TestServe::aComparisonCanBeCancelledAndCanFail() {
    Client client(m_folder / "cache-study");
    const fs::path path = m_folder / "study.plumb";
    const auto [model, images] = fill(client, path, "slow");
    const int id = client.request("debias/compare", {{"project", path.string()}, {"config", study(model, images)}});
    for (Json message = client.next(); !message.is_null(); message = client.next())
        if (message.value("method", "") == "progress" && message["params"]["stage"] == "embedding-images")
            break;
    client.cancel(id);
    QCOMPARE(client.answer(id)["error"]["code"].get<int>(), -32800);
    auto project = store::Project::open(path);
    QCOMPARE(project->studies()->size(), std::size_t(1));
    QVERIFY(project->studies()->front().state == RunState::Cancelled);

    Json wrong = study(model, images);
    wrong["attribute"] = "colour";
    const Json failed = client.call("debias/compare", {{"project", path.string()}, {"config", wrong}});
    QCOMPARE(failed["error"]["data"]["code"].get<std::string>(), std::string("AttributeUnknown"));
    const store::StudyRecord record = project->studies()->front();
    QVERIFY(record.state == RunState::Failed && record.error && record.error->code == ErrorCode::AttributeUnknown);
    QVERIFY(!project->studyResult(record.id));
    QVERIFY(project->transforms()->empty());
    // A method without any step is one that failed, not the end of the engine.
    Json odd = study(model, images);
    odd["methods"] = Json::array({{{"steps", Json::array()}}});
    const Json empty = client.call("debias/compare", {{"project", path.string()}, {"config", odd}});
    QVERIFY2(empty.contains("result"), empty.dump().c_str());
    QVERIFY(!project->studyResult(empty["result"]["study"].get<std::int64_t>())->candidates[0].failure.empty());
    QVERIFY(client.call("initialize", Json::object()).contains("result")); // still there
    QCOMPARE(client
                 .call("debias/compare",
                       {{"project", path.string()}, {"config", study(77, images)}})["error"]["data"]["code"]
                 .get<std::string>(),
             std::string("RecordUnknown"));
}

QTEST_GUILESS_MAIN(TestServe)
#include "tst_serve.moc"
