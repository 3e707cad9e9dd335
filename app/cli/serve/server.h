// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "app/cli/serve/framing.h"
#include "app/cli/serve/methods.h"

namespace plumbline::cli {

/// JSON-RPC 2.0 over two descriptors: reads requests, hands them to the lane of their method, answers, reports progress
/// at most ten times a second, and ends with its input.
class Server {
public:
    Server(int in, int out);
    ~Server();
    /// Serves until the input ends or `exit` comes; the exit code.
    int run();

private:
    class RequestFeedback;
    struct Job {
        nlohmann::json id; ///< null for a notification
        nlohmann::json params;
        const Methods::Entry* entry = nullptr;
        std::shared_ptr<RequestFeedback> feedback;
    };
    struct LaneState {
        std::deque<Job> jobs;
        std::condition_variable wake;
        std::thread thread;
    };

    void take(const std::string& body);
    void work(LaneState& lane);
    void answer(const nlohmann::json& id, const Methods::Answer& answer);
    void answerError(const nlohmann::json& id, int code, const std::string& message);
    void send(const nlohmann::json& message);

    FrameReader m_reader;
    FrameWriter m_writer;
    Methods m_methods;
    std::mutex m_mutex; ///< guards everything below
    bool m_ending = false;
    std::map<std::string, std::shared_ptr<RequestFeedback>> m_open; ///< by the id's JSON text
    LaneState m_heavy, m_light;
};

} // namespace plumbline::cli
