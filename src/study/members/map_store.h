/// Stores the members' maps of labelled frames: computed once, kept by content, read frame by
/// frame.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/job_hooks.h"
#include "ensemble/ensemble.h"
#include "study/members/blob_cache.h"
#include "study/members/frame_list.h"

namespace posse {

/// One member's maps of one frame, as MemberMap looks at them.
struct StoredMap {
  int height = 0;
  int width = 0;
  int num_bodyparts = 0;
  std::vector<float> logits;  ///< [height, width, bodyparts]
  std::vector<float> locref;  ///< [height, width, bodyparts, xy]; empty without
};

/// A frame whose pixels are known.
struct KnownFrame {
  FrameRef ref;
  std::string sha256;  ///< hash_of_image
  int width = 0;
  int height = 0;
};

/// Decodes every frame once. @throws as visit_frames; Error(interrupted)
std::vector<KnownFrame> know_frames(std::span<const FrameRef> frames, const JobHooks& hooks);

/// Maps in a BlobCache, by the hash of weights, settings and pixels.
class MapStore {
 public:
  /// @param ensemble  all members; must outlive the store
  /// @param members_at_once  whose weights are in memory together
  MapStore(const Ensemble& ensemble, BlobCache cache, size_t members_at_once = 8);

  /// Has every member's maps of every frame computed that are not there. What is finished stays, so
  /// that a stopped call goes on where it was. Memory: members_at_once networks, a batch of frames.
  /// @return how many (frame, member) pairs were computed
  /// @throws Error(interrupted) and of the networks
  int64_t fill(std::span<const KnownFrame> frames, const JobHooks& hooks);

  /// The maps of one frame. @throws Error(io) where fill() was not called for it
  StoredMap read(const KnownFrame& frame, size_t member) const;

  /// Identity of the members with everything that decides their maps and keypoints, [members].
  const std::vector<std::string>& member_keys() const { return keys_; }

 private:
  std::string key_of(const KnownFrame& frame, size_t member) const;
  int64_t fill_chunk(std::span<const KnownFrame> frames, size_t first, size_t last,
                     Progress& progress, const JobHooks& hooks);
  void run(Ensemble& part, size_t first, std::span<const KnownFrame> frames, Progress& progress,
           const JobHooks& hooks);

  const Ensemble& ensemble_;
  BlobCache cache_;
  size_t members_at_once_;
  std::vector<std::string> keys_;
};

}  // namespace posse
