#include "run/consensus_choice.h"

#include <gtest/gtest.h>

namespace posse {
namespace {

/// What a run over a video of five members finds.
ConsensusFacts video() { return {.num_members = 5, .num_frames = 360}; }

RunConsensus chosen(const ConsensusFacts& facts) {
  return choose_consensus(ConsensusChoice::automatic, facts).method;
}

TEST(ChooseConsensus, TakesTheTrackForVideosOfThreeMembersOrMore) {
  ConsensusFacts facts = video();
  EXPECT_EQ(choose_consensus(ConsensusChoice::automatic, facts).to_string(),
            "consensus track: a video with 5 members");
  facts.num_members = 3;
  EXPECT_EQ(chosen(facts), RunConsensus::track);
  facts.num_frames.reset();  // a stream
  EXPECT_EQ(chosen(facts), RunConsensus::track);
  facts.step = 6;
  EXPECT_EQ(chosen(facts), RunConsensus::track);
}

TEST(ChooseConsensus, TakesTheMeanForOtherFramesAndSaysWhy) {
  ConsensusFacts pictures = video(), two = video(), one = video(), still = video(),
                 sparse = video();
  pictures.is_pictures = true;
  two.num_members = 2;
  one.num_members = 1;
  still.num_frames = 1;
  sparse.step = 7;
  for (const auto& [facts, why] : {std::pair(pictures, "pictures are taken one by one"),
                                   {two, "2 members are too few votes for a track"},
                                   {one, "1 member is too few votes for a track"},
                                   {still, "one frame has no neighbours"},
                                   {sparse, "one frame of 7 is too few for a track"}}) {
    const ChosenConsensus chosen = choose_consensus(ConsensusChoice::automatic, facts);
    EXPECT_EQ(chosen.method, RunConsensus::mean);
    EXPECT_EQ(chosen.to_string(), std::string("consensus mean: ") + why);
  }
}

TEST(ChooseConsensus, DoesWhatIsAskedFor) {
  ConsensusFacts facts{.is_pictures = true, .num_members = 1, .there = RunConsensus::mean};
  EXPECT_EQ(choose_consensus(ConsensusChoice::track, facts).method, RunConsensus::track);
  facts.there = RunConsensus::track;
  EXPECT_EQ(choose_consensus(ConsensusChoice::mean, facts).method, RunConsensus::mean);
  EXPECT_EQ(choose_consensus(ConsensusChoice::median, facts).to_string(),
            "consensus median: as asked for");
}

TEST(ChooseConsensus, KeepsToWhatIsThere) {
  ConsensusFacts facts = video();
  facts.stopped = RunConsensus::mean;
  EXPECT_EQ(chosen(facts), RunConsensus::mean);
  facts.calibrated = RunConsensus::median;
  EXPECT_EQ(chosen(facts), RunConsensus::median);
  facts.there = RunConsensus::track;
  EXPECT_EQ(chosen(facts), RunConsensus::track);
}

}  // namespace
}  // namespace posse
