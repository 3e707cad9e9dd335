// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/debias/heads/joint_captions.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "core/base/numbers.h"

namespace plumbline::debias {
namespace {

constexpr std::array<std::string_view, 3> kAges = {"young", "middle-aged", "old"};

/// "This is the photo of a " and the words that there are.
std::string sentence(std::initializer_list<std::string_view> words, std::string_view agedAs = {}) {
    std::string result = "This is the photo of a";
    for (const std::string_view word : words)
        if (!word.empty())
            result += ' ' + std::string(word);
    if (!agedAs.empty())
        result += " aged " + std::string(agedAs);
    return result + '.';
}

/// Numbers sentences in the order in which they come.
class Sentences {
public:
    explicit Sentences(JointCaptions& captions) : m_captions(captions) {}
    std::uint32_t operator()(const std::string& text) {
        const auto [at, isNew] = m_numbers.try_emplace(text, static_cast<std::uint32_t>(m_captions.sentences.size()));
        if (isNew)
            m_captions.sentences.push_back(text);
        return at->second;
    }

private:
    JointCaptions& m_captions;
    std::map<std::string, std::uint32_t> m_numbers;
};

/// A row's labels as its sentence has them.
struct Person {
    std::string race, age, ageGroup, gender;
    auto operator<=>(const Person&) const = default;
};

Result<std::vector<std::string>> groupsOf(std::span<const Person> people, std::string Person::*label,
                                          const char* name) {
    std::set<std::string> found;
    for (const Person& person : people)
        if (!(person.*label).empty())
            found.insert(person.*label);
    if (found.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", name}});
    if (found.size() == 1)
        return fail(ErrorCode::AttributeSingleGroup, {{"name", name}, {"group", *found.begin()}});
    return std::vector<std::string>(found.begin(), found.end());
}

/// The groups that stand in for a label; `publishedRaces` as in otherGroups.
using Others = std::map<std::string, std::vector<std::string>>;

Others othersOf(const std::vector<std::string>& groups, bool publishedRaces) {
    Others others;
    const auto lists = otherGroups(groups, publishedRaces);
    for (std::size_t g = 0; g < groups.size(); ++g)
        for (const std::size_t other : lists[g])
            others[groups[g]].push_back(groups[other]);
    return others;
}

} // namespace

std::string_view ageGroup(std::string_view age) {
    const std::string text = toLowerAscii(trim(age));
    for (const std::string_view group : kAges)
        if (text == group)
            return group;
    const std::size_t first = text.find_first_of("0123456789");
    if (first == std::string::npos)
        return {};
    const auto years = parseInteger(std::string_view(text).substr(
        first, std::min(text.find_first_not_of("0123456789", first), text.size()) - first));
    return !years ? std::string_view() : *years < 30 ? kAges[0] : *years < 60 ? kAges[1] : kAges[2];
}

std::vector<std::vector<std::size_t>> otherGroups(std::span<const std::string> groups, bool publishedRaces) {
    std::vector<std::vector<std::size_t>> lists(groups.size());
    std::vector<std::size_t> order;
    for (std::size_t g = 0; g < groups.size(); ++g)
        order.push_back(g);
    std::ranges::stable_partition(order, [&](std::size_t g) { return toLowerAscii(groups[g]) != "east asian"; });
    const bool skipsLast = publishedRaces && groups.size() > 2;
    const std::size_t drawn = groups.size() - (skipsLast ? 1 : 0);
    for (std::size_t own = 0; own < order.size(); ++own)
        for (std::size_t i = 0; i < drawn; ++i)
            if (i != own)
                lists[order[own]].push_back(order[i]);
            else if (skipsLast)
                lists[order[own]].push_back(order[(i + 1) % drawn]);
    return lists;
}

Result<JointCaptions> jointCaptions(JointAttribute attribute, const JointColumns& columns, bool published) {
    const std::size_t rows = std::max({columns.race.size(), columns.age.size(), columns.gender.size()});
    for (const auto& [name, size] : {std::pair{"race", columns.race.size()}, std::pair{"age", columns.age.size()},
                                     std::pair{"gender", columns.gender.size()}})
        if (size != 0 && size != rows)
            return fail(ErrorCode::InvalidArgument,
                        {{"name", name},
                         {"value", std::to_string(size) + " rows"},
                         {"expected", std::to_string(rows) + ", as the other columns have"}});
    std::vector<Person> people(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        if (!columns.race.empty())
            people[i].race = trim(columns.race[i]);
        if (!columns.age.empty())
            people[i].age = trim(columns.age[i]);
        if (!columns.gender.empty())
            people[i].gender = toLowerAscii(trim(columns.gender[i]));
        people[i].ageGroup = ageGroup(people[i].age);
    }
    const bool all = attribute == JointAttribute::All;
    const bool byRace = all || attribute == JointAttribute::Race, byAge = all || attribute == JointAttribute::Age,
               byGender = all || attribute == JointAttribute::Gender;
    Others races, ages, genders;
    if (byRace) {
        PLUMBLINE_TRY(const auto groups, groupsOf(people, &Person::race, "race"));
        races = othersOf(groups, published);
    }
    if (byAge) {
        PLUMBLINE_CHECK(groupsOf(people, &Person::ageGroup, "age"));
        ages = othersOf({kAges.begin(), kAges.end()}, false);
    }
    if (byGender) {
        PLUMBLINE_TRY(const auto groups, groupsOf(people, &Person::gender, "gender"));
        genders = othersOf(groups, false);
    }

    JointCaptions captions;
    Sentences number(captions);
    const auto factual = [&](const Person& person) {
        switch (attribute) {
        case JointAttribute::Gender:
            return sentence({person.race, person.gender}, person.age);
        case JointAttribute::Age:
            return sentence({person.ageGroup, person.race, person.gender});
        case JointAttribute::Race:
            return sentence({person.age, person.race, person.gender});
        case JointAttribute::All:
            break;
        }
        return published ? sentence({person.age, person.race, person.gender, "celebrity"})
                         : sentence({person.ageGroup, person.race, person.gender});
    };
    const auto counterfactual = [&](const Person& person) {
        return all ? sentence({person.ageGroup, person.race, person.gender}) : factual(person);
    };
    std::map<Person, std::pair<std::uint32_t, std::uint32_t>> known; // caption and list
    for (const Person& person : people) {
        if ((byRace && person.race.empty()) || (byAge && person.ageGroup.empty()) ||
            (byGender && person.gender.empty())) {
            captions.factual.push_back(JointCaptions::kNone);
            captions.listOf.push_back(0);
            continue;
        }
        auto found = known.find(person);
        if (found == known.end()) {
            const std::uint32_t own = number(factual(person));
            std::vector<std::uint32_t> list;
            for (const std::string& race : byRace ? races.at(person.race) : std::vector{person.race})
                for (const std::string& age : byAge ? ages.at(person.ageGroup) : std::vector{person.ageGroup})
                    for (const std::string& gender : byGender ? genders.at(person.gender) : std::vector{person.gender})
                        list.push_back(number(counterfactual({race, person.age, age, gender})));
            found = known.emplace(person, std::pair{own, static_cast<std::uint32_t>(captions.lists.size())}).first;
            captions.lists.push_back(std::move(list));
        }
        captions.factual.push_back(found->second.first);
        captions.listOf.push_back(found->second.second);
    }
    if (captions.lists.empty())
        return fail(ErrorCode::AttributeEmpty, {{"name", "age, race and gender"}});
    return captions;
}

std::string jointCaption(std::string_view group) {
    return sentence({group, "person"});
}

Result<JointCaptions> jointCaptions(const Attribute& attribute) {
    const std::vector<std::int64_t> counts = attribute.counts();
    const auto occurring = std::ranges::count_if(counts, [](std::int64_t count) { return count > 0; });
    if (occurring == 0)
        return fail(ErrorCode::AttributeEmpty, {{"name", attribute.name}});
    if (occurring == 1)
        return fail(
            ErrorCode::AttributeSingleGroup,
            {{"name", attribute.name},
             {"group",
              attribute.groups[static_cast<std::size_t>(
                  std::ranges::find_if(counts, [](std::int64_t count) { return count > 0; }) - counts.begin())]}});
    JointCaptions captions;
    for (const std::string& group : attribute.groups)
        captions.sentences.push_back(jointCaption(group));
    for (const std::vector<std::size_t>& others : otherGroups(attribute.groups, false))
        captions.lists.emplace_back(others.begin(), others.end());
    for (const std::int32_t code : attribute.codes) {
        captions.factual.push_back(code < 0 ? JointCaptions::kNone : static_cast<std::uint32_t>(code));
        captions.listOf.push_back(code < 0 ? 0 : static_cast<std::uint32_t>(code));
    }
    return captions;
}

} // namespace plumbline::debias
