// The configurations of a project and of a network, of TensorFlow's and of PyTorch's tools; a table
// of test errors.
#include <vector>

#include "fuzz/fuzz_target.h"
#include "project/config.h"
#include "project/deeplabcut3_config.h"
#include "project/evaluation_results.h"
#include "project/lightning_config.h"

namespace posse::fuzz {

void read_input(std::span<const uint8_t> input) {
  const auto config = scratch_file("config.yaml", text_of(input));
  expect_result_or_error([&] {
    const ProjectConfig project = read_project_config(config);
    for (const double fraction : project.training_fractions) training_percent(fraction);
  });
  expect_result_or_error([&] {
    const PoseConfig pose = read_pose_config(config);
    dlc_scorer(pose.net_type, "TaskJan1", 1, "1000");
  });
  expect_result_or_error([&] { read_deeplabcut3_config(config).bodyparts(); });
  expect_result_or_error([&] { read_lightning_config(config).bodyparts(); });
  const auto table =
      scratch_file("evaluation-results/iteration-0/CombinedEvaluation-results.csv", text_of(input));
  const ModelFolder model{.path = "model", .task_and_date = "", .percent = 95, .shuffle = 1};
  std::vector<Snapshot> snapshots(1);
  snapshots[0].parsed.kind = SnapshotKind::dlc;
  snapshots[0].parsed.number = 1000;
  add_test_errors(config.parent_path(), model, snapshots);
}

}  // namespace posse::fuzz
