/// Chooses the members that judge a picture out of bag: those that were not trained on it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "study/judge/groups.h"
#include "study/judge/judged_frames.h"
#include "study/labels/membership.h"

namespace posse {

/// The members that were not trained on the picture, or all where that is allowed; notes in
/// `picture` whether a judge was trained or chosen on it.
/// @param training  [members]; empty: no member saw any picture
/// @param key  picture_key()
std::vector<size_t> judges_of(std::span<const MemberTraining> training, size_t num_members,
                              bool allow_training_frames, const std::string& key,
                              JudgedPicture& picture);

/// Marks pictures of whose video no judge saw any, and those less than a second from a picture that
/// a judge was trained on.
/// @param rows  [judged pictures] in `labels`
void mark_near_training(const LabelSet& labels, const VideoPlaces& places,
                        const PictureGroups& groups, std::span<const MemberTraining> training,
                        std::span<const size_t> rows, JudgedFrames& judged);

}  // namespace posse
