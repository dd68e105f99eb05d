/// Joins the facts of a video's units (how they were decoded and computed) into those of the whole
/// video.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/frame_range.h"
#include "run/journal_facts.h"
#include "run/replay.h"
#include "video/video_reader.h"

namespace posse {

/// The facts of one journal over all frames, as far as those of many say them. Frames that could
/// not be decoded are those that are missing between the others.
class JoinedFacts {
 public:
  /// @param range  of all units
  JoinedFacts(const FrameRange& range, const VideoInfo& info) : range_(range), info_(info) {}

  /// Units in order.
  /// @param range  of the unit; @param num_frames  that it holds
  /// @param open   its frames; read only where some are missing
  /// @return false once a unit's video broke off: later ones are behind its end
  bool add(const FrameRange& range, int64_t num_frames, const JournalFacts& facts,
           const OpenFrames& open);

  /// With what only the whole says.
  JournalFacts whole() const;

  /// Places, in order of add(), of the units behind damage that were read without what is before
  /// them. There one pass counts the frames that came out of the damage, a reader that begins
  /// behind it those that the file lists: their numbers may differ.
  std::vector<size_t> read_behind_damage() const;

 private:
  struct Told {
    int64_t begin = 0;
    int64_t num_jumped = 0;  ///< frames that its reader had passed over
    int64_t num_corrupt = 0;
    int64_t num_lost = 0;
    std::vector<int64_t> lost;  ///< the first of them
    std::vector<std::string> warnings;
  };

  static void find_lost(const FrameRange& range, bool is_to_end, const OpenFrames& open,
                        Told& told);
  void tell_decoding(JournalFacts& facts) const;
  void tell_jumps_over_damage(JournalFacts& facts) const;
  void tell_machines(JournalFacts& facts) const;
  void warn_about_count(JournalFacts& facts) const;

  FrameRange range_;
  const VideoInfo& info_;
  JournalFacts joined_;
  int64_t num_frames_ = 0;
  std::vector<Told> told_;
  std::set<std::string> engines_, kernels_, machines_;
};

}  // namespace posse
