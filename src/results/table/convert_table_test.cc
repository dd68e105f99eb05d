#include "results/table/convert_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "results/formats/pickle/pickle_text.h"
#include "results/result_names.h"
#include "results/table/table_summary.h"
#include "results/table/table_writer.h"

namespace posse {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kCsv =
    "scorer,S,S,S\nbodyparts,a,a,a\ncoords,x,y,likelihood\n"
    "0,1.5,2.0,0.95\n1,,,0.0\n2,1e-05,2.0,0.05\n";

TEST(ConvertTable, CsvThroughHdf5IsTheSameCsv) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", kCsv);
  convert_table(folder.path() / "a.csv", folder.path() / "b.h5", {}, false);
  convert_table(folder.path() / "b.h5", folder.path() / "c.csv", {}, false);
  EXPECT_EQ(read_file(folder.path() / "c.csv"), kCsv);
}

TEST(ConvertTable, TheKeyIsWhatTheCallerNames) {
  const TemporaryFolder folder;
  const auto converted = [&](const std::string& target, const std::string& key) {
    convert_table(folder.path() / "a.csv", folder.path() / target, {}, true, key);
    return folder.path() / target;
  };
  write_file(folder.path() / "a.csv", kCsv);
  convert_table(converted("b.h5", "consensus"), folder.path() / "c.csv", {}, false);
  EXPECT_EQ(read_file(folder.path() / "c.csv"), kCsv);
  EXPECT_THAT(read_file(folder.path() / "b.h5"), Not(HasSubstr("df_with_missing")));
  for (const char* key : {"posse", "1st", "a b", "a/b", "."})
    EXPECT_THROW(converted("d.h5", key), Error) << key;
  EXPECT_THROW(converted("d.csv", "consensus"), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "d.h5"));
}

/// What converting warns of, or its error.
std::vector<std::string> said_of(const std::string& csv) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", csv);
  try {
    return convert_table(folder.path() / "a.csv", folder.path() / "b.h5", {}, false);
  } catch (const Error& error) {
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "b.h5"));
    return {error.message()};
  }
}

std::vector<std::string> info_of(const std::string& csv) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", csv);
  return summarize_table(folder.path() / "a.csv").warnings;
}

TEST(ConvertTable, FramesThatNoOtherVerbReadsAreRefused) {
  const std::string header = kCsv.substr(0, kCsv.find("0,1.5"));
  EXPECT_THAT(said_of(header + "-1,1,2,1\n0,1,2,1\n"),
              ElementsAre(HasSubstr("row 1 has the negative frame number -1")));
  EXPECT_THAT(said_of(header + "0,1,2,1\n3,1,2,1\n3,1,2,1\n"),
              ElementsAre(HasSubstr("frame number 3 of row 3 repeats")));
  EXPECT_THAT(said_of(header + "2,1,2,1\n0,1,2,1\n"),
              ElementsAre(HasSubstr("frame number 0 of row 2 does not rise")));
}

TEST(ConvertTable, InfoWarnsOfWhatConvertWarnsOf) {
  const std::string header = "scorer,S,S,S\nbodyparts,a,a,a\n";
  const std::string likelihood = header + "coords,x,y,p\n0,1,2,1\n";
  EXPECT_THAT(said_of(likelihood), ElementsAre(HasSubstr("has no 'likelihood', but 'p'")));
  EXPECT_EQ(info_of(likelihood), said_of(likelihood));
  const std::string nameless =
      "scorer,S,S,S,S\nbodyparts,a,a,a,\ncoords,x,y,likelihood,x\n0,1,2,1,1\n";
  EXPECT_THAT(said_of(nameless), ElementsAre(HasSubstr("1 columns belong to no bodypart")));
  EXPECT_EQ(info_of(nameless), said_of(nameless));
  const std::string swapped = "bodyparts,a,a,a\nscorer,S,S,S\ncoords,x,y,likelihood\n0,1,2,1\n";
  EXPECT_THAT(said_of(swapped), ::testing::Contains(HasSubstr("bodyparts, scorer, coords")));
  EXPECT_EQ(info_of(swapped), said_of(swapped));
  const std::string bare = "bodyparts,a,a,a\ncoords,x,y,likelihood\n0,1,2,1\n";
  EXPECT_THAT(said_of(bare), ::testing::Contains(HasSubstr("has no scorer")));
  EXPECT_EQ(info_of(bare), said_of(bare));
}

TEST(TableSummary, FirstAndLastFrameAreTheLeastAndTheGreatest) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv",
             kCsv.substr(0, kCsv.find("0,1.5")) + "2,1,2,1\n0,1,2,1\n5,1,2,1\n3,1,2,1\n");
  const TableSummary summary = summarize_table(folder.path() / "a.csv");
  EXPECT_EQ(summary.first_row, "0");
  EXPECT_EQ(summary.last_row, "5");
}

TEST(ConvertTable, AScorerIsGivenToATableOfOneAndToItsPickle) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", kCsv);
  write_meta_pickle(folder.path() / "a_meta.pickle", {.scorer = "S",
                                                      .frames_per_second = 30,
                                                      .frame_height = 8,
                                                      .frame_width = 9,
                                                      .cropping = {{5, 9, 1, 8}}});
  const std::vector<std::string> warnings =
      convert_table(folder.path() / "a.csv", folder.path() / "b.csv", {.scorer = "T"}, false);
  EXPECT_THAT(warnings, ElementsAre());
  std::string expected = kCsv;  // points stay those of the cut picture
  expected.replace(expected.find("S,S,S"), 5, "T,T,T");
  EXPECT_EQ(read_file(folder.path() / "b.csv"), expected);
  const auto root = read_pickle_text(read_file(folder.path() / "b_meta.pickle"));
  EXPECT_EQ(root.find("data")->find("Scorer")->text, "T");
  EXPECT_EQ(root.find("data")->find("cropping")->integer, 1);
  EXPECT_EQ(root.find("data")->find("cropping_parameters")->items[0].integer, 5);
  const auto metadata = metadata_beside(folder.path() / "b.csv");
  ASSERT_TRUE(metadata.has_value());
  EXPECT_EQ(metadata->frame_width, 9);
  EXPECT_EQ(metadata->frames_per_second, 30);
}

TEST(ConvertTable, NothingIsReplacedUnasked) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", kCsv);
  write_file(folder.path() / "b.csv", "precious");
  EXPECT_THROW(convert_table(folder.path() / "a.csv", folder.path() / "b.csv", {}, false), Error);
  EXPECT_THROW(convert_table(folder.path() / "a.csv", folder.path() / "a.csv", {}, true), Error);
  EXPECT_EQ(read_file(folder.path() / "b.csv"), "precious");
  convert_table(folder.path() / "a.csv", folder.path() / "b.csv", {}, true);
  EXPECT_EQ(read_file(folder.path() / "b.csv"), kCsv);
}

TEST(TableSummary, CountsWhatIsMissingAndHowSureTheRestIs) {
  const TemporaryFolder folder;
  write_file(folder.path() / "a.csv", kCsv);
  const TableSummary summary = summarize_table(folder.path() / "a.csv");
  EXPECT_EQ(summary.num_rows, 3);
  ASSERT_EQ(summary.bodyparts.size(), 1U);
  EXPECT_EQ(summary.bodyparts[0].num_missing, 1);
  EXPECT_THAT(summary.bodyparts[0].likelihood_histogram, ElementsAre(1, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_THAT(summary_text(summary), HasSubstr("3 frames, 0 to 2"));
}

TEST(ResultNames, NamesFollowDeepLabCut) {
  const std::string scorer = ensemble_scorer("mean", "my DLC task", 5);
  EXPECT_EQ(scorer, "DLC_posseMean_mytask_5members");
  const auto parsed = parse_result_name("v1DLC_resnet50_tAug30shuffle1_1000_filtered.h5");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->video_stem, "v1");
  EXPECT_EQ(parsed->scorer, "DLC_resnet50_tAug30shuffle1_1000");
  EXPECT_TRUE(parsed->filtered);
}

TEST(ResultNames, MetaPickleHoldsTimesAndTheNetworksConfiguration) {
  const TemporaryFolder folder;
  const PickleValue net{.kind = PickleValue::Kind::text, .text = "net_type"};
  const PickleValue list{.kind = PickleValue::Kind::list, .items = {net, PickleValue()}};
  write_meta_pickle(folder.path() / "v_meta.pickle",
                    {.start_seconds = 1.5e9,
                     .stop_seconds = 1.5e9 + 2.5,
                     .iteration = 3,
                     .training_fraction = 0.95,
                     .model_config = {.kind = PickleValue::Kind::dict, .items = {net, list}}});
  const PickleValue all = read_pickle_text(read_file(folder.path() / "v_meta.pickle"));
  const PickleValue* const data = all.find("data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->find("start")->real, 1.5e9);
  EXPECT_EQ(data->find("run_duration")->real, 2.5);
  EXPECT_EQ(data->find("iteration (active-learning)")->integer, 3);
  EXPECT_EQ(data->find("training set fraction")->real, 0.95);
  const PickleValue* const config = data->find("DLC-model-config file");
  ASSERT_NE(config->find("net_type"), nullptr);
  EXPECT_EQ(config->find("net_type")->items.at(0).text, "net_type");
}

TEST(ResultNames, MetaPickleSaysThatNothingWasCropped) {
  const TemporaryFolder folder;
  write_meta_pickle(folder.path() / "v_meta.pickle",
                    {.scorer = "DLC_x", .frame_height = 480, .frame_width = 640});
  const PickleValue all = read_pickle_text(read_file(folder.path() / "v_meta.pickle"));
  const PickleValue* const data = all.find("data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->find("cropping")->integer, 0);
  EXPECT_EQ(data->find("cropping_parameters")->items.at(1).integer, 640);
  EXPECT_EQ(data->find("DLC-model-config file")->kind, PickleValue::Kind::dict);
  EXPECT_EQ(data->find("training set fraction")->kind, PickleValue::Kind::none);
}

/// A table of one row under the given levels.
RawTable table_of(std::vector<std::string> levels, std::vector<std::vector<std::string>> columns) {
  RawTable table;
  table.header = {.level_names = std::move(levels), .columns = std::move(columns)};
  table.frame_index = {0};
  table.values.assign(table.header.num_columns(), 1.0);
  return table;
}

TEST(ConvertTable, WhatIsWrittenIsReadAgain) {
  const TemporaryFolder scratch;
  const auto source = scratch.path() / "source.h5";
  const auto target = scratch.path() / "target.csv";
  write_raw_table(source,
                  table_of({"bodyparts", "coords", "scorer"}, {{"a", "x", "S"}, {"a", "y", "S"}}));
  EXPECT_EQ(convert_table(source, target, {}, true).size(), 1U);
  EXPECT_EQ(read_pose_table(target).table.scorer, "S");
  write_raw_table(source, table_of({"bodyparts", "coords"}, {{"a", "x"}, {"a", "y"}, {"", ""}}));
  convert_table(source, target, {}, true);
  EXPECT_EQ(read_raw_table(target).header.num_columns(), 2U);
  EXPECT_EQ(read_pose_table(target).table.scorer, "unknown");
  write_raw_table(source, table_of({"column"}, {{"a_x"}, {"a_y"}}));
  EXPECT_THROW(convert_table(source, target, {}, true), Error);
  const auto repeated = scratch.path() / "repeated.csv";
  write_file(repeated, "scorer,S,S\nbodyparts,a,a\ncoords,x,x\n0,1,2\n");
  EXPECT_THROW(convert_table(repeated, scratch.path() / "new.h5", {}, true), Error);
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "new.h5"));
}

}  // namespace
}  // namespace posse
