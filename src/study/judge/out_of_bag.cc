#include "study/judge/out_of_bag.h"

#include <algorithm>
#include <cmath>

namespace posse {
namespace {

constexpr double kNearSeconds = 1.0;

}  // namespace

std::vector<size_t> judges_of(std::span<const MemberTraining> training, size_t num_members,
                              bool allow_training_frames, const std::string& key,
                              JudgedPicture& picture) {
  std::vector<size_t> judges;
  for (size_t m = 0; m < num_members; ++m) {
    const PictureUse use = training.empty() ? PictureUse::unseen : use_of(training[m], key);
    if (use == PictureUse::trained && !allow_training_frames) continue;
    picture.trained = picture.trained || use == PictureUse::trained;
    picture.selected_on = picture.selected_on || use == PictureUse::selected_on;
    judges.push_back(m);
  }
  return judges;
}

void mark_near_training(const LabelSet& labels, const VideoPlaces& places,
                        const PictureGroups& groups, std::span<const MemberTraining> training,
                        std::span<const size_t> rows, JudgedFrames& judged) {
  for (size_t j = 0; j < judged.pictures.size(); ++j) {
    JudgedPicture& picture = judged.pictures[j];
    const auto& place = places.places[rows[j]];
    picture.unseen_video = true;
    for (size_t i = 0; i < labels.pictures.size(); ++i) {
      if (groups.video[i] != picture.video || training.empty()) continue;
      const std::string key = picture_key(labels.pictures[i].name);
      const bool trained = std::any_of(picture.members.begin(), picture.members.end(),
                                       [&](size_t m) { return training[m].trained.contains(key); });
      if (!trained) continue;
      picture.unseen_video = false;
      const auto& other = places.places[i];
      picture.near_training =
          picture.near_training ||
          (place && other && std::abs(place->seconds - other->seconds) < kNearSeconds);
    }
  }
}

}  // namespace posse
