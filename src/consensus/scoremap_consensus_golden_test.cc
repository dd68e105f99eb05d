// Keypoints and consensus of real networks' maps, against predictions computed elsewhere (float32
// maps by PyTorch, keypoints and consensus in float64 on them; see the README beside the goldens).
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/npy.h"
#include "consensus/scoremap_consensus.h"
#include "support/shared_data.h"

namespace posse {
namespace {

namespace fs = std::filesystem;

const std::array<std::string, 4> kBodyparts = {"snout", "leftear", "rightear", "tailbase"};
constexpr size_t kNumMembers = 5;

std::vector<std::string> split_at_commas(const std::string& line) {
  std::vector<std::string> fields;
  std::stringstream stream(line);
  for (std::string field; std::getline(stream, field, ',');) {
    fields.push_back(field);
  }
  return fields;
}

/// Column name -> value, of the row that begins with this frame number.
std::map<std::string, double> row_of_frame(const fs::path& file, int frame) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  const std::vector<std::string> names = split_at_commas(line);
  std::map<std::string, double> row;
  while (row.empty() && std::getline(stream, line)) {
    const std::vector<std::string> fields = split_at_commas(line);
    for (size_t i = 0; i < fields.size() && fields[0] == std::to_string(frame); ++i) {
      row[names[i]] = std::stod(fields[i]);
    }
  }
  EXPECT_FALSE(row.empty()) << file << " has no frame " << frame;
  return row;
}

struct GoldenFrame {
  fs::path folder;
  int frame;
  std::vector<Tensor> logits, locref;

  GoldenFrame(fs::path golden, int frame_index) : folder(std::move(golden)), frame(frame_index) {
    for (size_t m = 1; m <= kNumMembers; ++m) {
      std::string number = std::to_string(frame);
      number.insert(0, 4 - number.size(), '0');
      const std::string stem = "member-" + std::to_string(m) + "-frame-" + number;
      logits.push_back(read_npy(folder / (stem + "-logits.npy")));
      locref.push_back(read_npy(folder / (stem + "-locref.npy")));
    }
  }
  std::vector<MemberMap> members(DecodeRule rule) const {
    std::vector<MemberMap> members;
    for (size_t m = 0; m < kNumMembers; ++m) {
      members.push_back({.map = {.logits = logits[m].data(),
                                 .locref = locref[m].data(),
                                 .height = static_cast<int>(logits[m].dim(0)),
                                 .width = static_cast<int>(logits[m].dim(1)),
                                 .num_bodyparts = static_cast<int>(logits[m].dim(2))},
                         .column_of_bodypart = {},
                         .rule = rule});
    }
    return members;
  }
};

// Six printed decimals: half of the last is 5e-7. Keypoints and likelihoods were computed in
// float32: relative 6e-8 of positions up to 640 px is 4e-5, a few such roundings.
constexpr double kPrinted = 6e-7;
constexpr double kFloat32Position = 2e-4;
constexpr double kFloat32Likelihood = 1.2e-6;

void expect_member_keypoints(const GoldenFrame& golden, DecodeRule rule, Arithmetic arithmetic) {
  const auto members = golden.members(rule);
  for (size_t m = 0; m < kNumMembers; ++m) {
    const auto row =
        row_of_frame(golden.folder / ("member-" + std::to_string(m + 1) + ".csv"), golden.frame);
    const std::vector<Keypoint> found = decode_keypoints(members[m].map, rule, arithmetic);
    for (size_t j = 0; j < kBodyparts.size(); ++j) {
      const std::string column = kBodyparts[j] + "_" + std::string(to_string(rule)) + "_";
      SCOPED_TRACE(column + " of member " + std::to_string(m + 1));
      EXPECT_NEAR(found[j].x, row.at(column + "x"), kFloat32Position);
      EXPECT_NEAR(found[j].y, row.at(column + "y"), kFloat32Position);
      EXPECT_NEAR(found[j].likelihood, row.at(column + "likelihood"), kFloat32Likelihood);
    }
  }
}

void expect_consensus(const GoldenFrame& golden, ConsensusMethod method, Arithmetic arithmetic) {
  const std::string name = method == ConsensusMethod::mean ? "mean" : "median";
  const auto row = row_of_frame(golden.folder / "consensus.csv", golden.frame);
  const auto frame = ConsensusEngine({.method = method, .arithmetic = arithmetic})
                         .consensus(golden.members(DecodeRule::dgp));
  // The fast kernels add 1e-6 cells of 8 pixels.
  const double tolerance = arithmetic == Arithmetic::plain ? kPrinted : kPrinted + 8e-6;
  for (size_t j = 0; j < kBodyparts.size(); ++j) {
    const std::string column = kBodyparts[j] + "_" + name + "_";
    EXPECT_NEAR(frame.keypoints[j].keypoint.x, row.at(column + "x"), tolerance) << column;
    EXPECT_NEAR(frame.keypoints[j].keypoint.y, row.at(column + "y"), tolerance) << column;
  }
}

void expect_golden(const GoldenFrame& golden) {
  SCOPED_TRACE(golden.folder.string() + " frame " + std::to_string(golden.frame));
  for (const Arithmetic arithmetic : {Arithmetic::plain, Arithmetic::fast}) {
    SCOPED_TRACE(arithmetic == Arithmetic::plain ? "plain" : "fast");
    expect_member_keypoints(golden, DecodeRule::dgp, arithmetic);
    expect_member_keypoints(golden, DecodeRule::dlc, arithmetic);
    expect_consensus(golden, ConsensusMethod::mean, arithmetic);
    expect_consensus(golden, ConsensusMethod::median, arithmetic);
  }
}

TEST(ConsensusGolden, OfTheDemoEnsemble) {
  const fs::path folder = testing::source_folder() / "data/demo/golden";
  for (const int frame : {60, 200}) {
    expect_golden({folder, frame});
  }
}

TEST(ConsensusGolden, OfTheOpenfieldEnsemble) {
  POSSE_SHARED_OR_SKIP(folder, "openfield-ensemble/golden");
  for (const int frame : {0, 40}) {
    expect_golden({folder, frame});
  }
}

TEST(ConsensusGolden, FastAndPlainAgreeOnRealMapsToAMillionthOfACell) {
  for (const int index : {60, 200}) {
    const GoldenFrame golden(testing::source_folder() / "data/demo/golden", index);
    for (const ConsensusMethod method : {ConsensusMethod::mean, ConsensusMethod::median}) {
      for (const DecodeRule rule : {DecodeRule::dgp, DecodeRule::dlc}) {
        ConsensusOptions options{
            .method = method, .rule = rule, .keep_scoremap = true, .arithmetic = Arithmetic::plain};
        const auto plain = ConsensusEngine(options).consensus(golden.members(rule));
        options.arithmetic = Arithmetic::fast;
        const auto fast = ConsensusEngine(options).consensus(golden.members(rule));
        for (size_t j = 0; j < kBodyparts.size(); ++j) {
          const double tolerance =
              rule == DecodeRule::dgp ? 8e-6 : 0;  // the highest cell is found exactly
          EXPECT_NEAR(fast.keypoints[j].keypoint.x, plain.keypoints[j].keypoint.x, tolerance);
          EXPECT_NEAR(fast.keypoints[j].keypoint.y, plain.keypoints[j].keypoint.y, tolerance);
          EXPECT_NEAR(fast.keypoints[j].keypoint.likelihood, plain.keypoints[j].keypoint.likelihood,
                      1e-14);
          // Relative error of the odds, 1e-6 at worst.
          EXPECT_NEAR(fast.keypoints[j].map_covariance.xx / plain.keypoints[j].map_covariance.xx, 1,
                      1e-6);
          EXPECT_NEAR(fast.keypoints[j].map_covariance.yy / plain.keypoints[j].map_covariance.yy, 1,
                      1e-6);
        }
        for (int64_t i = 0; i < plain.scoremap_logits.size(); ++i) {
          const double expected = static_cast<double>(plain.scoremap_logits.data()[i]);
          // Odds to 1e-6, and float32 rounding of logits.
          ASSERT_NEAR(static_cast<double>(fast.scoremap_logits.data()[i]), expected,
                      1e-6 + 1.2e-7 * std::abs(expected));
        }
      }
    }
  }
}

}  // namespace
}  // namespace posse
