#include "cluster/submit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "cluster/run_directory.h"
#include "cluster/status.h"
#include "cluster/unit_claim.h"
#include "support/errors.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

using Words = std::vector<std::string>;

/// A run of `count` units, each a task of its own.
ClusterPlan plan_in(const fs::path& folder, int64_t count) {
  ClusterPlan plan{.engine = "1.0",
                   .backend = "cpu",
                   .members = {"/models"},
                   .networks = {{"member-1", "/models/member-1", "abc"}},
                   .bodyparts = {"snout"},
                   .out = folder / "results",
                   .unit_frames = 10};
  plan.videos = {{.id = "a.0123456789ab", .fingerprint = std::string(64, 'f')}};
  plan.videos[0].known.info = {.path = "/videos/a.mp4", .width = 8, .height = 8};
  plan.videos[0].known.input.sha256 = std::string(64, '0');
  for (int64_t i = 0; i < count; ++i) {
    plan.units.push_back({0, 10 * i, 10 * i + 10});
    plan.tasks.push_back({static_cast<size_t>(i), static_cast<size_t>(i) + 1});
  }
  write_file(RunDirectory{folder}.plan(), to_text(plan));
  return plan;
}

void complete(const ClusterPlan& plan, const fs::path& folder, size_t number) {
  const UnitPlace place = place_of(plan, {folder}, plan.units[number]);
  auto claim = UnitClaim::take(place);
  JournalWriter(claim->journal(), place.key).finish({});
  claim->seal();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ArrayText, ShortensRuns) {
  EXPECT_EQ(array_text(std::vector<int64_t>{}), "");
  EXPECT_EQ(array_text(std::vector<int64_t>{3}), "3");
  EXPECT_EQ(array_text(std::vector<int64_t>{0, 1, 2, 3}), "0-3");
  EXPECT_EQ(array_text(std::vector<int64_t>{3, 5, 6, 7, 9}), "3,5-7,9");
}

TEST(Submit, SubmitsWhatIsMissingAsArraysAndTheFinishAfterAllOfThem) {
  const TemporaryFolder folder;
  const fs::path run = folder.path() / "a run";
  const ClusterPlan plan = plan_in(run, 25);
  complete(plan, run, 3);
  std::vector<Words> calls;
  const auto sbatch = [&](std::span<const std::string> words) {
    calls.emplace_back(words.begin(), words.end());
    return std::to_string(100 + calls.size()) + ";cluster\n";
  };
  SubmitOptions options{.cpus = 2, .gres = "gpu:1", .extra = "--qos=low  --nice", .max_array = 10};
  options.map = {"/a=/b c"};
  const SubmitReport report = submit(run, "/opt/posse", options, sbatch);
  ASSERT_EQ(calls.size(), 4U);
  EXPECT_EQ(calls[0][4], "--array=0-2,4-9");
  EXPECT_EQ(calls[0].back(), "0");
  EXPECT_EQ(calls[1][4], "--array=0-9");
  EXPECT_EQ(calls[1].back(), "10");
  EXPECT_EQ(calls[2][4], "--array=0-4");
  EXPECT_EQ(calls[2].back(), "20");
  EXPECT_EQ(calls[3][4], "--dependency=afterany:101:102:103");
  EXPECT_EQ(report.finish_id, "104");
  EXPECT_EQ(report.tasks.size(), 24U);

  const std::string work = read_file(run / "slurm" / "work.sbatch");
  EXPECT_TRUE(has(work, "#SBATCH --cpus-per-task=2\n"));
  EXPECT_TRUE(has(work, "#SBATCH --gres=gpu:1\n"));
  EXPECT_TRUE(has(work, "#SBATCH --signal=B:TERM@60\n"));
  EXPECT_TRUE(has(work, "export POSSE_TASK_OFFSET=\"${1:-0}\"\nexec /opt/posse work '" +
                            fs::absolute(run).string() + "' --task auto --map '/a=/b c'\n"));
  const std::string finish = read_file(run / "slurm" / "finish.sbatch");
  EXPECT_FALSE(has(finish, "gres"));
  EXPECT_FALSE(has(finish, "signal"));
  EXPECT_TRUE(has(finish, "exec /opt/posse finish"));
}

TEST(Submit, PrintsWithoutSubmitting) {
  const TemporaryFolder folder;
  plan_in(folder.path(), 2);
  const auto never = [](std::span<const std::string>) -> std::string {
    ADD_FAILURE();
    return "";
  };
  const SubmitReport report = submit(folder.path(), "posse", {.print = true}, never);
  ASSERT_EQ(report.commands.size(), 2U);
  EXPECT_TRUE(has(report.commands[1], "--dependency=afterany:ID1"));
  EXPECT_TRUE(fs::exists(folder.path() / "slurm" / "work.sbatch"));
}

TEST(Submit, RefusesFoldersThatSbatchCannotLogInto) {
  const TemporaryFolder folder;
  const fs::path run = folder.path() / "back\\slash";
  fs::create_directory(run);
  plan_in(run, 2);
  const Error error = testing::error_of([&] { submit(run, "posse", {.print = true}); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
}

// sbatch puts an array's number in for %A, also in folders, unless it is written as %%A; quotes
// within quotes follow a backslash (sbatch's manual, "filename pattern").
TEST(Submit, LogsLieInTheFolderWhateverItsName) {
  const TemporaryFolder folder;
  const fs::path run = folder.path() / "50%A \"x\" run";
  plan_in(run, 1);
  submit(run, "/opt/posse", {.print = true}, [](std::span<const std::string>) { return ""; });
  const std::string log = folder.path().string() + R"(/50%%A \"x\" run/slurm/log/)";
  EXPECT_TRUE(has(read_file(RunDirectory{run}.slurm() / "work.sbatch"),
                  "#SBATCH --output=\"" + log + "work-%A_%a.log\"\n"));
  EXPECT_TRUE(has(read_file(RunDirectory{run}.slurm() / "finish.sbatch"),
                  "#SBATCH --output=\"" + log + "finish-%j.log\"\n"));
}

TEST(Submit, LeavesNothingToSubmitWhereAllIsDone) {
  const TemporaryFolder folder;
  const ClusterPlan plan = plan_in(folder.path(), 1);
  complete(plan, folder.path(), 0);
  write_file(folder.path() / "results" / "a" / "run.json", "{}");
  const SubmitReport report = submit(folder.path(), "posse", {}, nullptr);
  EXPECT_TRUE(report.commands.empty());
}

TEST(Submit, LinesOfASiteFileComeBeforeTheWork) {
  const TemporaryFolder folder;
  plan_in(folder.path(), 1);
  write_file(folder.path() / "site", "#SBATCH --qos=long\nmodule load ffmpeg");
  submit(folder.path(), "posse", {.site = folder.path() / "site", .print = true});
  const std::string work = read_file(folder.path() / "slurm" / "work.sbatch");
  EXPECT_TRUE(has(work, "#SBATCH --qos=long\nmodule load ffmpeg\nexport"));
  EXPECT_THROW(submit(folder.path(), "posse", {.site = folder.path() / "none", .print = true}),
               Error);
}

TEST(Submit, AgainOnlyWhileSomethingGetsDone) {
  const TemporaryFolder folder;
  const ClusterPlan plan = plan_in(folder.path(), 3);
  int jobs = 0;
  const auto sbatch = [&](std::span<const std::string>) { return std::to_string(++jobs); };
  EXPECT_FALSE(submit_again(folder.path(), 2, sbatch));  // nothing was submitted
  submit(folder.path(), "posse", {.retry = 2}, sbatch);
  EXPECT_EQ(jobs, 2);
  EXPECT_FALSE(submit_again(folder.path(), 2, sbatch));  // nothing was done since
  complete(plan, folder.path(), 1);
  EXPECT_FALSE(submit_again(folder.path(), 0, sbatch));
  const auto again = submit_again(folder.path(), 2, sbatch);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->tasks, (std::vector<int64_t>{0, 2}));
  EXPECT_TRUE(has(read_file(folder.path() / "slurm" / "finish.sbatch"), "--retry=1"));
}

TEST(OutputOf, GivesWhatAProgramSaysOrItsFailure) {
  EXPECT_EQ(output_of(Words{"printf", "%s", "a b"}), "a b");
  EXPECT_THROW(output_of(Words{"sh", "-c", "exit 3"}), Error);
  EXPECT_THROW(output_of(Words{"no-such-program-here"}), Error);
}

TEST(LookAtRun, CountsUnitsTasksAndFailures) {
  const TemporaryFolder folder;
  const ClusterPlan plan = plan_in(folder.path(), 4);
  complete(plan, folder.path(), 0);
  const std::string failed = place_of(plan, {folder.path()}, plan.units[2]).name;
  write_file(
      RunDirectory{folder.path()}.failed(plan.videos[0].id, failed),
      R"({"video": "a.0123456789ab", "begin": 20, "end": 30, "error": "broken", "machine": "m"})");
  const UnitPlace place = place_of(plan, {folder.path()}, plan.units[1]);
  const auto at_work = UnitClaim::take(place);
  JournalWriter(at_work->journal(), place.key).flush();
  const RunStatusReport report = look_at_run(folder.path());
  EXPECT_EQ(report.num_units(), 4);
  EXPECT_EQ(report.num_done(), 1);
  EXPECT_EQ(report.num_at_work(), 1);
  ASSERT_EQ(report.failed.size(), 1U);
  EXPECT_EQ(report.failed[0].error, "broken");
  EXPECT_EQ(report.tasks_to_do, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_TRUE(has(table_of(report), "units   1 of 4 done, 1 at work, 1 failed"));
  EXPECT_TRUE(has(table_of(report), "failed  a.0123456789ab 20-30 on m: broken"));
}

}  // namespace
}  // namespace posse
