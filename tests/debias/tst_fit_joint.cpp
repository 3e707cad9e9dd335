// SPDX-License-Identifier: GPL-3.0-or-later
// Fits of joint vision-language removal on planted data: what the heads do, interruptions, bad input, captions.
#include <algorithm>
#include <cmath>

#include <QTest>

#include "core/base/random.h"
#include "core/debias/heads/fit_joint.h"
#include "core/debias/heads/joint_captions.h"
#include "core/debias/maps.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::debias;

namespace {

constexpr std::size_t kDim = 16;

/// Images of two groups that differ along one direction, and captions that do, too.
struct Planted {
    Embeddings images, captions{2, kDim};
    std::vector<std::uint32_t> factual;
    std::vector<std::vector<std::uint32_t>> lists = {{1}, {0}};
    Attribute attribute;

    explicit Planted(std::size_t rows) : images(rows, kDim) {
        RandomStream random(3, streamId("test/planted"), 0);
        std::vector<std::string> labels;
        for (std::size_t i = 0; i < rows; ++i) {
            const bool second = random.below(2) == 1;
            factual.push_back(second ? 1 : 0);
            labels.emplace_back(second ? "b" : "a");
            for (float& value : images.row(i))
                value = static_cast<float>(0.3 * random.normal());
            images.row(i)[0] += second ? 1.0F : -1.0F;
            images.row(i)[1] += 1;
        }
        for (std::size_t c = 0; c < 2; ++c) {
            for (float& value : captions.row(c))
                value = static_cast<float>(0.2 * random.normal());
            captions.row(c)[0] += c == 1 ? 1.0F : -1.0F;
            captions.row(c)[2] += 1;
        }
        attribute = makeAttribute("letter", labels);
    }
    JointInput input() const { return {images, captions, factual, lists, factual}; }
};

JointOptions smallFit() {
    JointOptions options;
    options.queue = 64;
    options.batch = 48;
    options.lr = 1e-3;
    options.hidden1 = 12;
    options.hidden2 = 20;
    options.epochs = 12;
    options.seed = 5;
    options.threads = 1;
    return options;
}

/// How far the mean scores of the groups are apart, mean over the captions.
double groupDifference(const Embeddings& images, const Embeddings& captions, const std::vector<std::uint32_t>& group) {
    const std::vector<float> scores = cosines(captions, images);
    double result = 0;
    for (std::size_t c = 0; c < captions.rows; ++c) {
        double sum[2] = {0, 0}, count[2] = {0, 0};
        for (std::size_t i = 0; i < images.rows; ++i) {
            sum[group[i]] += scores[c * images.rows + i];
            count[group[i]] += 1;
        }
        result += std::abs(sum[0] / count[0] - sum[1] / count[1]) / static_cast<double>(captions.rows);
    }
    return result;
}

double differenceWith(const formats::ResidualHead& heads, const Planted& planted) {
    Feedback feedback;
    return groupDifference(apply(HeadMap{heads.image, heads.shared}, planted.images, feedback).value(),
                           apply(HeadMap{std::nullopt, heads.shared}, planted.captions, feedback).value(),
                           planted.factual);
}

/// Cancels itself when it was told of progress that many times.
class Impatient : public Feedback {
public:
    explicit Impatient(int after) : m_left(after) {}
    void progress(std::string_view, std::int64_t, std::int64_t) override {
        if (m_left-- == 0)
            cancel();
    }

private:
    int m_left;
};

std::string argument(const Stop& stop, std::string_view name) {
    return stop.cancelled() ? "cancelled" : std::string(stop.error().arg(name));
}

} // namespace

class TstFitJoint : public QObject {
    Q_OBJECT
private Q_SLOTS:

    /// The other term depends on coins and on targets that change from the sixth epoch on, this one does not.
    void theAlignmentLossFalls() {
        const Planted planted(400);
        JointOptions options = smallFit();
        options.alpha = 0;
        options.epochs = 20;
        Feedback feedback;
        const JointFit fit = fitJoint(planted.input(), options, {}, {}, feedback).value();
        const double first = fit.points[1].loss.total,
                     last = fit.points.back().loss.total; // from the second, full queues
        QVERIFY2(last < 0.5 * first, (std::to_string(last) + " of " + std::to_string(first)).c_str());
    }

    void theGroupsComeTogether() {
        const Planted planted(400);
        JointOptions options = smallFit();
        options.epochs = 60;
        options.alpha = 0.8;
        options.lr = 1e-2;
        Feedback feedback;
        const JointFit fit = fitJoint(planted.input(), options, {}, {}, feedback).value();
        QCOMPARE(fit.epochs, 60);
        QCOMPARE(fit.points.size(), std::size_t{60});
        const double before = groupDifference(planted.images, planted.captions, planted.factual),
                     after = differenceWith(fit.heads, planted);
        QVERIFY2(after < 0.7 * before, (std::to_string(after) + " of " + std::to_string(before)).c_str());
    }

    void theBestEpochIsKeptAndPatienceEndsTheFit() {
        const Planted planted(100);
        JointOptions options = smallFit();
        options.epochs = 50;
        options.every = 2;
        options.patience = 3;
        int asked = 0;
        std::vector<formats::ResidualHead> seen;
        const JointEvaluation evaluation = [&](const formats::ResidualHead& heads) -> Outcome<double> {
            seen.push_back(heads);
            return asked++ == 2 ? 7.0 : 1.0; // untouched, epoch 2, epoch 4: the best
        };
        Feedback feedback;
        const JointFit fit = fitJoint(planted.input(), options, evaluation, {}, feedback).value();
        QCOMPARE(fit.untouched, std::optional(1.0));
        QVERIFY(std::ranges::all_of(flattened(seen[0]), [](float value) { return value == 0; }));
        QCOMPARE(fit.bestEpoch, 4);
        QCOMPARE(fit.best, std::optional(7.0));
        QCOMPARE(fit.epochs, 10); // evaluations at 6, 8 and 10 brought nothing
        QCOMPARE(flattened(fit.heads), flattened(seen[2]));
        QVERIFY(flattened(fit.heads) != flattened(seen.back()));
    }

    void anInterruptedFitEndsWithTheSameBits() {
        const Planted planted(130); // three steps an epoch, the last of fewer images
        const JointEvaluation evaluation = [&](const formats::ResidualHead& heads) -> Outcome<double> {
            return -differenceWith(heads, planted);
        };
        Feedback feedback;
        const JointFit whole = fitJoint(planted.input(), smallFit(), evaluation, {}, feedback).value();
        const test::TempFolder folder;
        JointOptions options = smallFit();
        options.folder = folder.path();
        options.threads = 2;
        for (const int after : {4, 0, 9}) { // in the second epoch, at once, in a later one
            Impatient impatient(after);
            const auto cut = fitJoint(planted.input(), options, evaluation, {}, impatient);
            QVERIFY(!cut && cut.error().cancelled());
            QVERIFY(std::filesystem::exists(folder / "joint.safetensors"));
        }
        { // cancelled while heads are judged
            int asked = 0;
            const JointEvaluation stops = [&](const formats::ResidualHead& heads) -> Outcome<double> {
                if (++asked == 2)
                    return tl::unexpected<Stop>(Cancelled{});
                return -differenceWith(heads, planted);
            };
            QVERIFY(!fitJoint(planted.input(), options, stops, {}, feedback));
            QCOMPARE(asked, 2);
        }
        JointOptions other = options;
        other.alpha = 0.4;
        const auto refused = fitJoint(planted.input(), other, evaluation, {}, feedback);
        QVERIFY(!refused);
        QCOMPARE(argument(refused.error(), "name"), std::string("the folder for the checkpoint"));
        const JointFit resumed = fitJoint(planted.input(), options, evaluation, {}, feedback).value();
        QVERIFY(resumed.resumedAt > 12);
        QCOMPARE(flattened(resumed.heads), flattened(whole.heads));
        QCOMPARE(resumed.best, whole.best);
        QCOMPARE(resumed.untouched, whole.untouched);
        QCOMPARE(resumed.points.size(), whole.points.size()); // those before the stop, too
        for (std::size_t e = 0; e < whole.points.size(); ++e) {
            QCOMPARE(resumed.points[e].epoch, whole.points[e].epoch);
            QCOMPARE(resumed.points[e].loss.total, whole.points[e].loss.total);
            QCOMPARE(resumed.points[e].loss.alignment, whole.points[e].loss.alignment);
            QCOMPARE(resumed.points[e].measure, whole.points[e].measure);
        }
        QVERIFY(!std::filesystem::exists(folder / "joint.safetensors"));
    }

    void aBrokenCheckpointIsSaidAndNothingIsLost() {
        const Planted planted(60);
        const test::TempFolder folder;
        JointOptions options = smallFit();
        options.folder = folder.path();
        test::writeText(folder / "joint.safetensors", "nothing of the kind");
        Feedback feedback;
        const auto fit = fitJoint(planted.input(), options, {}, {}, feedback);
        QVERIFY(!fit && !fit.error().cancelled());
        QCOMPARE(test::readText(folder / "joint.safetensors"), std::string("nothing of the kind"));
    }

    void degenerateInput() {
        const Planted planted(10);
        JointOptions options = smallFit(); // fewer images than B
        options.queue = 4;                 // a queue shorter than the batch
        options.epochs = 7;
        Feedback feedback;
        const auto fit = fitJoint(planted.input(), options, {}, {}, feedback);
        QVERIFY(fit);
        QVERIFY(std::ranges::all_of(flattened(fit->heads), [](float value) { return std::isfinite(value); }));

        Planted broken(10);
        broken.images.row(3)[0] = NAN;
        QCOMPARE(argument(fitJoint(broken.input(), options, {}, {}, feedback).error(), "name"), std::string("image"));
        Planted lonely(10);
        lonely.lists[1].clear();
        QVERIFY(!fitJoint(lonely.input(), options, {}, {}, feedback));
        options.tau = 0;
        QCOMPARE(argument(fitJoint(planted.input(), options, {}, {}, feedback).error(), "name"), std::string("tau"));
        options = smallFit();
        options.lr = 1e30;
        QCOMPARE(argument(fitJoint(planted.input(), options, {}, {}, feedback).error(), "name"), std::string("lr"));
    }

    // ---- captions ---------------------------------------------------------------------------------------------------

    void sentencesAreThePublishedOnes() {
        const std::vector<std::string> race = {"Latino_Hispanic", "East Asian", "", "Black"},
                                       age = {"30-39", "03-Sep", "more than 70", "0-2"},
                                       gender = {"Male", "Female", "Female", "Male"};
        const JointColumns columns{race, age, gender};
        const auto sentences = [](const JointCaptions& captions, std::size_t image) {
            std::vector<std::string> result = {captions.sentences[captions.factual[image]]};
            for (const std::uint32_t other : captions.lists[captions.listOf[image]])
                result.push_back(captions.sentences[other]);
            return result;
        };
        using Texts = std::vector<std::string>;
        const JointCaptions genders = jointCaptions(JointAttribute::Gender, columns, false).value();
        QCOMPARE(sentences(genders, 0), (Texts{"This is the photo of a Latino_Hispanic male aged 30-39.",
                                               "This is the photo of a Latino_Hispanic female aged 30-39."}));
        QCOMPARE(sentences(genders, 2), (Texts{"This is the photo of a female aged more than 70.",
                                               "This is the photo of a male aged more than 70."}));
        const JointCaptions ages = jointCaptions(JointAttribute::Age, columns, false).value();
        QCOMPARE(sentences(ages, 1), (Texts{"This is the photo of a young East Asian female.",
                                            "This is the photo of a middle-aged East Asian female.",
                                            "This is the photo of a old East Asian female."}));
        const JointCaptions races = jointCaptions(JointAttribute::Race, columns, false).value();
        QCOMPARE(sentences(races, 0),
                 (Texts{"This is the photo of a 30-39 Latino_Hispanic male.",
                        "This is the photo of a 30-39 Black male.", "This is the photo of a 30-39 East Asian male."}));
        QCOMPARE(races.factual[2], JointCaptions::kNone);
        const JointCaptions all = jointCaptions(JointAttribute::All, columns, true).value();
        QCOMPARE(sentences(all, 3)[0], std::string("This is the photo of a 0-2 Black male celebrity."));
        QCOMPARE(sentences(all, 3).size(), std::size_t{1 + 2 * 2 * 1}); // the next race twice
        QCOMPARE(sentences(all, 3)[1], std::string("This is the photo of a middle-aged Latino_Hispanic female."));
    }

    void publishedRacesAreDrawnAsTheCodeDoes() {
        const std::vector<std::string> groups = {"Black",          "East Asian",      "Indian", "Latino_Hispanic",
                                                 "Middle Eastern", "Southeast Asian", "White"};
        const auto lists = otherGroups(groups, true);
        for (std::size_t g = 0; g < groups.size(); ++g) {
            QCOMPARE(lists[g].size(), std::size_t{6});
            QVERIFY(std::ranges::find(lists[g], g) == lists[g].end());
            QVERIFY(std::ranges::find(lists[g], std::size_t{1}) == lists[g].end()); // East Asian never
        }
        QCOMPARE(std::ranges::count(lists[0], std::size_t{2}), std::ptrdiff_t{2}); // the next one takes its place
        QCOMPARE(std::ranges::count(lists[6], std::size_t{0}), std::ptrdiff_t{2}); // and round
        for (const std::vector<std::size_t>& others : otherGroups(groups, false))
            QCOMPARE(others.size(), std::size_t{6});
    }

    void captionsOfAnyAttribute() {
        const std::vector<std::string> labels = {"tall", "", "short"};
        const JointCaptions captions = jointCaptions(makeAttribute("height", labels)).value();
        QCOMPARE(captions.sentences[captions.factual[0]], std::string("This is the photo of a tall person."));
        QCOMPARE(captions.factual[1], JointCaptions::kNone);
        QCOMPARE(captions.lists[captions.listOf[2]], (std::vector<std::uint32_t>{1}));
        const std::vector<std::string> one = {"tall", "tall"};
        QVERIFY(!jointCaptions(makeAttribute("height", one)));
        QVERIFY(!jointCaptions(JointAttribute::Race, {one, {}, {}}, false));
    }

    // ---- the method -------------------------------------------------------------------------------------------------

    void theMethodTakesTextsInThreeForms() {
        Planted planted(300);
        planted.attribute.codes[7] = Attribute::kUnlabelled;
        planted.images.row(8)[2] = NAN;
        DebiasConfig config{
            "joint-vl",
            "letter",
            {{"lr", "1e-3"}, {"epochs", "6"}, {"M", "64"}, {"B", "48"}, {"hidden1", "12"}, {"hidden2", "20"}},
            5};
        const Parameters parameters(config);
        Feedback feedback;
        const Fitted byGroup =
            fitJointVl({planted.images, planted.attribute, &planted.captions, {}, 5}, parameters, feedback).value();
        const HeadMap& image = std::get<HeadMap>(byGroup.image);
        const HeadMap& text = std::get<HeadMap>(byGroup.text);
        QVERIFY(image.inner && !text.inner);
        QCOMPARE(image.inner->hidden, std::int64_t{12});
        QCOMPARE(image.outer.first, text.outer.first);
        QCOMPARE(byGroup.facts.front().value, 298.0 - 59); // a fifth is held out

        // The same captions, found by what they say, among others and in another order.
        Embeddings spoken(3, kDim);
        std::ranges::copy(planted.captions.row(1), spoken.row(0).begin());
        std::ranges::copy(planted.captions.row(0), spoken.row(2).begin());
        spoken.row(1)[0] = 1;
        const std::vector<std::string> words = {"This is the photo of a B person.", "a cat",
                                                "This is the photo of a a person."};
        const Fitted byWords =
            fitJointVl({planted.images, planted.attribute, &spoken, words, 5}, parameters, feedback).value();
        QCOMPARE(std::get<HeadMap>(byWords.image).outer.first, image.outer.first);

        // The same as two captions of each image.
        Embeddings each(600, kDim);
        for (std::size_t i = 0; i < 300; ++i) {
            std::ranges::copy(planted.captions.row(planted.factual[i]), each.row(i).begin());
            std::ranges::copy(planted.captions.row(1 - planted.factual[i]), each.row(300 + i).begin());
        }
        const Fitted byImage =
            fitJointVl({planted.images, planted.attribute, &each, {}, 5}, parameters, feedback).value();
        QCOMPARE(byImage.facts.front().value, 2.0);
        QCOMPARE(std::get<HeadMap>(byImage.image).outer.first, image.outer.first);

        const Embeddings three(3, kDim);
        QVERIFY(!fitJointVl({planted.images, planted.attribute, &three, {}, 5}, parameters, feedback));
        QVERIFY(!fitJointVl({planted.images, planted.attribute, nullptr, {}, 5}, parameters, feedback));
        const std::vector<std::string> same(300, "a");
        const Attribute single = makeAttribute("letter", same);
        Embeddings one(1, kDim);
        one.row(0)[0] = 1;
        const auto refused = fitJointVl({planted.images, single, &one, {}, 5}, parameters, feedback);
        QVERIFY(!refused && refused.error().error().code == ErrorCode::AttributeSingleGroup);
    }
};

QTEST_GUILESS_MAIN(TstFitJoint)
#include "tst_fit_joint.moc"
