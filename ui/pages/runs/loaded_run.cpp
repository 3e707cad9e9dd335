// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/runs/run_source.h"

#include <algorithm>

#include "core/data/attribute_text.h"

namespace plumbline::ui {
namespace {

std::vector<std::string> groupsOf(const std::vector<Measurement>& measurements) {
    std::vector<std::string> names;
    for (const Measurement& measurement : measurements)
        for (const GroupMeasure& group : measurement.groups)
            names.push_back(group.name);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

} // namespace

std::shared_ptr<const LoadedRun> LoadedRun::make(store::RunRecord record, AuditResult result,
                                                 std::shared_ptr<const ImageSet> images,
                                                 const std::vector<PlantedLean>& planted) {
    auto run = std::make_shared<LoadedRun>();
    const std::size_t attributes = result.config.attributes.size();
    for (std::size_t a = 0; a < attributes; ++a) {
        AttributeChart chart;
        chart.name = result.config.attributes[a];
        std::vector<Measurement> measurements;
        for (std::size_t m = a; m < result.measurements.size(); m += attributes)
            measurements.push_back(result.measurements[m]);
        if (images)
            if (auto labels = resolveAttribute(*images, chart.name))
                chart.labels = std::make_shared<Attribute>(std::move(*labels));
        chart.groups = chart.labels ? chart.labels->groups : groupsOf(measurements);
        chart.chart =
            PlumbData::make(std::move(measurements), chart.groups, result.config.probe, planted, result.config.measure);
        run->attributes.push_back(std::move(chart));
    }
    run->record = std::move(record);
    run->result = std::move(result);
    run->images = std::move(images);
    run->planted = planted;
    return run;
}

} // namespace plumbline::ui
