// SPDX-License-Identifier: GPL-3.0-or-later
// An engine that does nothing but speak the protocol, and misbehaves on request. Methods:
//   test/echo {…} → the same          test/fail → the error TensorMissing      test/slow → progress until cancelled
//   test/crash → abort                test/exit → exits with code 7            test/hang → never answers, ignores
//   cancel test/garble → prints on stdout between frames, then answers                test/split → answers byte by byte
//   test/oversized → announces a frame of a terabyte                           test/nojson → a frame that is no JSON
//   test/environment {name} → {value}                                          test/late → answers after a moment
// and the methods of the window with made-up values. sample/open {folder} answers with folder/sample.plumb and run 2,
// which the test has made; a folder called "slow" runs until cancelled, one called "full" fails. project/addModel
// answers with the card in the environment variable FAKE_CARD, as it is before its check, and the id 9;
// /data/models/faceclip-a has the id 1, and a vocabulary called "wrong" is refused. project/checkModel runs until
// cancelled for model 1, fails for model 2, and otherwise answers with FAKE_CARD. targets/read knows a table
// genders.csv. debias/compare fits joint-vl until cancelled; with the seed 7 it answers with study 1, with the seed 13
// it fails; test/debias tells what the last debias/export or debias/audit asked for. report/write writes a page of one
// word, nothing else is stored. The environment variable FAKE_ENGINE changes the greeting:
//   "protocol" (another version), "silent" (ends at once), "deaf" (ignores the end of its input), "slow" (a slow BLAS).
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

std::string buffer;

/// Reads what there is within `timeout`; false at the end of the input.
bool readSome(std::chrono::milliseconds timeout) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, static_cast<int>(timeout.count())) <= 0)
        return true;
    char bytes[65536];
    const auto count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0)
        return false;
    buffer.append(bytes, static_cast<std::size_t>(count));
    return true;
}

std::optional<json> nextMessage() {
    const auto end = buffer.find("\r\n\r\n");
    if (end == std::string::npos)
        return {};
    const auto length = std::strtoull(buffer.c_str() + sizeof("Content-Length:") - 1, nullptr, 10);
    if (buffer.size() < end + 4 + length)
        return {};
    json message = json::parse(buffer.substr(end + 4, length));
    buffer.erase(0, end + 4 + length);
    return message;
}

std::string frame(const json& message) {
    const std::string body = message.dump();
    return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void send(const std::string& bytes) {
    std::cout << bytes;
    std::cout.flush();
}

void answer(const json& id, const json& result) {
    send(frame({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}}));
}

void refuse(const json& id, int code, const std::string& message, const json& data = nullptr) {
    json error{{"code", code}, {"message", message}};
    if (!data.is_null())
        error["data"] = data;
    send(frame({{"jsonrpc", "2.0"}, {"id", id}, {"error", error}}));
}

void progress(const json& id, const std::string& stage, int done, int total, const json& left) {
    send(frame({{"jsonrpc", "2.0"},
                {"method", "progress"},
                {"params", {{"id", id}, {"stage", stage}, {"done", done}, {"total", total}, {"seconds_left", left}}}}));
}

json card() {
    const char* text = std::getenv("FAKE_CARD");
    return json::parse(text != nullptr ? text : "{}");
}

struct Slow {
    std::string stage;
    int done = 0;
};

} // namespace

int main() {
    const char* mode = std::getenv("FAKE_ENGINE");
    const std::string kind = mode != nullptr ? mode : "";
    if (kind == "silent")
        return 3;
    std::cerr << "fake engine started" << std::endl;
    json exported;             // what the last debias/export or debias/audit asked for
    std::map<json, Slow> slow; // requests that run until they are cancelled
    bool open = true;
    while (open || kind == "deaf") {
        open = readSome(slow.empty() ? 1000ms : 10ms) && open;
        if (!open && kind == "deaf") {
            std::this_thread::sleep_for(50ms);
            continue;
        }
        for (auto& [id, state] : slow) // a fifth at once, then no further: the tests decide when it ends
            if (state.done < 20) {
                ++state.done;
                progress(id, state.stage, state.done, 100, state.done > 5 ? json(12.5) : json());
            }
        while (const auto message = nextMessage()) {
            const std::string method = message->value("method", "");
            const json id = message->value("id", json());
            const json params = message->value("params", json::object());
            if (method == "initialize")
                answer(id, {{"version", "0.1.0"},
                            {"protocol", kind == "protocol" ? 99 : 1},
                            {"threads", 2},
                            {"cores", 4},
                            {"blas", kind == "slow" ? "reference BLAS" : "OpenBLAS"},
                            {"gflops", 50.0},
                            {"slow_blas", kind == "slow"},
                            {"torch", "1.13.1"},
                            {"precision", "fp32"}});
            else if (method == "exit")
                open = false;
            else if (method == "shutdown")
                answer(id, json::object());
            else if (method == "$/cancelRequest") {
                if (slow.erase(params.at("id")) > 0)
                    refuse(params.at("id"), -32800, "cancelled");
            } else if (method == "test/echo")
                answer(id, params);
            else if (method == "test/fail")
                refuse(id, -32000, "The weights lack a tensor.",
                       {{"code", "TensorMissing"},
                        {"args", {{"path", "model.safetensors"}, {"tensor", "visual.proj"}, {"more", ""}}},
                        {"detail", "header of 12 tensors"}});
            else if (method == "test/slow" || method == "audit/run" || method == "audit/resume")
                slow.emplace(id, Slow{"embedding-images"});
            else if (method == "sample/open") {
                const std::string folder = params.at("folder");
                if (folder.ends_with("/slow"))
                    slow.emplace(id, Slow{"painting-portraits"});
                else if (folder.ends_with("/full"))
                    refuse(id, -32000, "The disk is full.",
                           {{"code", "DiskFull"}, {"args", {{"path", folder}}}, {"detail", ""}});
                else
                    answer(id, {{"project", folder + "/sample.plumb"}, {"run", 2}});
            } else if (method == "test/crash") {
                std::cerr << "about to crash" << std::endl;
                std::signal(SIGABRT, SIG_DFL);
                std::abort();
            } else if (method == "test/exit")
                std::_Exit(7);
            else if (method == "test/hang") {
                // never answered
            } else if (method == "test/garble") {
                send("a library prints this\nContent-Lengthy: and this\n");
                answer(id, {{"garbled", true}});
                send("and that\n");
            } else if (method == "test/split") {
                for (const char byte : frame({{"jsonrpc", "2.0"}, {"id", id}, {"result", {{"split", true}}}})) {
                    send(std::string(1, byte));
                    std::this_thread::sleep_for(1ms);
                }
            } else if (method == "test/oversized")
                send("Content-Length: 1099511627776\r\n\r\n{");
            else if (method == "test/nojson")
                send("Content-Length: 5\r\n\r\nhello");
            else if (method == "test/late") {
                std::this_thread::sleep_for(200ms);
                answer(id, json::object());
            } else if (method == "test/environment") {
                const char* value = std::getenv(params.at("name").get<std::string>().c_str());
                answer(id, {{"value", value != nullptr ? value : ""}});
            } else if (method == "project/addModel") {
                const std::string vocabulary = params.value("vocab", "");
                if (vocabulary.ends_with("/wrong")) {
                    refuse(id, -32000, "The vocabulary is not usable.",
                           {{"code", "VocabularyInvalid"},
                            {"args", {{"path", vocabulary}, {"reason", "it belongs to another model"}}},
                            {"detail", ""}});
                    continue;
                }
                json quick = card();
                quick["content_sha256"] = "";
                quick["self_check"] = {{"passed", false}, {"findings", json::array()}};
                if (!vocabulary.empty())
                    quick["vocabulary"] = vocabulary;
                answer(id, {{"id", params.at("path") == "/data/models/faceclip-a" ? 1 : 9}, {"card", quick}});
            } else if (method == "project/checkModel") {
                if (params.at("id") == 1)
                    slow.emplace(id, Slow{"hashing-model"});
                else if (params.at("id") == 2)
                    refuse(id, -32000, "The file cannot be read.",
                           {{"code", "FileUnreadable"},
                            {"args", {{"path", "model.safetensors"}, {"reason", "it is gone"}}},
                            {"detail", ""}});
                else
                    answer(id, {{"card", card()}});
            } else if (method == "model/tokenize") {
                json counts = json::array();
                json truncated = json::array();
                for (const auto& text : params.at("texts")) {
                    const std::string words = text;
                    const int tokens = 3 + static_cast<int>(std::count(words.begin(), words.end(), ' '));
                    counts.push_back(tokens);
                    truncated.push_back(tokens > 77);
                }
                answer(id, {{"context_length", 77}, {"counts", counts}, {"truncated", truncated}});
            } else if (method == "images/preview") {
                if (!params.contains("labels") && !params.contains("folder")) {
                    refuse(id, -32602, "folder or labels");
                    continue;
                }
                json report = json::parse(std::getenv("FAKE_REPORT") != nullptr ? std::getenv("FAKE_REPORT") : "{}");
                const json where = params.value("where", json::object());
                for (const auto& [column, value] : where.items()) {
                    report["filter"] = column + " = " + value.get<std::string>();
                    report["filtered_rows"] = 500;
                    report["table_rows"] = report.value("table_rows", 0) + 500;
                }
                json genders = json::array({json::array({"Female", 700}), json::array({"Male", 800})});
                if (params.value("labels", "").ends_with("/written_twice.csv"))
                    genders = json::array(
                        {json::array({"Female", 690}), json::array({"Male", 800}), json::array({"female", 10})});
                answer(id,
                       {{"columns", {"file", "age", "gender", "split"}},
                        {"rows", {{"val/1.jpg", "3-9", "Male", "audit"}, {"val/2.jpg", "20-29", "Female", "train"}}},
                        {"values", {{"gender", {"Female", "Male"}}, {"split", {"audit", "held out", "train"}}}},
                        {"images", 1500},
                        {"preset", "fairface"},
                        {"presets", {"fairface", "utkface"}},
                        {"attributes",
                         {{{"name", "age"},
                           {"groups", json::array({json::array({"20-29", 1100}), json::array({"3-9", 400})})},
                           {"unlabelled", 3}},
                          {{"name", "gender"},
                           {"groups", std::move(genders)},
                           {"unlabelled", 3}}}},
                        {"report", std::move(report)}});
            } else if (method == "targets/presets") {
                answer(id, json::parse(R"({"presets": [{"name": "labour", "title": "Labour force",
                    "citation": "A bureau of statistics, 2026.", "target": {"kind": "custom", "shares": [], "by_concept":
                        [{"concept": "nurse", "shares": [{"name": "Female", "share": 0.9}, {"name": "Male", "share": 0.1}]}]}}]})"));
            } else if (method == "targets/read") {
                const std::string path = params.at("path");
                if (path.ends_with("/genders.csv"))
                    answer(id, json::parse(R"({"target": {"kind": "custom", "by_concept": [],
                        "shares": [{"name": "Female", "share": 0.4}, {"name": "Male", "share": 0.6}]}})"));
                else
                    refuse(id, -32000, "There is no such file.",
                           {{"code", "FileNotFound"}, {"args", {{"path", path}}}, {"detail", ""}});
            } else if (method == "debias/compare") {
                const json& config = params.at("config");
                if (config.at("seed") == 7) // a comparison that the test has stored beforehand
                    answer(id, {{"study", 1}});
                else if (config.at("seed") == 13)
                    refuse(id, -32000, "There is no attribute of that name.",
                           {{"code", "AttributeUnknown"}, {"args", {{"name", "gender"}}}, {"detail", ""}});
                else {
                    send(frame({{"jsonrpc", "2.0"},
                                {"method", "log"},
                                {"params", {{"level", "info"}, {"message", "epoch 3 of 100: loss 0.4213"}}}}));
                    slow.emplace(id, Slow{"fitting-joint-vl"});
                }
            } else if (method == "debias/export" || method == "debias/exportModel") {
                exported = params;
                answer(id, json::object());
            } else if (method == "debias/audit") {
                exported = params;
                answer(id, {{"before", 1}, {"after", 2}});
            } else if (method == "report/write") {
                exported = params;
                std::ofstream(params.at("path").get<std::string>())
                    << "<html><head><title>Report</title></head><body><main><p>run</p></main></body></html>";
                answer(id, json::object());
            } else if (method == "runs/verify") {
                const bool same = params.at("run") == 1;
                json differences = json::array();
                if (!same)
                    differences.push_back(
                        {{"where", "“a photo of a pilot”, gender: ndkl"}, {"was", "0.1"}, {"is", "0.2"}});
                answer(id, {{"same", same},
                            {"verdict", same ? "Run 1: the same to the last digit." : "Run 2: not the same."},
                            {"inputs", json::array()},
                            {"differences", std::move(differences)}});
            } else if (method == "test/debias")
                answer(id, exported);
            else if (method == "project/addImages" && params.contains("read_as")) {
                exported = params;
                answer(id, {{"id", 78}, {"report", json::object()}});
            } else if (method == "project/addImages" && params.contains("where"))
                answer(id,
                       {{"id", params["where"] == json{{"split", "held out"}} ? 77 : 0}, {"report", json::object()}});
            else
                refuse(id, -32601, "no such method: " + method);
        }
    }
    return 0;
}
