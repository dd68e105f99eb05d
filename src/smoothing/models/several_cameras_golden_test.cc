// Against tables computed in double precision by an independent reference on eks's
// mirror-mouse data.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "smoothing/models/mirrored_views.h"
#include "smoothing/models/several_cameras.h"
#include "support/golden_tables.h"
#include "support/shared_data.h"

namespace posse {
namespace {

using nlohmann::json;
using testing::CsvTable;

const std::vector<std::string> kCameras{"top", "bot"};

/// The members' poses by camera; owns what CameraMembers refers to.
struct MirrorMouse {
  explicit MirrorMouse(const std::filesystem::path& eks) : views(2) {
    for (const Poses& member : testing::read_members(eks / "mirror-mouse", "")) {
      auto split = split_mirrored(member, kCameras);
      views[0].push_back(std::move(split[0]));
      views[1].push_back(std::move(split[1]));
    }
  }
  std::vector<CameraMembers> cameras() const {
    return {{kCameras[0], views[0]}, {kCameras[1], views[1]}};
  }
  std::vector<std::vector<Poses>> views;
};

json facts_of(const std::filesystem::path& eks, const std::string& name) {
  json facts;
  std::ifstream(eks / "golden" / name) >> facts;
  return facts;
}

void expect_equal_tables(const SmoothedTracks& found, const CsvTable& golden) {
  for (size_t k = 0; k < found.bodyparts.size(); ++k) {
    const auto& x = golden.column(found.bodyparts[k], "x");
    const auto& y = golden.column(found.bodyparts[k], "y");
    const auto& x_variance = golden.column(found.bodyparts[k], "x_posterior_var");
    const auto& y_variance = golden.column(found.bodyparts[k], "y_posterior_var");
    for (size_t t = 0; t < x.size(); ++t) {
      // 1e-8 px, 1e-9 of a variance: what the specification asks of two double-precision programs
      ASSERT_NEAR(found.position.at(t, 2 * k), x[t], 1e-8) << found.bodyparts[k] << " frame " << t;
      ASSERT_NEAR(found.position.at(t, 2 * k + 1), y[t], 1e-8)
          << found.bodyparts[k] << " frame " << t;
      ASSERT_NEAR(found.posterior_variance.at(t, 2 * k) / x_variance[t], 1, 1e-9);
      ASSERT_NEAR(found.posterior_variance.at(t, 2 * k + 1) / y_variance[t], 1, 1e-9);
    }
  }
}

TEST(SeveralCamerasGolden, WithInflationTheReferencesNumbersComeOut) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const MirrorMouse mouse(eks);
  const auto smoothed = smooth_several_cameras(mouse.cameras(), {.tuning = {.s = {10}}});
  const CsvTable golden = testing::read_csv_table(eks / "golden/mirror-mouse-s10.csv.gz");
  const SmoothedTracks joined = join_mirrored(smoothed);
  ASSERT_EQ(joined.bodyparts, golden.bodyparts);
  expect_equal_tables(joined, golden);
  for (size_t t = 0; t < 2000; ++t) {
    const double expected = golden.column("paw3RF_bot", "x_ens_var")[t];
    ASSERT_NEAR(joined.ensemble_variance.at(t, 2 * 6) / expected, 1, 1e-12);
  }
  const json facts = facts_of(eks, "mirror-mouse.json");
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(smoothed.inflation[k].num_rounds, facts["inflation_rounds"][k].get<int>());
    EXPECT_DOUBLE_EQ(smoothed.inflation[k].share_inflated,
                     facts["inflated_fraction_of_entries"][k].get<double>());
  }
}

TEST(SeveralCamerasGolden, WithoutInflationTheReferencesNumbersComeOut) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const MirrorMouse mouse(eks);
  const auto smoothed = smooth_several_cameras(
      mouse.cameras(), {.tuning = {.s = {10}}, .inflation = {.enabled = false}});
  expect_equal_tables(join_mirrored(smoothed),
                      testing::read_csv_table(eks / "golden/mirror-mouse-s10-noinflate.csv.gz"));
}

TEST(SeveralCamerasGolden, TunedSIsTheExactMinimiserOfBothObjectives) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const MirrorMouse mouse(eks);
  const json facts = facts_of(eks, "mirror-mouse.json");
  for (const bool full : {false, true}) {
    const TuningOptions tuning{.objective =
                                   full ? TuningObjective::full : TuningObjective::constant};
    const auto smoothed = smooth_several_cameras(mouse.cameras(), {.tuning = tuning});
    const json& minimiser = facts[full ? "minimiser_time_varying_R" : "minimiser_constant_R"];
    for (size_t k = 0; k < 4; ++k) {
      const SmoothingParameter& found = smoothed.cameras[0].parameters[k];
      EXPECT_NEAR(found.s / minimiser["s"][k].get<double>(), 1, 1e-4);
      EXPECT_NEAR(found.negative_log_likelihood, minimiser["nll"][k].get<double>(), 1e-6);
    }
  }
}

TEST(SeveralCamerasGolden, TunedTracksAgree) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const MirrorMouse mouse(eks);
  const json facts = facts_of(eks, "mirror-mouse.json");
  TuningOptions tuning;
  for (const json& s : facts["minimiser_constant_R"]["s"]) tuning.s.push_back(s);
  const auto smoothed = smooth_several_cameras(mouse.cameras(), {.tuning = tuning});
  expect_equal_tables(join_mirrored(smoothed),
                      testing::read_csv_table(eks / "golden/mirror-mouse-tuned.csv.gz"));
}

TEST(SeveralCamerasGolden, TheSearchOfEksEndsWhereItsOwnDid) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const MirrorMouse mouse(eks);
  const json facts = facts_of(eks, "mirror-mouse.json");
  const TuningOptions tuning{.objective = TuningObjective::constant, .search = TuningSearch::eks};
  const auto smoothed = smooth_several_cameras(mouse.cameras(), {.tuning = tuning});
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(smoothed.cameras[0].parameters[k].num_rounds,
              facts["peer_adam"]["iterations"][k].get<int>());
    // slopes by differences instead of automatic ones: 1e-8 of the slope each, over some 60 steps
    EXPECT_NEAR(smoothed.cameras[0].parameters[k].s / facts["peer_adam"]["s"][k].get<double>(), 1,
                1e-5);
  }
}

}  // namespace
}  // namespace posse
