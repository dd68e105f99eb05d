#include "consensus/track/group_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

namespace posse {
namespace {

constexpr double kStride = 8;
constexpr double kCells = 1200;

/// A made frame with every part's evidence at every place.
GroupFrame make_frame(std::mt19937& random, size_t parts, size_t places) {
  std::uniform_real_distribution<double> pixel(0, 60);
  std::exponential_distribution<double> evidence(0.1);
  GroupFrame frame;
  for (size_t k = 0; k < places; ++k) {
    frame.places.push_back(static_cast<int32_t>(k));
    frame.x.push_back(pixel(random));
    frame.y.push_back(pixel(random));
  }
  frame.emission = {places + 1, std::vector<double>(parts * (places + 1), 1.0)};
  for (size_t p = 0; p < parts; ++p) {
    for (size_t k = 0; k < places; ++k) {
      frame.emission.values[p * (places + 1) + k] = evidence(random);
    }
  }
  return frame;
}

std::vector<GroupFrame> make_video(unsigned seed, size_t frames, size_t parts, size_t most_places) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<size_t> places(0, most_places);
  std::vector<GroupFrame> video;
  for (size_t t = 0; t < frames; ++t) video.push_back(make_frame(random, parts, places(random)));
  return video;
}

std::vector<GroupDecision> track(const std::vector<GroupFrame>& video, size_t parts,
                                 const GroupTrackerOptions& options, double elapsed = 1) {
  GroupTracker tracker(parts, options);
  std::vector<GroupDecision> all;
  const auto keep = [&](std::vector<GroupDecision> decisions) {
    std::ranges::move(decisions, std::back_inserter(all));
  };
  for (const GroupFrame& frame : video) keep(tracker.push(frame, elapsed, kStride, kCells));
  keep(tracker.finish());
  return all;
}

const GroupTrackerOptions kExact{
    .motion = {.step_cells = 2, .jump = 1e-2, .hide = 0.05, .appear = 0.2},
    .pruning = {.least_chance = 0, .most_states = 1000000},
    .lag = {}};

/// The plain second implementation: whole assignments, sums and products of logarithms.
class Oracle {
 public:
  using Assignment = std::vector<size_t>;  ///< column of each part

  Oracle(const std::vector<GroupFrame>& video, size_t parts, const MotionOptions& motion)
      : video_(video), parts_(parts), motion_(motion) {
    for (const GroupFrame& frame : video) states_.push_back(assignments(frame));
  }

  double log_first(const Assignment& to) const {
    double sum = log_emission(0, to);
    for (const size_t column : to) {
      sum += std::log(column == video_[0].num_places() ? first_hidden(motion_)
                                                       : first_at_place(motion_, kCells));
    }
    return sum;
  }
  /// Of the step into frame t, with its emission.
  double log_step(size_t t, const Assignment& from, const Assignment& to) const {
    double sum = log_emission(t, to);
    const GroupFrame& before = video_[t - 1];
    const GroupFrame& frame = video_[t];
    const Motion motion(motion_, 1, kStride, kCells);
    for (size_t p = 0; p < parts_; ++p) {
      const bool was_hidden = from[p] == before.num_places();
      const bool is_hidden = to[p] == frame.num_places();
      if (was_hidden) {
        sum += std::log(is_hidden ? motion.stay_hidden() : motion.appear());
      } else if (is_hidden) {
        sum += std::log(motion.hide());
      } else {
        sum += std::log(
            motion.step(before.x[from[p]] - frame.x[to[p]], before.y[from[p]] - frame.y[to[p]]));
      }
    }
    return sum;
  }

  const std::vector<Assignment>& states(size_t t) const { return states_[t]; }

  struct Paths {
    std::vector<Assignment> best;
    double log_best = -std::numeric_limits<double>::infinity();
    /// [frames][parts][columns], relative
    std::vector<std::vector<std::vector<double>>> chance;
    double total = 0;
  };
  /// All paths, one after another.
  Paths brute_force() const {
    Paths paths;
    for (const GroupFrame& frame : video_) {
      paths.chance.emplace_back(parts_, std::vector<double>(frame.num_places() + 1, 0.0));
    }
    std::vector<Assignment> path;
    extend(path, 0, paths);
    for (auto& frame : paths.chance) {
      for (auto& part : frame) {
        for (double& chance : part) chance /= paths.total;
      }
    }
    return paths;
  }

  /// Viterbi and forward-backward over whole assignments.
  Paths dynamic() const {
    Paths paths;
    const size_t frames = video_.size();
    std::vector<std::vector<double>> best(frames), forward(frames), backward(frames);
    std::vector<std::vector<size_t>> from(frames);
    for (const Assignment& state : states_[0]) {
      best[0].push_back(log_first(state));
      forward[0].push_back(log_first(state));
    }
    for (size_t t = 1; t < frames; ++t) {
      for (const Assignment& to : states_[t]) {
        double highest = -std::numeric_limits<double>::infinity();
        size_t at = 0;
        std::vector<double> terms;
        for (size_t i = 0; i < states_[t - 1].size(); ++i) {
          const double step = log_step(t, states_[t - 1][i], to);
          terms.push_back(forward[t - 1][i] + step);
          if (best[t - 1][i] + step > highest) {
            highest = best[t - 1][i] + step;
            at = i;
          }
        }
        best[t].push_back(highest);
        from[t].push_back(at);
        forward[t].push_back(log_sum(terms));
      }
    }
    backward[frames - 1].assign(states_[frames - 1].size(), 0.0);
    for (size_t t = frames - 1; t-- > 0;) {
      for (const Assignment& state : states_[t]) {
        std::vector<double> terms;
        for (size_t j = 0; j < states_[t + 1].size(); ++j) {
          terms.push_back(log_step(t + 1, state, states_[t + 1][j]) + backward[t + 1][j]);
        }
        backward[t].push_back(log_sum(terms));
      }
    }
    auto at = static_cast<size_t>(std::ranges::max_element(best.back()) - best.back().begin());
    paths.log_best = best.back()[at];
    paths.best.resize(frames);
    for (size_t t = frames; t-- > 0;) {
      paths.best[t] = states_[t][at];
      if (t > 0) at = from[t][at];
    }
    const double total = log_sum(forward.back());
    for (size_t t = 0; t < frames; ++t) {
      paths.chance.emplace_back(parts_, std::vector<double>(video_[t].num_places() + 1, 0.0));
      for (size_t i = 0; i < states_[t].size(); ++i) {
        for (size_t p = 0; p < parts_; ++p) {
          paths.chance[t][p][states_[t][i][p]] += std::exp(forward[t][i] + backward[t][i] - total);
        }
      }
    }
    return paths;
  }

 private:
  static double log_sum(const std::vector<double>& terms) {
    const double highest = *std::ranges::max_element(terms);
    double sum = 0;
    for (const double term : terms) sum += std::exp(term - highest);
    return highest + std::log(sum);
  }

  std::vector<Assignment> assignments(const GroupFrame& frame) const {
    std::vector<Assignment> all = {{}};
    for (size_t p = 0; p < parts_; ++p) {
      std::vector<Assignment> longer;
      for (const Assignment& short_one : all) {
        for (size_t column = 0; column <= frame.num_places(); ++column) {
          if (column < frame.num_places() &&
              std::ranges::find(short_one, column) != short_one.end()) {
            continue;
          }
          longer.push_back(short_one);
          longer.back().push_back(column);
        }
      }
      all = longer;
    }
    return all;
  }

  double log_emission(size_t t, const Assignment& state) const {
    double sum = 0;
    for (size_t p = 0; p < parts_; ++p) sum += std::log(video_[t].emission.at(p, state[p]));
    return sum;
  }

  void extend(std::vector<Assignment>& path, double log_chance, Paths& paths) const {
    const size_t t = path.size();
    if (t == video_.size()) {
      const double chance = std::exp(log_chance);
      paths.total += chance;
      for (size_t i = 0; i < t; ++i) {
        for (size_t p = 0; p < parts_; ++p) paths.chance[i][p][path[i][p]] += chance;
      }
      if (log_chance > paths.log_best) {
        paths.log_best = log_chance;
        paths.best = path;
      }
      return;
    }
    for (const Assignment& state : states_[t]) {
      const double step = t == 0 ? log_first(state) : log_step(t, path.back(), state);
      path.push_back(state);
      extend(path, log_chance + step, paths);
      path.pop_back();
    }
  }

  const std::vector<GroupFrame>& video_;
  size_t parts_;
  MotionOptions motion_;
  std::vector<std::vector<Assignment>> states_;
};

void expect_same(const std::vector<GroupDecision>& decisions, const Oracle::Paths& paths,
                 double tolerance) {
  ASSERT_EQ(decisions.size(), paths.best.size());
  for (size_t t = 0; t < decisions.size(); ++t) {
    EXPECT_EQ(decisions[t].choice, paths.best[t]) << "frame " << t;
    for (size_t p = 0; p < decisions[t].choice.size(); ++p) {
      for (size_t k = 0; k < paths.chance[t][p].size(); ++k) {
        EXPECT_NEAR(decisions[t].chance.at(p, k), paths.chance[t][p][k], tolerance)
            << "frame " << t << " part " << p << " choice " << k;
      }
    }
  }
}

// Rounding of products of a few dozen factors.
constexpr double kRounding = 1e-10;

TEST(GroupTracker, AgreesWithTheSumOverAllPaths) {
  for (unsigned seed = 0; seed < 12; ++seed) {
    const size_t parts = 1 + seed % 3;
    const auto video = make_video(seed, parts == 3 ? 3 : 4, parts, 2);
    expect_same(track(video, parts, kExact), Oracle(video, parts, kExact.motion).brute_force(),
                kRounding);
  }
}

TEST(GroupTracker, AgreesWithWholeViterbiAndForwardBackward) {
  for (unsigned seed = 20; seed < 26; ++seed) {
    const size_t parts = 1 + seed % 3;
    const auto video = make_video(seed, 12, parts, 4);
    expect_same(track(video, parts, kExact), Oracle(video, parts, kExact.motion).dynamic(),
                kRounding);
  }
}

TEST(GroupTracker, AgreesWithThemForManyPartsToo) {
  for (const auto& [parts, places] : {std::pair<size_t, size_t>{4, 3}, {5, 3}, {9, 2}, {12, 1}}) {
    const auto video = make_video(static_cast<unsigned>(40 + parts), 5, parts, places);
    expect_same(track(video, parts, kExact), Oracle(video, parts, kExact.motion).dynamic(),
                kRounding);
  }
}

TEST(GroupTracker, TheVideoReadBackwardsHasTheSamePathAndChances) {
  auto video = make_video(31, 30, 3, 4);
  const auto forward = track(video, 3, kExact);
  std::ranges::reverse(video);
  const auto backward = track(video, 3, kExact);
  for (size_t t = 0; t < video.size(); ++t) {
    const GroupDecision& other = backward[video.size() - 1 - t];
    EXPECT_EQ(forward[t].choice, other.choice);
    for (size_t i = 0; i < forward[t].chance.values.size(); ++i) {
      EXPECT_NEAR(forward[t].chance.values[i], other.chance.values[i], kRounding);
    }
  }
}

TEST(GroupTracker, TheOrderOfPartsDoesNotMatter) {
  const auto video = make_video(32, 25, 3, 4);
  auto turned = video;
  for (GroupFrame& frame : turned) {
    const size_t columns = frame.num_places() + 1;
    std::vector<double>& values = frame.emission.values;  // Clang 14 has no std::ranges::rotate
    std::rotate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(columns),
                values.end());
  }
  const auto plain = track(video, 3, kExact);
  const auto other = track(turned, 3, kExact);
  for (size_t t = 0; t < video.size(); ++t) {
    for (size_t p = 0; p < 3; ++p) {
      EXPECT_EQ(plain[t].choice[(p + 1) % 3], other[t].choice[p]);
      for (size_t k = 0; k <= video[t].num_places(); ++k) {
        EXPECT_NEAR(plain[t].chance.at((p + 1) % 3, k), other[t].chance.at(p, k), kRounding);
      }
    }
  }
}

TEST(GroupTracker, ALongEnoughLagGivesTheWholeVideosPath) {
  const auto video = make_video(33, 200, 2, 4);
  const auto whole = track(video, 2, kExact);
  GroupTrackerOptions options = kExact;
  options.lag = 30;
  const auto lagged = track(video, 2, options);
  ASSERT_EQ(lagged.size(), whole.size());
  for (size_t t = 0; t < video.size(); ++t) EXPECT_EQ(lagged[t].choice, whole[t].choice) << t;
}

TEST(GroupTracker, WithoutALagTheNewestFrameIsAsWithAllBeforeIt) {
  const auto video = make_video(34, 12, 2, 3);
  GroupTrackerOptions options = kExact;
  options.lag = 0;
  const auto filtered = track(video, 2, options);
  for (const size_t last : {size_t{0}, size_t{5}, size_t{11}}) {
    const std::vector<GroupFrame> begun(video.begin(),
                                        video.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    const auto whole = track(begun, 2, kExact);
    EXPECT_EQ(filtered[last].choice, whole.back().choice);
    for (size_t i = 0; i < whole.back().chance.values.size(); ++i) {
      EXPECT_NEAR(filtered[last].chance.values[i], whole.back().chance.values[i], kRounding);
    }
  }
}

/// Largest difference of a chance between the pruned and the whole states; paths are the same.
double error_of_pruning(const std::vector<GroupFrame>& video, GroupTrackerOptions options) {
  const auto pruned = track(video, 4, options);
  options.pruning = kExact.pruning;
  const auto whole = track(video, 4, options);
  double most = 0;
  for (size_t t = 0; t < video.size(); ++t) {
    EXPECT_EQ(pruned[t].choice, whole[t].choice) << t;
    for (size_t i = 0; i < whole[t].chance.values.size(); ++i) {
      most = std::max(most, std::abs(pruned[t].chance.values[i] - whole[t].chance.values[i]));
    }
  }
  return most;
}

TEST(GroupTracker, PruningHardlyChangesChancesOfEvidenceLikeThatOfNetworks) {
  // Four parts on circles; each has most of its evidence at its own place and some at another's.
  std::vector<GroupFrame> video;
  std::mt19937 random(35);
  std::uniform_int_distribution<size_t> other(0, 5);
  for (int t = 0; t < 80; ++t) {
    GroupFrame frame = make_frame(random, 4, 6);
    std::ranges::fill(frame.emission.values, 0.05);
    for (size_t k = 0; k < 6; ++k) {
      frame.x[k] = 60 + 50 * std::cos(0.1 * t + static_cast<double>(k));
      frame.y[k] = 60 + 50 * std::sin(0.1 * t + static_cast<double>(k));
    }
    for (size_t p = 0; p < 4; ++p) {
      frame.emission.values[p * 7 + p] = 30;
      frame.emission.values[p * 7 + other(random)] = 20;
      frame.emission.values[p * 7 + 6] = 1;
    }
    video.push_back(frame);
  }
  EXPECT_LT(error_of_pruning(video, {.motion = {}, .pruning = {}, .lag = {}}), 1e-4);
}

TEST(GroupTracker, PruningKeepsThePathAlsoWhereEvidenceIsVague) {
  GroupTrackerOptions options = kExact;
  options.pruning = {.most_states = 512};  // of up to 1,045
  EXPECT_LT(error_of_pruning(make_video(35, 60, 4, 6), options), 0.1);
}

TEST(GroupTracker, EightPartsAreAffordable) {
  const auto video = make_video(36, 10, 8, 10);
  GroupTrackerOptions options = kExact;
  options.pruning = {};
  GroupTracker tracker(8, options);
  for (const GroupFrame& frame : video) tracker.push(frame, 1, kStride, kCells);
  EXPECT_EQ(tracker.finish().size(), 10U);
  EXPECT_LE(tracker.num_states(), 10U * 512);
}

TEST(GroupTracker, OneStrongPlaceIsTaken) {
  GroupFrame frame;
  frame.places = {0};
  frame.x = {20};
  frame.y = {30};
  frame.emission = {2, {50, 1}};
  const auto decisions = track(std::vector<GroupFrame>(20, frame), 1, kExact);
  for (const GroupDecision& decision : decisions) {
    EXPECT_EQ(decision.choice[0], 0U);
    EXPECT_GT(decision.chance.at(0, 0), 0.99);
  }
}

TEST(GroupTracker, EvidenceThatSaysNothingLeavesTheStationaryChances) {
  // Places one box apart all over the grid would be needed to be exact; one place alone, with
  // uniform evidence, is not taken: not being seen is likelier than one box of the grid.
  GroupFrame frame;
  frame.places = {0};
  frame.x = {20};
  frame.y = {30};
  frame.emission = {2, {1, 1}};
  const auto decisions = track(std::vector<GroupFrame>(1, frame), 1, kExact);
  const double seen = first_at_place(kExact.motion, kCells);
  const double hidden = first_hidden(kExact.motion);
  EXPECT_EQ(decisions[0].choice[0], 1U);
  EXPECT_NEAR(decisions[0].chance.at(0, 0), seen / (seen + hidden), kRounding);
}

TEST(GroupTracker, TwoPartsNeverTakeOnePlace) {
  for (const GroupDecision& decision : track(make_video(37, 100, 3, 3), 3, kExact)) {
    for (size_t p = 0; p < 3; ++p) {
      for (size_t q = 0; q < p; ++q) {
        EXPECT_TRUE(decision.choice[p] != decision.choice[q] ||
                    decision.choice[p] == decision.frame.num_places());
      }
    }
  }
}

TEST(GroupTracker, NothingInNothingOut) {
  GroupTracker tracker(1, kExact);
  EXPECT_TRUE(tracker.finish().empty());
}

}  // namespace
}  // namespace posse
