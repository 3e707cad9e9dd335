// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sample/portrait.h"

#include <mutex>
#include <new>

#include <opencv2/core/utility.hpp>

#include "core/sample/paint_person.h"

namespace plumbline::sample {

namespace {

constexpr float kSinking = 1.7F; // units an age band
constexpr int kSmallest = 48, kLargest = 2048;

Picture painted(const Portrait& portrait, int size) {
    const Look look(portrait);
    Canvas canvas(size);
    if (portrait.occupation < 0)
        paintBackdrop(canvas, portrait);
    else
        paintSetting(canvas, portrait);
    canvas.beginPerson();
    const float sinking = kSinking * look.age; // the head sits lower between the shoulders in later years
    canvas.lower(sinking);
    paintHairBehind(canvas, look);
    paintCoveringBehind(canvas, look);
    canvas.lower(0);
    paintBody(canvas, look);
    canvas.lower(sinking);
    paintHairOverShoulders(canvas, look);
    paintHead(canvas, look);
    paintGlasses(canvas, look);
    paintHairInFront(canvas, look);
    paintNearEar(canvas, look);
    paintCovering(canvas, look);
    canvas.lower(0);
    canvas.endPerson();
    if (portrait.occupation >= 0)
        paintTool(canvas, look);
    cv::Mat3b picture = canvas.picture();
    light(picture, canvas.person(), look);

    Picture result{size, size, {}};
    result.rgb.assign(picture.data, picture.data + picture.total() * 3);
    return result;
}

} // namespace

Result<Picture> paint(const Portrait& portrait, int size) {
    if (size < kSmallest || size > kLargest)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "size"}, {"value", std::to_string(size)}, {"expected", "48 to 2048 pixels"}});
    if (portrait.tone < 1 || portrait.tone > Portrait::kTones)
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "tone"}, {"value", std::to_string(portrait.tone)}, {"expected", "1 to 10"}});
    if (portrait.occupation < -1 || portrait.occupation >= static_cast<int>(occupations().size()))
        return fail(ErrorCode::InvalidArgument,
                    {{"name", "occupation"}, {"value", std::to_string(portrait.occupation)}, {"expected", "-1 to 17"}});
    // Several portraits are painted at once; each in its one thread.
    static std::once_flag once;
    std::call_once(once, [] { cv::setNumThreads(1); });
    try {
        return painted(portrait, size);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
                    {{"what", "a portrait"}, {"bytes", std::to_string(std::int64_t{size} * size * 60)}});
    } catch (const cv::Exception& e) {
        if (e.code == cv::Error::StsNoMem)
            return fail(ErrorCode::OutOfMemory,
                        {{"what", "a portrait"}, {"bytes", std::to_string(std::int64_t{size} * size * 60)}});
        return fail(ErrorCode::Internal, {}, e.what());
    }
}

} // namespace plumbline::sample
