#include "results/table/table_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "base/files.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

PoseTable small_table() {
  PoseTable table{.scorer = "DLC_posse", .poses = {}};
  table.poses.bodyparts = {"nose", "tail"};
  table.poses.frame_index = {0, 1};
  table.poses.keypoints = {
      {103.25, 88.5, 0.9987}, {240.1, 91.75, 0.41}, {kNan, kNan, 0.0}, {240.3, 91.5, 0.55}};
  return table;
}

ErrorKind kind_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::interrupted;
}

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(TableWriter, CsvIsWhatDeepLabCutWrites) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "v.csv";
  write_pose_table(path, small_table());
  EXPECT_EQ(read_file(path),
            "scorer,DLC_posse,DLC_posse,DLC_posse,DLC_posse,DLC_posse,DLC_posse\n"
            "bodyparts,nose,nose,nose,tail,tail,tail\n"
            "coords,x,y,likelihood,x,y,likelihood\n"
            "0,103.25,88.5,0.9987,240.1,91.75,0.41\n"
            "1,,,0.0,240.3,91.5,0.55\n");
}

TEST(TableWriter, CsvNamesWithCommasAndQuotesAreQuoted) {
  const TemporaryFolder folder;
  PoseTable table = small_table();
  table.poses.bodyparts = {"a,b", "c\"d"};
  write_pose_table(folder.path() / "v.csv", table);
  EXPECT_THAT(read_file(folder.path() / "v.csv"),
              HasSubstr("bodyparts,\"a,b\",\"a,b\",\"a,b\",\"c\"\"d\""));
}

TEST(TableWriter, AFileAppearsOnlyWhenItIsFinished) {
  for (const char* name : {"v.csv", "v.h5"}) {
    const TemporaryFolder folder;
    const PoseTable table = small_table();
    {
      PoseTableWriter writer(folder.path() / name, table.scorer, table.poses.bodyparts);
      writer.append(table.poses);
      EXPECT_FALSE(fs::exists(folder.path() / name));
    }
    EXPECT_EQ(files_in(folder.path()), 0U) << "an unfinished writer leaves nothing";
    write_pose_table(folder.path() / name, table);
    EXPECT_TRUE(fs::exists(folder.path() / name));
    EXPECT_EQ(files_in(folder.path()), 1U);
  }
}

TEST(TableWriter, TemporaryFilesOfDeadProcessesAreTakenAwayAndOthersStay) {
  const TemporaryFolder folder;
  // Above the largest process number Linux gives out (2^22).
  write_file(folder.path() / ".v.h5.999999999-0.partial", "half a table");
  write_file(folder.path() / ".v.h5.1-0.partial", "somebody else's, alive");
  write_file(folder.path() / ".w.h5.999999999-0.partial", "another table's");
  write_pose_table(folder.path() / "v.h5", small_table());
  EXPECT_FALSE(fs::exists(folder.path() / ".v.h5.999999999-0.partial"));
  EXPECT_TRUE(fs::exists(folder.path() / ".v.h5.1-0.partial"));
  EXPECT_TRUE(fs::exists(folder.path() / ".w.h5.999999999-0.partial"));
}

TEST(TableWriter, ACoordinateWithoutItsPartnerIsMissingWithLikelihoodZero) {
  const TemporaryFolder folder;
  PoseTable table = small_table();
  table.poses.at(1, 0) = {5.0, kNan, 0.9};
  write_pose_table(folder.path() / "v.csv", table);
  EXPECT_THAT(read_file(folder.path() / "v.csv"), HasSubstr("\n1,,,0.0,240.3"));
}

TEST(TableWriter, LikelihoodsJustAboveOneAreCutAndOthersRefused) {
  const TemporaryFolder folder;
  PoseTable table = small_table();
  table.poses.at(0, 0).likelihood = 1 + 5e-7;
  write_pose_table(folder.path() / "v.csv", table);
  EXPECT_THAT(read_file(folder.path() / "v.csv"), HasSubstr("\n0,103.25,88.5,1.0,"));
  for (const double likelihood : {1.01, -0.01, kNan}) {
    table.poses.at(0, 0).likelihood = likelihood;
    EXPECT_EQ(kind_of([&] { write_pose_table(folder.path() / "w.csv", table); }),
              ErrorKind::invalid_value);
  }
}

TEST(TableWriter, WrongInputIsRefusedBeforeAnyFileIsMade) {
  const TemporaryFolder folder;
  const PoseTable table = small_table();
  const auto writing = [&](const char* name, std::vector<std::string> bodyparts) {
    return kind_of([&] { PoseTableWriter(folder.path() / name, "DLC_x", bodyparts); });
  };
  EXPECT_EQ(writing("v.txt", {"a"}), ErrorKind::usage);
  EXPECT_EQ(writing("v.h5", {}), ErrorKind::invalid_value);
  EXPECT_EQ(writing("v.h5", {"a", "a"}), ErrorKind::invalid_value);
  EXPECT_EQ(writing("v.h5", {""}), ErrorKind::invalid_value);
  EXPECT_EQ(writing("v.csv", {"a\nb"}), ErrorKind::invalid_value);
  EXPECT_EQ(writing("v.csv", {"a\xff"}), ErrorKind::invalid_value);
  EXPECT_EQ(files_in(folder.path()), 0U);
}

TEST(TableWriter, FrameNumbersMustRise) {
  const TemporaryFolder folder;
  const PoseTable table = small_table();
  PoseTableWriter writer(folder.path() / "v.h5", table.scorer, table.poses.bodyparts);
  writer.append(table.poses);
  EXPECT_EQ(kind_of([&] { writer.append(table.poses); }), ErrorKind::invalid_value);
}

TEST(TableWriter, ExtraArraysMustFitTheirRows) {
  const TemporaryFolder folder;
  const PoseTable table = small_table();
  const TableWriterOptions options{
      .extras = {{.name = "spread", .axes = {"bodyparts", "xy"}, .extents = {2, 2}}}};
  PoseTableWriter writer(folder.path() / "v.h5", table.scorer, table.poses.bodyparts, options);
  const std::vector<double> spread(7);
  const std::vector<std::span<const double>> extras = {spread};
  EXPECT_EQ(kind_of([&] { writer.append(table.poses, extras); }), ErrorKind::shape_mismatch);
  EXPECT_EQ(kind_of([&] { write_pose_table(folder.path() / "v.csv", table, options, extras); }),
            ErrorKind::usage);
}

TEST(TableWriter, TooManyColumnsForHdf5AreAClearError) {
  const TemporaryFolder folder;
  std::vector<std::string> bodyparts;
  for (int i = 0; i < 3000; ++i) bodyparts.push_back("bodypart" + std::to_string(i));
  EXPECT_EQ(kind_of([&] { PoseTableWriter(folder.path() / "v.h5", "DLC_x", bodyparts); }),
            ErrorKind::unsupported);
  PoseTableWriter(folder.path() / "v.csv", "DLC_x", bodyparts).finish();
}

TEST(TableWriter, AFolderThatCannotBeMadeIsNamed) {
  const TemporaryFolder folder;
  write_file(folder.path() / "file", "not a folder");
  EXPECT_EQ(kind_of([&] { write_pose_table(folder.path() / "file" / "v.h5", small_table()); }),
            ErrorKind::io);
}

/// Lets no file grow beyond `bytes`, as a full disk would, while it lives.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    old_action_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit small{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit old_{};
  void (*old_action_)(int) = SIG_DFL;
};

TEST(TableWriter, AFullDiskIsAnErrorAndLeavesNothing) {
  for (const char* name : {"v.csv", "v.h5"}) {
    const TemporaryFolder folder;
    Poses poses{.bodyparts = {"nose"}, .frame_index = {}, .keypoints = {}};
    for (int64_t frame = 0; frame < 100'000; ++frame) {
      poses.frame_index.push_back(frame);
      poses.keypoints.push_back({static_cast<double>(frame) * 0.001, 1.0 / 3.0, 0.5});
    }
    const SmallFiles limit(1'500'000);
    EXPECT_EQ(kind_of([&] {
                write_pose_table(folder.path() / name, {"DLC_x", poses});
              }),
              ErrorKind::io);
    EXPECT_EQ(files_in(folder.path()), 0U);
  }
}

TEST(TableWriter, WideCsvHasItsCoordsPerBodypart) {
  const TemporaryFolder folder;
  const std::vector<std::string> bodyparts = {"nose"};
  const std::vector<int64_t> frames = {0, 1};
  const std::vector<double> x = {1, 2};
  const std::vector<double> variance = {0.5, kNan};
  const std::vector<WideCoord> coords = {{"x", x}, {"x_posterior_var", variance}};
  write_wide_csv(folder.path() / "wide.csv", "ensemble-kalman_tracker", bodyparts, frames, coords);
  EXPECT_EQ(read_file(folder.path() / "wide.csv"),
            "scorer,ensemble-kalman_tracker,ensemble-kalman_tracker\nbodyparts,nose,nose\n"
            "coords,x,x_posterior_var\n0,1.0,0.5\n1,2.0,\n");
  EXPECT_EQ(
      kind_of([&] { write_wide_csv(folder.path() / "wide.h5", "s", bodyparts, frames, coords); }),
      ErrorKind::usage);
}

}  // namespace
}  // namespace posse
