// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/clip/self_check.h"

#include <algorithm>
#include <cmath>

#include "core/base/numbers.h"
#include "core/clip/canonical.h"

namespace plumbline::clip {

namespace {

/// A matrix of zeros, or a value that is not finite: what a broken conversion leaves behind.
void checkValues(const formats::ModelFolder& folder, const Feedback& feedback, std::vector<std::string>& findings) {
    constexpr std::size_t kChunk = std::size_t{1} << 16U;
    std::vector<float> values;
    std::string notFinite, zero;
    for (const formats::ExpectedTensor& tensor : formats::expectedTensors(folder.config)) {
        const formats::TensorView& view = folder.weights.tensors.at(tensor.name);
        const auto count = static_cast<std::size_t>(view.elements());
        bool finite = true, allZero = view.shape.size() >= 2; // a bias may well be zero
        for (std::size_t done = 0; done < count && !feedback.cancelled(); done += kChunk) {
            values.resize(std::min(kChunk, count - done));
            widen(view, done, values);
            finite = finite && std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
            allZero = allZero && std::all_of(values.begin(), values.end(), [](float x) { return x == 0; });
        }
        release(view, folder.weights);
        if (!finite && notFinite.empty())
            notFinite = tensor.name;
        if (allZero && zero.empty())
            zero = tensor.name;
    }
    if (!notFinite.empty())
        findings.push_back("The tensor " + notFinite + " holds a value that is not a finite number.");
    if (!zero.empty())
        findings.push_back("The tensor " + zero + " holds nothing but zeros.");
}

/// A gradient and a chequered picture, in normalised units.
std::vector<float> drawnPictures(std::size_t size) {
    std::vector<float> pixels(2 * 3 * size * size);
    std::size_t at = 0;
    for (std::size_t picture = 0; picture < 2; ++picture)
        for (std::size_t channel = 0; channel < 3; ++channel)
            for (std::size_t y = 0; y < size; ++y)
                for (std::size_t x = 0; x < size; ++x)
                    pixels[at++] =
                        picture == 0 ? 2.0F * static_cast<float>(x + channel * y) / static_cast<float>(3 * size) - 1.0F
                                     : ((x / 8 + y / 8 + channel) % 2 == 0 ? 1.5F : -1.5F);
    return pixels;
}

double length(std::span<const float> row) {
    double sum = 0;
    for (const float x : row)
        sum += static_cast<double>(x) * x;
    return std::sqrt(sum);
}

/// The largest difference of two rows after each is brought to unit length.
double difference(std::span<const float> a, std::span<const float> b) {
    const double lengthA = length(a), lengthB = length(b);
    double most = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        most = std::max(most, std::abs(a[i] / lengthA - b[i] / lengthB));
    return most;
}

} // namespace

Outcome<SelfCheck> selfCheck(const Network& network, double logitScale, Precision precision, Feedback& feedback) {
    SelfCheck check;
    const ModelConfig& config = network.folder().config;
    checkValues(network.folder(), feedback, check.findings);
    if (!std::isfinite(logitScale) || logitScale <= 0)
        check.findings.push_back("The logit scale is " + formatDouble(logitScale) + ", not a positive number.");
    else if (logitScale > 1e4) // training keeps it below 100, or near it
        check.findings.push_back("The logit scale is " + formatDouble(logitScale) +
                                 ", a hundred times what training allows.");

    const std::size_t dim = network.dim();
    const auto compare = [&](const char* what, std::span<const float> fast, std::span<const float> plain) {
        if (!std::all_of(fast.begin(), fast.end(), [](float x) { return std::isfinite(x); }) ||
            length(fast.subspan(0, dim)) == 0 || length(fast.subspan(dim)) == 0) {
            check.findings.push_back(std::string("The ") + what +
                                     " tower gives embeddings that are zero or not finite.");
            return;
        }
        if (difference(fast.subspan(0, dim), fast.subspan(dim)) < 1e-7)
            check.findings.push_back(std::string("The ") + what + " tower gives the same embedding for two different " +
                                     what + "s.");
        // bfloat16 has three digits, and a forward pass rounds hundreds of times.
        const double allowed = precision == Precision::Fp32 ? 2e-5 : 5e-2;
        for (std::size_t row = 0; row < 2; ++row) {
            const double off = difference(fast.subspan(row * dim, dim), plain.subspan(row * dim, dim));
            if (!(off <= allowed)) {
                check.findings.push_back(std::string("The fast forward pass of the ") + what +
                                         " tower differs from the plain one by " + formatDouble(off) + ".");
                return;
            }
        }
    };

    std::vector<float> fast(2 * dim), plain(2 * dim);
    const std::vector<float> pixels = drawnPictures(static_cast<std::size_t>(config.vision.imageSize.value));
    PLUMBLINE_CHECK(network.images(pixels, 2, fast, feedback));
    PLUMBLINE_CHECK(network.plainImages(pixels, 2, plain));
    compare("image", fast, plain);

    // Two texts of different length, which end where this network looks for the end.
    const int last = config.text.pooling.value == TextPooling::FirstEos
                         ? std::min(config.text.eosId.value, config.text.vocabSize.value - 1)
                         : config.text.vocabSize.value - 1;
    std::vector<int> shortText = {0, last}, longText = {0};
    while (static_cast<int>(longText.size()) < std::min(12, config.text.contextLength.value - 1))
        longText.push_back(static_cast<int>(longText.size() * 37) % std::max(1, last));
    longText.push_back(last);
    if (readsWholeContext(config.text))
        for (std::vector<int>* text : {&shortText, &longText})
            text->resize(static_cast<std::size_t>(config.text.contextLength.value), config.text.padId);
    const std::vector<std::span<const int>> texts = {shortText, longText};
    PLUMBLINE_CHECK(network.texts(texts, fast, feedback));
    PLUMBLINE_CHECK(network.plainTexts(texts, plain));
    compare("text", fast, plain);

    if (feedback.cancelled())
        return tl::unexpected<Stop>(Cancelled{});
    check.passed = check.findings.empty();
    return check;
}

} // namespace plumbline::clip
