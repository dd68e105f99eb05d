#include "run/consensus_choice.h"

#include <fmt/format.h>

namespace posse {
namespace {

/// Why these frames are no matter for a track; empty if they are.
std::string why_no_track(const ConsensusFacts& facts) {
  if (facts.is_pictures) return "pictures are taken one by one";
  if (facts.num_members < kTrackMembers) {
    return fmt::format(
        "{} too few votes for a track",
        facts.num_members == 1 ? "1 member is" : fmt::format("{} members are", facts.num_members));
  }
  if (facts.num_frames && *facts.num_frames < 2) return "one frame has no neighbours";
  if (facts.step > kTrackStep)
    return fmt::format("one frame of {} is too few for a track", facts.step);
  return "";
}

}  // namespace

std::string ChosenConsensus::to_string() const {
  return fmt::format("consensus {}: {}", name_of(method), why);
}

ChosenConsensus choose_consensus(ConsensusChoice choice, const ConsensusFacts& facts) {
  if (choice != ConsensusChoice::automatic) return {consensus_named(choice), "as asked for"};
  if (facts.there)
    return {*facts.there, "that of the results that are there (--force makes them anew)"};
  if (facts.calibrated) return {*facts.calibrated, "what the calibration is for"};
  if (facts.stopped) return {*facts.stopped, "that of the stopped run that goes on"};
  const std::string why = why_no_track(facts);
  if (!why.empty()) return {RunConsensus::mean, why};
  return {RunConsensus::track, fmt::format("a video with {} members", facts.num_members)};
}

}  // namespace posse
