// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/serve/server.h"

#include <chrono>
#include <cstdlib>
#include <exception>

#include "core/base/clock.h"
#include "core/base/error_text.h"
#include "core/data/json.h"

namespace plumbline::cli {

namespace {

using nlohmann::json;

// JSON-RPC 2.0, section 5.1; -32800 is the language servers' "request cancelled".
constexpr int kParseError = -32700, kInvalidRequest = -32600, kMethodNotFound = -32601, kFailed = -32000,
              kCancelledCode = -32800;

constexpr auto kReportEvery = std::chrono::milliseconds(100);
constexpr auto kPatience = std::chrono::seconds(2); // for a cancelled request when the input has ended

} // namespace

class Server::RequestFeedback : public Feedback {
public:
    RequestFeedback(Server& server, json id) : m_server(server), m_id(std::move(id)) {}

    void progress(std::string_view stage, std::int64_t done, std::int64_t total) override {
        const std::lock_guard lock(m_mutex);
        const auto now = std::chrono::steady_clock::now();
        const bool newStage = stage != m_stage;
        if (newStage) {
            m_stage = stage;
            m_remaining.start();
        }
        const std::optional<double> left = m_remaining.update(done, total);
        if (!newStage && now - m_reported < kReportEvery && done != total)
            return;
        m_reported = now;
        m_server.send({{"jsonrpc", "2.0"},
                       {"method", "progress"},
                       {"params",
                        {{"id", m_id},
                         {"stage", m_stage},
                         {"done", done},
                         {"total", total},
                         {"seconds_left", left ? json(*left) : json()}}}});
    }
    void log(std::string_view message) override {
        m_server.send({{"jsonrpc", "2.0"}, {"method", "log"}, {"params", {{"level", "info"}, {"message", message}}}});
    }

private:
    Server& m_server;
    json m_id;
    std::mutex m_mutex;
    std::string m_stage;
    RemainingTime m_remaining;
    std::chrono::steady_clock::time_point m_reported;
};

Server::Server(int in, int out) : m_reader(in), m_writer(out) {
    m_heavy.thread = std::thread([this] { work(m_heavy); });
    m_light.thread = std::thread([this] { work(m_light); });
}

Server::~Server() {
    {
        const std::lock_guard lock(m_mutex);
        m_ending = true;
        for (const auto& [id, feedback] : m_open)
            feedback->cancel();
        m_heavy.wake.notify_all();
        m_light.wake.notify_all();
    }
    m_heavy.thread.join();
    m_light.thread.join();
}

int Server::run() {
    for (;;) {
        Result<std::optional<std::string>> body = m_reader.next();
        if (!body) {
            answerError(nullptr, kParseError, errorText(body.error()));
            break;
        }
        if (!*body)
            break;
        take(**body);
        const std::lock_guard lock(m_mutex);
        if (m_ending)
            break;
    }
    // Whoever started us is gone: whatever still runs is told to stop, and is not waited for longer than our patience
    // (what it committed is safe).
    std::thread([] {
        std::this_thread::sleep_for(kPatience);
        std::_Exit(0);
    }).detach();
    return 0;
}

void Server::take(const std::string& body) {
    Result<json> parsed = parseJson(body, "message");
    if (!parsed)
        return answerError(nullptr, kParseError, errorText(parsed.error()));
    json& message = *parsed;
    const json id = message.is_object() ? message.value("id", json()) : json();
    if (!message.is_object() || !message.contains("method") || !message["method"].is_string())
        return answerError(id, kInvalidRequest, "A request needs a method.");
    const std::string method = message["method"];
    json params = message.value("params", json::object());
    const std::lock_guard lock(m_mutex);
    if (method == "$/cancelRequest") {
        if (const auto open = m_open.find(params.is_object() ? params.value("id", json()).dump() : "");
            open != m_open.end())
            open->second->cancel();
        return;
    }
    if (method == "exit") {
        m_ending = true;
        return;
    }
    if (method == "shutdown")
        return send({{"jsonrpc", "2.0"}, {"id", id}, {"result", json::object()}});
    const Methods::Entry* entry = m_methods.find(method);
    if (!entry) {
        if (!id.is_null())
            answerError(id, kMethodNotFound, "The engine has no method " + method + ".");
        return;
    }
    Job job{id, std::move(params), entry, std::make_shared<RequestFeedback>(*this, id)};
    if (!id.is_null())
        m_open[id.dump()] = job.feedback;
    LaneState& lane = entry->lane == Methods::Lane::Heavy ? m_heavy : m_light;
    lane.jobs.push_back(std::move(job));
    lane.wake.notify_one();
}

void Server::work(LaneState& lane) {
    for (;;) {
        Job job;
        {
            std::unique_lock lock(m_mutex);
            lane.wake.wait(lock, [&] { return m_ending || !lane.jobs.empty(); });
            if (m_ending)
                return;
            job = std::move(lane.jobs.front());
            lane.jobs.pop_front();
        }
        Methods::Answer result = tl::unexpected<Stop>(Cancelled{});
        if (!job.feedback->cancelled()) {
            try {
                result =
                    job.params.is_object()
                        ? job.entry->method(job.params, *job.feedback)
                        : Methods::Answer(fail(ErrorCode::ProtocolError, {{"reason", "params must be an object"}}));
            } catch (const std::bad_alloc&) {
                result = Methods::Answer(fail(ErrorCode::OutOfMemory, {{"what", "this task"}, {"bytes", "?"}}));
            } catch (const std::exception& error) {
                result = Methods::Answer(fail(ErrorCode::Internal, {}, error.what()));
            }
        }
        {
            const std::lock_guard lock(m_mutex);
            m_open.erase(job.id.dump());
        }
        if (!job.id.is_null())
            answer(job.id, result);
    }
}

void Server::answer(const json& id, const Methods::Answer& answer) {
    if (answer)
        return send({{"jsonrpc", "2.0"}, {"id", id}, {"result", *answer}});
    if (answer.error().cancelled())
        return answerError(id, kCancelledCode, "Cancelled.");
    const Error& error = answer.error().error();
    send({{"jsonrpc", "2.0"},
          {"id", id},
          {"error", {{"code", kFailed}, {"message", errorText(error)}, {"data", toJson(error)}}}});
}

void Server::answerError(const json& id, int code, const std::string& message) {
    send({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", message}}}});
}

void Server::send(const json& message) {
    m_writer.write(message.dump(-1, ' ', false, json::error_handler_t::replace));
}

} // namespace plumbline::cli
