#include "results/table/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#include "base/error.h"
#include "base/files.h"
#include "results/formats/pickle/pickle_text.h"
#include "results/table/table_summary.h"
#include "results/table/table_writer.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class TableReader : public ::testing::Test {
 protected:
  fs::path write(const std::string& name, const std::string& text) const {
    write_file(folder_.path() / name, text);
    return folder_.path() / name;
  }
  TemporaryFolder folder_;
};

std::string text_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

const std::string kHeader =
    "scorer,S,S,S,S,S,S\nbodyparts,a,a,a,b,b,b\ncoords,x,y,likelihood,x,y,likelihood\n";

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<uint64_t>(a[i]) != std::bit_cast<uint64_t>(b[i]) &&
        !(std::isnan(a[i]) && std::isnan(b[i]))) {
      return false;
    }
  }
  return true;
}

TEST_F(TableReader, AnyTableComesBackFromCsvAndHdf5BitForBit) {
  std::mt19937_64 random(testing::seed_of_this_test());
  RawTable table;
  table.header = make_table_header("DLC_s", std::vector<std::string>{"n\xC3\xA4se, left", "b\"\\"},
                                   std::vector<std::string>{"x", "y", "likelihood"});
  for (int64_t row = 0; row < 9000; ++row) {
    table.frame_index.push_back(row);
    for (int j = 0; j < 6; ++j) {
      const uint64_t bits = random();
      double value = 0;
      std::memcpy(&value, &bits, sizeof value);  // every kind of double, subnormal ones too
      table.values.push_back(bits % 7 == 0 ? kNan : value);
    }
  }
  for (const char* name : {"t.csv", "t.h5"}) {
    write_raw_table(folder_.path() / name, table);
    const RawTable back = read_raw_table(folder_.path() / name);
    EXPECT_EQ(back.header, table.header) << name;
    EXPECT_EQ(back.frame_index, table.frame_index) << name;
    EXPECT_TRUE(same_bits(back.values, table.values)) << name;
  }
}

TEST_F(TableReader, LabelsComeBackFromCsvAndHdf5) {
  const LabelTable labels{.scorer = "Reese's PB",
                          .bodyparts = {"nose"},
                          .images = {"labeled-data/v/img1.png", "labeled-data/v/img012.png"},
                          .points = {{1.5, 2.25}, {kNan, kNan}}};
  for (const char* name : {"l.csv", "l.h5"}) {
    write_label_table(folder_.path() / name, labels);
    const LabelTable back = read_label_table(folder_.path() / name).table;
    EXPECT_EQ(back.scorer, labels.scorer);
    EXPECT_EQ(back.images, labels.images);
    EXPECT_EQ(back.at(0, 0).x, 1.5);
    EXPECT_TRUE(std::isnan(back.at(1, 0).y));
  }
}

TEST_F(TableReader, CsvVariantsOfTheFieldAreRead) {
  const std::string rows = "0,1.0,2.0,0.5,3.0,4.0,0.25\n1,,,0.0,5e0,6,1\n";
  std::string windows = kHeader + rows;
  for (size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2) {
    windows.insert(at, "\r");
  }
  for (const std::string& text :
       {kHeader + rows, windows, "\xEF\xBB\xBF" + kHeader + rows, kHeader + "frame,,,,,,\n" + rows,
        kHeader + rows.substr(0, rows.size() - 1),
        kHeader + "0.0, 1.0 ,2.0,0.5,\"3.0\",4.0,0.25\n1.0,NaN,nan,0.0,5,6,1\n"}) {
    const Poses poses = read_pose_table(write("t.csv", text)).table.poses;
    ASSERT_EQ(poses.num_frames(), 2U) << text;
    EXPECT_THAT(poses.bodyparts, ElementsAre("a", "b"));
    EXPECT_EQ(poses.at(0, 0).x, 1.0);
    EXPECT_EQ(poses.at(0, 1).likelihood, 0.25);
    EXPECT_TRUE(std::isnan(poses.at(1, 0).x));
    EXPECT_EQ(poses.at(1, 1).y, 6.0);
  }
}

TEST_F(TableReader, OddValuesAreRepairedAndCounted) {
  const LoadedPoses loaded = read_pose_table(
      write("t.csv", kHeader + "0,1,,0.5,3,4,1.5\n1,1,2,,3,4,0.5\n2,0,0,0,0,0,0\n"));
  EXPECT_TRUE(std::isnan(loaded.table.poses.at(0, 0).x));
  EXPECT_EQ(loaded.table.poses.at(0, 0).likelihood, 0.0);
  EXPECT_EQ(loaded.table.poses.at(0, 1).likelihood, 1.0);
  EXPECT_TRUE(std::isnan(loaded.table.poses.at(1, 0).likelihood));
  EXPECT_TRUE(std::isnan(loaded.table.poses.at(2, 0).x));
  EXPECT_EQ(loaded.notes.warnings.size(), 4U);
}

TEST_F(TableReader, ErrorsNameLineAndColumn) {
  const auto reading = [&](const std::string& text) {
    const fs::path path = write("t.csv", text);
    return text_of([&] { read_pose_table(path); });
  };
  EXPECT_THAT(reading(kHeader + "0,1,2,3,4,5,6\n1,1,oops,3,4,5,6\n"),
              HasSubstr("t.csv:5: column 3 (a y): 'oops' is not a number"));
  EXPECT_THAT(reading(kHeader + "0,1,2\n"), HasSubstr("t.csv:4: has 3 cells, the header has 7"));
  EXPECT_THAT(reading(kHeader + "0,1,2"), HasSubstr("cut off"));
  EXPECT_THAT(reading(kHeader + "0,1,2,3,4,5,6,7\n"), HasSubstr("t.csv:4: has more cells"));
  EXPECT_THAT(reading(kHeader + "0,1,2,3,4,5,6\nx,1,2,3,4,5,6\n"),
              HasSubstr("t.csv:5: column 1: 'x' is not a frame number"));
  EXPECT_THAT(reading("scorer,S\nbodyparts,a\n0,1\n"), HasSubstr("t.csv:3: a row of numbers"));
  EXPECT_THAT(reading("hello\n"), HasSubstr("has no header rows"));
  EXPECT_THAT(reading(""), HasSubstr("is empty"));
  EXPECT_THAT(reading(std::string("\0\1\2", 3)), HasSubstr("neither text nor HDF5"));
  EXPECT_THAT(reading(kHeader + "0,\"1,2,3,4,5,6\n"), HasSubstr("never closed"));
  EXPECT_THAT(reading(kHeader + "1,1,2,3,4,5,6\n0,1,2,3,4,5,6\n"), HasSubstr("does not rise"));
  EXPECT_THAT(reading(kHeader + "1,1,2,3,4,5,6\n1,1,2,3,4,5,6\n"), HasSubstr("repeats"));
  EXPECT_THAT(reading("scorer,S\nbodyparts,a\ncoords,x\n0,1\n"), HasSubstr("has no column 'y'"));
  EXPECT_THAT(text_of([&] { read_pose_table(folder_.path() / "none.csv"); }),
              HasSubstr("none.csv"));
}

TEST_F(TableReader, HeadersInOtherSpellingsAreReadAndSaid) {
  const std::string rows = "0,1,2,0.5,3,4,0.5\n";
  const auto read = [&](const std::string& text) {
    const LoadedPoses loaded = read_pose_table(write("t.csv", text));
    EXPECT_THAT(loaded.table.poses.bodyparts, ElementsAre("a", "b")) << text;
    EXPECT_EQ(loaded.table.poses.at(0, 1).y, 4) << text;
    EXPECT_EQ(loaded.notes.warnings.size(), 1U) << text;
    return loaded.notes.warnings.empty() ? "" : loaded.notes.warnings.front();
  };
  EXPECT_THAT(read("Scorer" + kHeader.substr(6) + rows), HasSubstr("other letters"));
  EXPECT_THAT(read("bodyparts,a,a,a,b,b,b\ncoords,x,y,likelihood,x,y,likelihood\n" + rows),
              HasSubstr("no header row 'scorer'"));
  EXPECT_THAT(read(",S,S,S,S,S,S\n,a,a,a,b,b,b\n,x,y,likelihood,x,y,likelihood\n" + rows),
              HasSubstr("taken as scorer, bodyparts, coords"));
  EXPECT_THAT(read("scorer, S, S, S, S, S, S\nbodyparts, a, a, a, b, b, b\n"
                   "coords, x, y, likelihood, x, y, likelihood\n0, 1, 2, 0.5, 3, 4, 0.5\n"),
              HasSubstr("blanks around them"));
  EXPECT_THAT(read("scorer,S,S,S,S,S,S,,\nbodyparts,a,a,a,b,b,b,,\n"
                   "coords,x,y,likelihood,x,y,likelihood,,\n0,1,2,0.5,3,4,0.5,,\n"),
              HasSubstr("last 2 columns have no names"));
  std::string returns = kHeader + rows;
  std::replace(returns.begin(), returns.end(), '\n', '\r');
  EXPECT_THAT(read(returns), HasSubstr("carriage returns"));
  EXPECT_THAT(read(kHeader + rows + "1,1,2,0.5\n2,1,2,0.5,3,4,0.5\n"),
              HasSubstr("1 rows have fewer cells than the header, the first in line 5"));
}

TEST_F(TableReader, TablesOfOtherKindsAreNamedWithTheWayOut) {
  const auto said = [&](const std::string& text) {
    return text_of([&] { read_pose_table(write("t.csv", text)); });
  };
  EXPECT_THAT(said("scorer\tS\tS\nbodyparts\ta\ta\n"), HasSubstr("separated by tabs"));
  EXPECT_THAT(said("track,frame_idx,instance.score,a.x,a.y,a.score\n,0,0.9,1,2,0.9\n"),
              HasSubstr("a csv that SLEAP exported"));
  EXPECT_THAT(said(",a_x,a_y,a_p\n0,1,2,0.5\n"), HasSubstr("a csv of SimBA"));
  EXPECT_THAT(said("frame,a_x,a_y,a_z\n0,1,2,3\n"), HasSubstr("points in space"));
  EXPECT_THAT(said(",a,a,a\n,length,orientation,likelihood\n0,1,2,1\n"),
              HasSubstr("lengths and angles of a skeleton"));
  EXPECT_THAT(said("S,S,S\na,a,a\nx,y,likelihood\n1,2,0.5\n"),
              HasSubstr("no column of row labels"));
  EXPECT_THAT(said(kHeader + "0,1,2,0.5,3,4,0.5\n" + kHeader),
              HasSubstr("t.csv:5: a second header"));
  EXPECT_THAT(said("\xFF\xFEs"), HasSubstr("iconv -f UTF-16 "));
  std::string wide;
  for (const char letter : kHeader) wide += {'\0', letter};
  EXPECT_THAT(said(wide), HasSubstr("iconv -f UTF-16BE"));
  EXPECT_THAT(said(std::string(40, '\0')), HasSubstr("holds only NUL bytes"));
}

TEST_F(TableReader, WhatAConsensusWouldStopAtIsSaidOfATable) {
  const auto warnings = [&](const std::string& text) {
    return summarize_table(write("t.csv", text)).warnings;
  };
  const std::string rest = ",1,2,0.5,3,4,0.5\n";
  EXPECT_THAT(
      warnings(kHeader + "-1" + rest + "0" + rest),
      ElementsAre(AllOf(HasSubstr("negative"), HasSubstr("other verbs refuse this table"))));
  EXPECT_THAT(warnings(kHeader + "0" + rest + "0" + rest),
              ElementsAre(AllOf(HasSubstr("repeat"), HasSubstr("refuse"))));
  EXPECT_THAT(warnings(kHeader + "5" + rest + "0" + rest),
              ElementsAre(HasSubstr("first in row 2 (frame 0 after 5)")));
  EXPECT_THAT(warnings(kHeader + "0" + rest + "4" + rest), ElementsAre(HasSubstr("3 frames")));
  EXPECT_THAT(warnings("scorer,S,S,S,S\nbodyparts,a,a,a,a\ncoords,x,y,x,y\n0,1,2,3,4\n"),
              ElementsAre(AllOf(HasSubstr("twice of a"), HasSubstr("refuse"))));
  EXPECT_THAT(warnings("scorer,S,S,S\nbodyparts,a,a,a\ncoords,x,y,confidence\n0,1,2,1\n"),
              ElementsAre(HasSubstr("'confidence'")));
}

TEST_F(TableReader, OneOfSeveralIndividualsIsChosenByName) {
  const fs::path path = write("t.csv",
                              "scorer,S,S,S,S\nindividuals,one,one,two,two\nbodyparts,a,a,a,a\n"
                              "coords,x,y,x,y\n0,1,2,3,4\n");
  EXPECT_THAT(text_of([&] { read_pose_table(path); }), HasSubstr("have: one, two"));
  EXPECT_EQ(read_pose_table(path, {.individual = "two"}).table.poses.at(0, 0).x, 3.0);
  EXPECT_THAT(text_of([&] { read_pose_table(path, {.individual = "ten"}); }),
              HasSubstr("no individual 'ten'"));
}

TEST_F(TableReader, LightningPoseVisibilityAndThreeIndexColumnsAreUnderstood) {
  const LabelTable labels =
      read_label_table(write("l.csv",
                             "scorer,,,S,S,S\nbodyparts,,,a,a,a\ncoords,,,x,y,visible\n"
                             "labeled-data,v,img1.png,1,2,2\nlabeled-data,v,img2.png,3,4,1\n"))
          .table;
  EXPECT_THAT(labels.images, ElementsAre("labeled-data/v/img1.png", "labeled-data/v/img2.png"));
  EXPECT_EQ(labels.at(0, 0).x, 1.0);
  EXPECT_TRUE(std::isnan(labels.at(1, 0).x));
}

TEST_F(TableReader, EveryTruncationOfAnHdf5TableIsAnError) {
  write_raw_table(folder_.path() / "t.h5",
                  read_raw_table(write("t.csv", kHeader + "0,1,2,3,4,5,6\n")));
  const std::string bytes = read_file(folder_.path() / "t.h5");
  for (size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 100) {
    const fs::path path = write("cut.h5", bytes.substr(0, size));
    EXPECT_NE(text_of([&] { read_pose_table(path); }), "no error") << size;
  }
}

TEST_F(TableReader, MutatedCsvNeverDoesMoreThanFail) {
  std::mt19937 random(testing::seed_of_this_test());
  const std::string good = kHeader + "0,1.5,2,0.5,3,4,0.25\n1,,,0,\"5\",6e-3,1\n";
  constexpr std::string_view kAlphabet = ",\"\n\r.-+eE0123456789nax\\/\0";
  for (int i = 0; i < 5'000; ++i) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0; --edits) {
      text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    if (i % 3 == 0) text.resize(random() % text.size());
    if (i % 100 != 0 && text == good) continue;
    const fs::path path = folder_.path() / "m.csv";
    FILE* const file = std::fopen(path.c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    text_of([&] { read_pose_table(path); });
  }
}

TEST(PickleText, WhatIsWrittenIsReadBack) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.text("n\xC3\xA4me\\\n\xF0\x9F\x90\xAD");
  pickle.begin_list();
  for (int i = 0; i < 2; ++i) {
    pickle.text("again");
    pickle.append();
  }
  pickle.set();
  pickle.text("number");
  pickle.integer(1'000'000'000'000);
  pickle.set();
  const PickleValue value = read_pickle_text(std::move(pickle).finish());
  const PickleValue* const list = value.find("n\xC3\xA4me\\\n\xF0\x9F\x90\xAD");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->items.at(1).text, "again");
  EXPECT_EQ(value.find("number")->integer, 1'000'000'000'000);
}

TEST(PickleText, CodeIsRefused) {
  EXPECT_THAT(text_of([] { read_pickle_text("cos\nsystem\n(S'true'\ntR."); }),
              HasSubstr("opcode 0x63"));
}

TEST(PickleText, MutatedPicklesNeverDoMoreThanFail) {
  std::mt19937 random(testing::seed_of_this_test());
  const std::string good =
      "(dp0\nI1\n(dp1\nVnames\np2\n(lp3\nVscorer\np4\naV\\u00e9\naS'x'\nas(g4\nN\nF1.5\nL2L\ntss.";
  constexpr std::string_view kAlphabet = "(ldtVLISFpgasuN.\n0123456789\\'\"c";
  for (int i = 0; i < 200'000; ++i) {
    std::string text = good;
    for (int edits = 1 + static_cast<int>(random() % 5); edits > 0; --edits) {
      text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    text_of([&] { read_pickle_text(text); });
  }
}

TEST(RealTables, CsvAndHdf5OfTheSameTableAgree) {
  POSSE_SHARED_OR_SKIP(folder, "dlc-tables/movement");
  const RawTable csv = read_raw_table(folder / "DLC_sample_poses.csv");
  const RawTable hdf5 = read_raw_table(folder / "DLC_sample_poses.h5");
  EXPECT_EQ(csv.header, hdf5.header);
  EXPECT_EQ(csv.frame_index, hdf5.frame_index);
  EXPECT_TRUE(same_bits(csv.values, hdf5.values));  // pandas wrote the shortest exact decimals
}

TEST(RealTables, EveryLayoutOfLabelsIsRead) {
  POSSE_SHARED_OR_SKIP(folder, "dlc-tables");
  const LabelTable three_levels =
      read_label_table(folder / "cottontail" / "CollectedData_Reese_s PB.h5").table;
  EXPECT_EQ(three_levels.num_images(), 160U);
  EXPECT_EQ(three_levels.images.front(), "labeled-data/IMG_4878/img0018.png");
  EXPECT_EQ(three_levels.num_bodyparts(), 11U);
  const LabelTable windows =
      read_label_table(folder / "test-run-2019" / "CollectedData_Alex.h5").table;
  EXPECT_EQ(windows.images.front(), "labeled-data/reachingvideo1short/img04.png");
  EXPECT_THAT(text_of([&] { read_pose_table(folder / "3d" / "vid1_DLC_3D.h5"); }),
              HasSubstr("3-D table"));
}

TEST(RealTables, CountersThatPandasPutBehindScorersAreLeftOut) {
  POSSE_SHARED_OR_SKIP(path, "dlc-tables/vame/cropped_video.csv");
  EXPECT_EQ(read_pose_table(path).table.scorer, "DeepCut_resnet50_VAME-FinalNov7shuffle1_350000");
}

}  // namespace
}  // namespace posse
