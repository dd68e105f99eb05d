#include "report/path_info.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "results/table/table_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

InfoSink into(InfoReport& report) {
  return {.member = [&](const MemberInfo& info) { report.add(info); },
          .table = [&](const fs::path& path, const TableSummary& s) { report.add(path, s); },
          .video = [&](const VideoSummary& summary) { report.add(summary); },
          .error = [&](const std::string& path, const Error& e) { report.add_error(path, e); },
          .warning = [](const std::string&) {}};
}

TEST(PathInfo, OnePathThatCannotBeReadDoesNotHideTheOthers) {
  const TemporaryFolder scratch;
  const std::string table = (scratch.path() / "a.csv").string();
  write_pose_table(table,
                   {.scorer = "net",
                    .poses = {.bodyparts = {"nose", "tail"},
                              .frame_index = {0, 1},
                              .keypoints = {{1, 2, 0.5}, {NAN, NAN, 0}, {3, 4, 0.7}, {5, 6, 1}}}});
  InfoReport report;
  const std::vector<std::string> paths = {table, (scratch.path() / "nowhere").string()};
  look_into(paths, {}, StopFlag(), into(report));
  const auto json = nlohmann::json::parse(report.json().dump());
  ASSERT_EQ(json["tables"].size(), 1);
  EXPECT_EQ(json["tables"][0]["rows"], 2);
  EXPECT_EQ(json["tables"][0]["bodyparts"][1]["missing_share"], 0.5);
  ASSERT_EQ(json["errors"].size(), 1);
  EXPECT_TRUE(json["members"].empty());
}

TEST(PathInfo, AFolderOfTablesIsNamed) {
  const TemporaryFolder scratch;
  for (const char* name : {"a.csv", "b.csv", "c.txt"})
    write_file(scratch.path() / name, name == std::string("c.txt") ? "notes" : "scorer,S\n");
  InfoReport report;
  const std::vector<std::string> paths = {scratch.path().string()};
  try {
    look_into(paths, {}, StopFlag(), into(report));
    FAIL() << "a folder of tables is no member";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("holds 2 pose tables"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("a.csv says what"), std::string::npos);
  }
}

TEST(PathInfo, TheOnlyPathsErrorIsThrown) {
  InfoReport report;
  const std::vector<std::string> paths = {"/no/such/place"};
  EXPECT_THROW(look_into(paths, {}, StopFlag(), into(report)), Error);
}

}  // namespace
}  // namespace posse
