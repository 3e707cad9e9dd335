// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/hash.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <openssl/evp.h>

#include "core/base/feedback.h"
#include "core/base/path.h"

namespace plumbline {

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(const void* data, std::size_t bytes) {
    EVP_DigestUpdate(m_state->context, data, bytes);
}

std::string Sha256::hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(m_state->context, digest.data(), &length);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
        text += kDigits[digest[i] >> 4];
        text += kDigits[digest[i] & 15];
    }
    return text;
}

std::string sha256(std::span<const std::byte> bytes) {
    Sha256 hash;
    hash.add(bytes.data(), bytes.size());
    return hash.hex();
}

std::string sha256(std::string_view text) {
    return sha256(std::as_bytes(std::span(text)));
}

Outcome<std::string> sha256File(const std::filesystem::path& path, Feedback* feedback) {
    const auto failed = [&](int code) {
        if (code == ENOENT)
            return fail(ErrorCode::FileNotFound, {{"path", encodePath(path)}});
        return fail(ErrorCode::FileUnreadable, {{"path", encodePath(path)}, {"reason", std::strerror(code)}});
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file)
        return failed(errno);
    std::setvbuf(file.get(), nullptr, _IONBF, 0);
    Sha256 hash;
    std::vector<char> buffer(1 << 20);
    for (;;) {
        if (feedback && feedback->cancelled())
            return tl::unexpected<Stop>(Cancelled{});
        errno = 0;
        const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get());
        hash.add(buffer.data(), got);
        if (got < buffer.size()) {
            if (std::ferror(file.get()))
                return failed(errno);
            return hash.hex();
        }
    }
}

} // namespace plumbline
