// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/base/error_text.h"
#include "core/formats/counterfactual_sets.h"
#include "tests/support/test_support.h"

using namespace plumbline;
using namespace plumbline::formats;
using plumbline::test::TempFolder;
using plumbline::test::writeText;
namespace fs = std::filesystem;

namespace {

/// File name, set and caption of every image, one a line; or the error.
std::string told(const Outcome<CounterfactualSets>& read) {
    if (!read)
        return errorText(read.error().error());
    std::string text;
    for (const CaptionedImages::Pair& pair : read->images.pairs)
        text += read->images.files[pair.file].filename().string() + '|' + read->sets[read->images.setOf[pair.file]] +
                '|' + read->images.captions[pair.caption] + '\n';
    return text;
}

} // namespace

class TestCounterfactualSets : public QObject {
    Q_OBJECT

    TempFolder m_folder;
    Feedback m_feedback;

    void picture(const std::string& name) {
        fs::create_directories((m_folder / name).parent_path());
        writeText(m_folder / name, "x");
    }
    Outcome<CounterfactualSets> read(const std::string& path, const CounterfactualOptions& options = {}) {
        return readCounterfactualSets(m_folder / path, {}, options, m_feedback);
    }

private Q_SLOTS:
    void table() {
        for (const char* name : {"t/a.png", "t/b.png", "t/c.png", "t/d.png", "t/e.png"})
            picture(name);
        writeText(m_folder / "t/labels.csv", "file,set,caption,occupation,split\n"
                                             "a.png,s1,a photo of a nurse,nurse,fit\n"
                                             "b.png,s1,a photo of a nurse,nurse,fit\n"
                                             "c.png,s2,a photo of a pilot,,fit\n"
                                             "d.png,,a photo of a pilot,pilot,fit\n"
                                             "gone.png,s2,a photo of a pilot,pilot,fit\n"
                                             "a.png,s2,a photo of a pilot,pilot,fit\n"
                                             "e.png,s3,a photo of a cook,cook,audit\n"
                                             "short,row\n");
        CounterfactualOptions options;
        options.where = {{"split", "fit"}};
        const auto sets = read("t/labels.csv", options);
        QCOMPARE(told(sets), std::string("a.png|s1|a photo of a nurse\nb.png|s1|a photo of a nurse\n"
                                         "c.png|s2|a photo of a pilot\n"));
        QCOMPARE(sets->rows, 8);
        QCOMPARE(sets->missing, 1);
        QCOMPARE(sets->duplicates, 1);
        QCOMPARE(sets->incomplete, 2); // without a set, and a row of two fields
        QCOMPARE(sets->filteredRows, 1);
        QCOMPARE(sets->singles, 1);
        QCOMPARE(sets->singleExamples, std::vector<std::string>{"s2"});
        QCOMPARE(sets->mixed, 0);

        options.captionTemplate = "a picture of a {occupation|person}";
        QCOMPARE(told(read("t/labels.csv", options)),
                 std::string("a.png|s1|a picture of a nurse\nb.png|s1|a picture of a nurse\n"
                             "c.png|s2|a picture of a person\n"));
        options.captionTemplate = "a picture of a {occupation}"; // c has none
        QCOMPARE(read("t/labels.csv", options)->incomplete, 3);
        for (const char* bad : {"a {occupation", "a {}", "a }", " ", "a {height}"}) {
            options.captionTemplate = bad;
            QVERIFY2(!read("t/labels.csv", options), bad);
        }
        options = {};
        options.setColumn = "group";
        QVERIFY(QString::fromStdString(told(read("t/labels.csv", options))).contains(QStringLiteral("“group”")));
    }

    /// The published table, whose captions say the group; what they have in common does not.
    void socialCounterfactuals() {
        for (const char* name : {"s/1.jpg", "s/2.jpg", "s/3.jpg"})
            picture(name);
        writeText(m_folder / "s/t.csv", "counterfactual_set,image,a1_type,a1,a2_type,a2,caption\n"
                                        "7,1.jpg,race,Asian,gender,male,A photo of an Asian male doctor\n"
                                        "7,2.jpg,race,White,gender,female,A photo of a White female doctor\n"
                                        "8,3.jpg,race,White,gender,female,A photo of a White female actor\n");
        const auto as = read("s/t.csv");
        QCOMPARE(as->mixed, 1);
        QCOMPARE(as->mixedExamples, std::vector<std::string>{"7"});
        CounterfactualOptions options;
        options.sharedCaption = true;
        const auto shared = read("s/t.csv", options);
        QCOMPARE(told(shared), std::string("1.jpg|7|A photo of a doctor\n2.jpg|7|A photo of a doctor\n"
                                           "3.jpg|8|A photo of a White female actor\n"));
        QCOMPARE(shared->mixed, 0);
    }

    /// The names and the table that the generation leaves.
    void generatedNames() {
        for (const char* name : {"g/pic_of_doctor_0_1.jpg", "g/pic_of_doctor_1_1.jpg", "g/pic_of_doctor_0_2.jpg",
                                 "g/pic_of_doctor_9_2.jpg", "g/pic_of_baker_0_1.jpg", "g/other.jpg"})
            picture(name);
        writeText(m_folder / "g/metadata.csv", "seed,p2p_threshold,cfg_scale,filename,rank,caption_0,caption_1\n"
                                               "11,0.5,8,pic_of_doctor,1,a male doctor,a female doctor\n"
                                               "12,0.5,8,pic_of_doctor,2,an old doctor,a young doctor\n"
                                               "13,0.5,8,pic_of_pilot,1,a male pilot,a female pilot\n");
        const auto sets = read("g/metadata.csv");
        QCOMPARE(told(sets), std::string("pic_of_doctor_0_1.jpg|pic_of_doctor_1|a male doctor\n"
                                         "pic_of_doctor_0_2.jpg|pic_of_doctor_2|an old doctor\n"
                                         "pic_of_doctor_1_1.jpg|pic_of_doctor_1|a female doctor\n"));
        QCOMPARE(sets->missing, 1);    // the pilot
        QCOMPARE(sets->incomplete, 3); // caption 9, the baker, and a name of another form
        QCOMPARE(sets->singles, 1);
        CounterfactualOptions options;
        options.where = {{"rank", "1"}};
        QVERIFY(!read("g/metadata.csv", options));
    }

    void folderOfSets() {
        for (const char* name :
             {"f/a_photo_of_a_nurse-01/1.png", "f/a_photo_of_a_nurse-01/2.png", "f/x/1.png", "f/top.png"})
            picture(name);
        writeText(m_folder / "f/x/caption.txt", "\n  a pilot at work \n");
        const auto sets = read("f");
        QCOMPARE(told(sets), std::string("1.png|a_photo_of_a_nurse-01|a photo of a nurse\n"
                                         "2.png|a_photo_of_a_nurse-01|a photo of a nurse\n1.png|x|a pilot at work\n"));
        QCOMPARE(sets->incomplete, 1); // top.png
        writeText(m_folder / "f/captions.csv", "set,caption\nx,somebody\na_photo_of_a_nurse-01/2.png,the second\n");
        const auto said = read("f");
        QCOMPARE(told(said), std::string("2.png|a_photo_of_a_nurse-01|the second\n1.png|x|somebody\n"));
        QCOMPARE(said->incomplete, 2);
        CounterfactualOptions options;
        options.captionTemplate = "this is {folder}";
        QVERIFY(told(read("f", options)).starts_with("1.png|a_photo_of_a_nurse-01|this is a photo of a nurse\n"));
        options.captionTemplate = "this is {set}";
        QVERIFY(!read("f", options));
        QVERIFY(!readCounterfactualSets(m_folder / "f", m_folder.path(), {}, m_feedback));
    }

    void nothingThere() {
        QVERIFY(!read("none.csv"));
        writeText(m_folder / "empty.csv", "file,set,caption\nnone.png,a,b\n");
        const auto empty = read("empty.csv");
        QVERIFY(!empty && empty.error().error().code == ErrorCode::LabelsMatchNothing);
        m_feedback.cancel();
        const auto cancelled = read("t/labels.csv");
        QVERIFY(!cancelled && cancelled.error().cancelled());
    }
};

QTEST_GUILESS_MAIN(TestCounterfactualSets)
#include "tst_counterfactual_sets.moc"
