// Against tables computed in double precision by an independent reference on the example of eks,
// its data.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "smoothing/models/single_camera.h"
#include "support/golden_tables.h"
#include "support/shared_data.h"

namespace posse {
namespace {

using nlohmann::json;
using testing::CsvTable;

struct PupilData {
  std::vector<Poses> members;
  CsvTable table;
  json facts;
};

PupilData load(const std::filesystem::path& eks, const std::string& table) {
  PupilData data{.members = testing::read_members(eks / "ibl-pupil", ""),
                 .table = testing::read_csv_table(eks / "golden" / table),
                 .facts = {}};
  std::ifstream(eks / "golden/pupil-singlecam.json") >> data.facts;
  return data;
}

TuningOptions tuned_like_eks() { return {.objective = TuningObjective::constant}; }

double relative_difference(double found, double expected) {
  return std::abs(found - expected) / std::abs(expected);
}

TEST(SingleCameraGolden, FixedSGivesTheReferencesNumbers) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const PupilData data = load(eks, "pupil-singlecam-s10.csv.gz");
  const auto result = smooth_single_camera(data.members, {.tuning = {.s = {10}}});
  ASSERT_EQ(result.frame_index.size(), 2000);
  for (size_t k = 0; k < result.bodyparts.size(); ++k) {
    const std::string& name = result.bodyparts[k];
    for (size_t t = 0; t < 2000; ++t) {
      // 1e-9 px and 1e-9 relative: what the specification asks of two double-precision programs
      ASSERT_NEAR(result.position.at(t, 2 * k), data.table.column(name, "x")[t], 1e-9);
      ASSERT_NEAR(result.position.at(t, 2 * k + 1), data.table.column(name, "y")[t], 1e-9);
      ASSERT_LT(relative_difference(result.posterior_variance.at(t, 2 * k),
                                    data.table.column(name, "x_posterior_var")[t]),
                1e-9);
      ASSERT_LT(relative_difference(result.posterior_variance.at(t, 2 * k + 1),
                                    data.table.column(name, "y_posterior_var")[t]),
                1e-9);
      ASSERT_NEAR(result.ensemble_position.at(t, 2 * k), data.table.column(name, "x_ens_median")[t],
                  1e-12);
      ASSERT_NEAR(result.ensemble_variance.at(t, 2 * k + 1),
                  data.table.column(name, "y_ens_var")[t],
                  1e-12 * std::max(1.0, data.table.column(name, "y_ens_var")[t]));
      ASSERT_NEAR(result.likelihood.at(t, k), data.table.column(name, "likelihood")[t], 1e-14);
    }
  }
}

TEST(SingleCameraGolden, TunedSIsTheExactMinimiser) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const PupilData data = load(eks, "pupil-singlecam-tuned.csv.gz");
  for (const bool full : {false, true}) {
    TuningOptions tuning = tuned_like_eks();
    if (full) tuning.objective = TuningObjective::full;
    const auto result = smooth_single_camera(data.members, {.tuning = tuning});
    const json& minimiser = data.facts[full ? "minimiser_time_varying_R" : "minimiser_constant_R"];
    for (size_t k = 0; k < 4; ++k) {
      EXPECT_LT(relative_difference(result.parameters[k].s, minimiser["s"][k]), 1e-4);
      EXPECT_NEAR(result.parameters[k].negative_log_likelihood, minimiser["nll"][k].get<double>(),
                  1e-6);
      if (!full) {
        EXPECT_LE(result.parameters[k].negative_log_likelihood,
                  data.facts["peer_adam"]["loss_before_last_step"][k]);
      }
    }
  }
}

TEST(SingleCameraGolden, TunedTracksAgree) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const PupilData data = load(eks, "pupil-singlecam-tuned.csv.gz");
  TuningOptions tuning;
  for (const json& s : data.facts["minimiser_constant_R"]["s"]) tuning.s.push_back(s);
  const auto result = smooth_single_camera(data.members, {.tuning = tuning});
  for (size_t k = 0; k < 4; ++k) {
    for (size_t t = 0; t < 2000; ++t) {
      ASSERT_NEAR(result.position.at(t, 2 * k), data.table.column(result.bodyparts[k], "x")[t],
                  1e-9);
      ASSERT_LT(relative_difference(result.posterior_variance.at(t, 2 * k + 1),
                                    data.table.column(result.bodyparts[k], "y_posterior_var")[t]),
                1e-9);
    }
  }
}

TEST(SingleCameraGolden, LikelihoodsOnTheGridAgree) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const PupilData data = load(eks, "pupil-singlecam-s10.csv.gz");
  const auto statistics = summarise_ensemble(data.members, {});
  const auto prior = prior_from_track(statistics.position);
  const auto rows = tuning_rows({}, 2000);
  const FrameArray constant = constant_variances(statistics.position, statistics.variance, rows);
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(prior.mean[2 * k], data.facts["means"][k][0].get<double>(), 1e-10);
    EXPECT_NEAR(constant.at(0, 2 * k), data.facts["constant_R_diagonal"][k][0].get<double>(),
                1e-13);
    EXPECT_NEAR(initial_guess_of_s(statistics.variance, 2 * k, 2 * k + 2),
                data.facts["initial_guess"][k].get<double>(), 1e-9);
  }
  for (size_t g = 0; g < data.facts["nll_grid_log_s"].size(); ++g) {
    const std::vector<double> s(8, std::exp(data.facts["nll_grid_log_s"][g].get<double>()));
    const auto fixed = negative_log_likelihood(statistics.position, constant, prior, s, rows);
    const auto full =
        negative_log_likelihood(statistics.position, statistics.variance, prior, s, rows);
    for (size_t k = 0; k < 4; ++k) {
      EXPECT_LT(relative_difference(fixed[2 * k] + fixed[2 * k + 1],
                                    data.facts["nll_grid_constant_R"][g][k]),
                1e-8);
      EXPECT_LT(relative_difference(full[2 * k] + full[2 * k + 1],
                                    data.facts["nll_grid_time_varying_R"][g][k]),
                1e-8);
    }
  }
}

TEST(SingleCameraGolden, TheSearchOfEksEndsWhereItsOwnDid) {
  POSSE_SHARED_OR_SKIP(eks, "eks");
  const PupilData data = load(eks, "pupil-singlecam-s10.csv.gz");
  TuningOptions tuning = tuned_like_eks();
  tuning.search = TuningSearch::eks;
  const auto result = smooth_single_camera(data.members, {.tuning = tuning});
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(result.parameters[k].num_rounds, data.facts["peer_adam"]["iterations"][k].get<int>());
    // slopes by differences instead of automatic ones: 1e-8 of the slope each, over some 60 steps
    EXPECT_LT(relative_difference(result.parameters[k].s, data.facts["peer_adam"]["s"][k]), 1e-5);
  }
}

}  // namespace
}  // namespace posse
