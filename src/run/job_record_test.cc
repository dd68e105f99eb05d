#include "run/job_record.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "run/options.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

TEST(JobRecord, CarriesFormatVerbFilesAndWarnings) {
  const TemporaryFolder folder;
  auto record = begin_record("smooth");
  record["frames"] = 7;
  const std::vector<fs::path> files = {folder.path() / "a.h5", folder.path() / "members" / "b.h5"};
  finish_record(folder.path() / "run.json", record, files, std::vector<std::string>{"odd"});
  const auto read = read_record(folder.path() / "run.json");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("format"), 1);
  EXPECT_EQ(read->at("verb"), "smooth");
  EXPECT_EQ(read->at("frames"), 7);
  EXPECT_EQ(read->at("files"), (std::vector<std::string>{"a.h5", "members/b.h5"}));
  EXPECT_EQ(read->at("warnings"), std::vector<std::string>{"odd"});
  EXPECT_EQ(std::string(read->at("finished")).size(), std::string("2026-01-01T00:00:00Z").size());
}

TEST(JobRecord, OptionsStandUnderTheirCommandLineNames) {
  nlohmann::ordered_json json;
  const RunOptions options{.frames = {.start = 3, .stop = 9}, .save_members = true};
  describe(options, RecordOptions(json));
  EXPECT_EQ(json.at("frames"), "3:9");
  EXPECT_EQ(json.at("save-members"), true);
  EXPECT_EQ(json.at("smooth"), "off");
}

TEST(JobRecord, IsNoneWhereThereIsNoneOrSomethingElse) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "run.json";
  EXPECT_FALSE(read_record(path));
  for (const char* text : {"", "[1, 2]", "{\"a\": ", "{\"format\": \"x\"}"}) {
    write_file(path, text);
    EXPECT_FALSE(read_record(path)) << text;
  }
}

TEST(JobRecord, WithoutAFormatIsOfAnEarlyVersionAndOfALaterFormatIsNamed) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "run.json";
  write_file(path, R"({"posse": "0.1.0", "frames": 3})");
  EXPECT_TRUE(read_record(path));
  write_file(path, R"({"format": 2, "posse": "9.0.0"})");
  try {
    read_record(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("run.json: was written by a later posse"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace posse
