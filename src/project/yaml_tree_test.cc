#include "project/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/error.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string message_of(const std::string& text) {
  try {
    parse_yaml(text, "config.yaml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_file);
    return error.message();
  }
  return "no error";
}

TEST(YamlTree, KeepsTheTextOfScalarsAndTheOrderOfKeys) {
  const YamlValue root = parse_yaml("b: yes\na: 007\nc: 'null'\nd: ~\ne:\nf: 1.50\n", "x");
  ASSERT_EQ(root.entries.size(), 6);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.find("b")->text, "yes");
  EXPECT_EQ(root.find("a")->text, "007");
  EXPECT_EQ(root.find("c")->text, "null");
  EXPECT_TRUE(root.find("c")->quoted);
  EXPECT_TRUE(root.find("d")->is_null());
  EXPECT_TRUE(root.find("e")->is_null());
  EXPECT_EQ(root.find("f")->text, "1.50");
  EXPECT_EQ(root.find("f")->line, 6);
  EXPECT_EQ(root.find("g"), nullptr);
}

TEST(YamlTree, PythonTagsAreIgnored) {
  const YamlValue root =
      parse_yaml("corner2move2: !!python/tuple [50, 50]\nt: !!python/tuple\n- 1\n", "x");
  ASSERT_EQ(root.find("corner2move2")->items.size(), 2);
  EXPECT_EQ(root.find("corner2move2")->items[1].text, "50");
  EXPECT_EQ(root.find("t")->items.size(), 1);
}

TEST(YamlTree, ExplicitKeysAreRead) {
  const YamlValue root = parse_yaml("v:\n  ? C:\\Users\\x\\cam 1.mp4\n  : crop: 0, 4, 0, 2\n", "x");
  ASSERT_EQ(root.find("v")->entries.size(), 1);
  EXPECT_EQ(root.find("v")->entries[0].key, "C:\\Users\\x\\cam 1.mp4");
  EXPECT_EQ(root.find("v")->entries[0].value.find("crop")->text, "0, 4, 0, 2");
}

TEST(YamlTree, AliasesStandForWhatTheyName) {
  const YamlValue root = parse_yaml("a: &id001 [x, y]\nb: *id001\n", "x");
  ASSERT_EQ(root.find("b")->items.size(), 2);
  EXPECT_EQ(root.find("b")->items[1].text, "y");
}

TEST(YamlTree, TheLastOfRepeatedKeysCounts) {
  EXPECT_EQ(parse_yaml("a: 1\na: 2\n", "x").find("a")->text, "2");
}

TEST(YamlTree, AnEmptyFileIsNull) {
  EXPECT_TRUE(parse_yaml("", "x").is_null());
  EXPECT_TRUE(parse_yaml("# nothing\n", "x").is_null());
}

TEST(YamlTree, BytesThatAreNoUtf8AreNamedWithTheirLine) {
  EXPECT_THAT(message_of("a: 1\nbodyparts:\n- m\xe4use\n"),
              HasSubstr("config.yaml line 3: is not UTF-8: '- m\\xe4use'"));
  EXPECT_THAT(message_of(std::string("a: \0b", 5)), HasSubstr("NUL bytes"));
}

TEST(YamlTree, WhatIsNotYamlIsNamedWithItsLine) {
  EXPECT_THAT(message_of("a: [1, 2\nb: 3\n"), HasSubstr("config.yaml line "));
  EXPECT_THAT(message_of("a: *nobody\n"), HasSubstr("is not YAML"));
  EXPECT_THAT(message_of("? [a, b]\n: c\n"), HasSubstr("line 1: a key that is not text"));
}

/// What is said of a text of which only 'Task' and 'bodyparts' are needed.
std::string error_about(const std::string& text) {
  constexpr std::array<std::string_view, 2> kNeeded = {"Task", "bodyparts"};
  try {
    parse_yaml(text, "config.yaml", kNeeded);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(YamlTree, TheCauseIsNamedWithItsLineAndTheOneBefore) {
  EXPECT_THAT(
      error_about("date: x\nTask:T\nscorer: y\n"),
      AllOf(HasSubstr("config.yaml line 2: is not YAML: no space follows the colon of 'Task'"),
            HasSubstr("have: line 1: 'date: x', line 2: 'Task:T'"),
            HasSubstr("hint: write 'Task: T'")));
  EXPECT_THAT(error_about("bodyparts:\n\t- a\n"),
              HasSubstr("line 2: is not YAML: a tab stands in the indentation"));
  EXPECT_THAT(error_about("Task:\xC2\xA0T\nbodyparts: [a]\n"), HasSubstr("a no-break space"));
  EXPECT_THAT(error_about("Task: \"C:\\Users\"\n"), HasSubstr("a backslash in double quotes"));
  EXPECT_THAT(error_about("Task: %me\n"), HasSubstr("begins with '%'"));
  EXPECT_THAT(error_about("a: 1\ndate: x\n<<<<<<< HEAD\nTask: T\n=======\nTask: U\n>>>>>>> b\n"),
              HasSubstr("line 3: is not YAML: conflict marks of git"));
  EXPECT_THAT(error_about("\xFF\xFE"
                          "a"),
              HasSubstr("is UTF-16 text"));
  EXPECT_THAT(error_about(std::string("Task: T\n\0\0\0", 11)), HasSubstr("ends in 3 NUL bytes"));
  std::string wide;
  for (const char letter : std::string("Task: reach\n")) wide += {letter, '\0'};
  EXPECT_THAT(error_about(wide),
              AllOf(HasSubstr("is UTF-16 text without a mark"), HasSubstr("-f UTF-16LE")));
  EXPECT_THAT(error_about('\0' + wide.substr(0, wide.size() - 1)), HasSubstr("-f UTF-16BE"));
  EXPECT_THAT(error_about(std::string(40, '\0')), HasSubstr("holds only NUL bytes (40)"));
  EXPECT_THAT(error_about("Task T\nbodyparts: [a]\n"),
              AllOf(HasSubstr("no colon follows 'Task'"), HasSubstr("write 'Task: T'")));
}

TEST(YamlTree, WhatIsNotNeededIsLeftOutWithItsCause) {
  constexpr std::array<std::string_view, 2> kNeeded = {"Task", "bodyparts"};
  const auto read = [&](const std::string& sets) {
    const YamlFile file =
        parse_yaml("Task: T\nvideo_sets:\n" + sets + "bodyparts: [a]\n", "x", kNeeded);
    EXPECT_EQ(file.root.find("Task")->text, "T");
    EXPECT_EQ(file.root.find("bodyparts")->items.size(), 1U);
    EXPECT_EQ(file.warnings.size(), 1U);
    return file.warnings.empty() ? "" : file.warnings.front();
  };
  EXPECT_THAT(read("  C:\\me\\Record 106\\DLC\n    tracks\\a.avi:\n    crop: 0, 1, 0, 1\n"),
              AllOf(HasSubstr("folded over two lines"), HasSubstr("'video_sets' is left out")));
  const YamlFile folded =
      parse_yaml("project_path: C:\\me\\DLC\ntracks\\proj\nTask: T\n", "x", kNeeded);
  EXPECT_THAT(folded.warnings, ::testing::ElementsAre(HasSubstr("folded over two lines")));
  EXPECT_THAT(read("\tv/a.mp4:\n    crop: 0, 1, 0, 1\n"), HasSubstr("a tab"));
  EXPECT_THAT(read("  \"C:\\Users\\a.avi\":\n    crop: 0\n"), HasSubstr("a backslash"));
  EXPECT_THAT(read("  a: [1, 2\n"), HasSubstr("'video_sets' is left out"));
  EXPECT_THAT(read("  J\xfcrgen.avi:\n    crop: 0\n"), HasSubstr("line 3: is not UTF-8"));
}

TEST(YamlTree, ConflictsInsideAKeyThatIsNotNeededCostThatKey) {
  constexpr std::array<std::string_view, 2> kNeeded = {"Task", "bodyparts"};
  const auto read = [&](const std::string& text) {
    YamlFile file = parse_yaml(text, "x", kNeeded);
    EXPECT_EQ(file.root.find("Task")->text, "T");
    EXPECT_EQ(file.root.find("bodyparts")->items.size(), 1U);
    return file;
  };
  const YamlFile inside = read(
      "Task: T\nvideo_sets:\n<<<<<<< HEAD\n  a.avi:\n    crop: 0\n=======\n  b.avi:\n    crop: "
      "1\n>>>>>>> b\nbodyparts: [a]\n");
  EXPECT_THAT(inside.warnings,
              ::testing::ElementsAre(AllOf(HasSubstr("line 3: conflict marks of git"),
                                           HasSubstr("'video_sets' is left out"))));
  EXPECT_EQ(inside.root.find("video_sets"), nullptr);
  EXPECT_THAT(error_about("Task: T\n<<<<<<< HEAD\npcutoff: 1\n=======\npcutoff: 2\n>>>>>>> b\n"),
              HasSubstr("line 2: is not YAML: conflict marks"));
  EXPECT_THAT(error_about("Task: T\nstart: 0\n<<<<<<< HEAD\npcutoff: 1\nbodyparts: [a]\n"),
              HasSubstr("line 3: is not YAML: conflict marks"));
}

TEST(YamlTree, TheItemThatIsNoneIsNamedHoweverFarBehindTheParserStops) {
  const std::string rest = "- b\n- c\n- d\nTask: T\n";
  EXPECT_THAT(error_about("bodyparts:\n-a\n" + rest),
              AllOf(HasSubstr("line 2: is not YAML: no space follows the dash of '-a'"),
                    HasSubstr("line 1: 'bodyparts:', line 2: '-a'"), HasSubstr("write '- a'")));
  EXPECT_THAT(error_about("bodyparts:\n- z\n-a\n" + rest), HasSubstr("line 3: is not YAML: no s"));
  EXPECT_THAT(error_about("bodyparts:\n-\xC2\xA0z\n" + rest),
              HasSubstr("line 2: is not YAML: a no-break space"));
  EXPECT_THAT(error_about("bodyparts:\n- z\n-\xC2\xA0y\n" + rest),
              HasSubstr("line 3: is not YAML: a no-break space"));
}

TEST(YamlTree, AnOpenBracketIsNamedWithTheLineThatOpenedIt) {
  EXPECT_THAT(error_about("date: x\nbodyparts: [a\n- b\nTask: T\nx: [1]\n"),
              AllOf(HasSubstr("line 2: is not YAML: the '[' in it is not closed"),
                    HasSubstr("line 1: 'date: x', line 2: 'bodyparts: [a'"),
                    HasSubstr("close it with ']'")));
  EXPECT_THAT(error_about("bodyparts: {a: \"}\", b: 1 # }\nTask: T\n"),
              HasSubstr("line 1: is not YAML: the '{' in it is not closed"));
  EXPECT_THAT(error_about("Task: \"T\ndate: x\nbodyparts: [a]\n"),
              AllOf(HasSubstr("line 1: is not YAML: the \" in it is not closed"),
                    HasSubstr("close it with \"")));
  EXPECT_THAT(error_about("date: x\nTask: 'T\nscorer: 'y'\nbodyparts: [a]\n"),
              HasSubstr("line 2: is not YAML: the ' in it is not closed"));
  constexpr std::array<std::string_view, 2> kNeeded = {"Task", "bodyparts"};
  const YamlFile file = parse_yaml(
      "date: x\npcutoff: [a\ndotsize: 4\ncolormap: jet\nTask: T\nbodyparts: [a]\n", "x", kNeeded);
  EXPECT_THAT(file.warnings, ::testing::ElementsAre(AllOf(
                                 HasSubstr("line 2: the '[' in it is not closed (line 1: 'date: "
                                           "x', line 2: 'pcutoff: [a')"),
                                 HasSubstr("'pcutoff' is left out"))));
  EXPECT_EQ(file.root.find("colormap")->text, "jet");
}

TEST(YamlTree, CommentsMayBeInAnotherEncodingAndLinesMayEndInCarriageReturns) {
  constexpr std::array<std::string_view, 1> kNeeded = {"Task"};
  const YamlFile comment = parse_yaml("# J\xfcrgen\nTask: T\n", "x", kNeeded);
  EXPECT_THAT(comment.warnings, ::testing::ElementsAre(HasSubstr("line 1: is not UTF-8")));
  EXPECT_EQ(parse_yaml("Task: T\rdate: x\r", "x", kNeeded).root.find("date")->text, "x");
  EXPECT_THAT(error_about("Task: J\xfcrgen\n"), HasSubstr("line 1: is not UTF-8"));
}

TEST(YamlTree, HostileFilesAreRefusedWithinBounds) {
  EXPECT_THAT(message_of("a: " + std::string(5'000'000, '[')), HasSubstr("at most"));
  EXPECT_THAT(message_of("a: " + std::string(1'000'000, '[')), HasSubstr("open brackets"));
  EXPECT_THAT(message_of("a: " + std::string(100, '[') + std::string(100, ']')),
              HasSubstr("nested deeper than 60"));
  std::string dashes;
  for (int i = 0; i < 5000; ++i) dashes += "- ";
  EXPECT_THAT(message_of(dashes), HasSubstr("nested deeper than 60"));
  std::string steps;
  for (int i = 0; i < 300; ++i) steps += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(message_of(steps), HasSubstr("nested deeper than 60"));
  EXPECT_THAT(message_of("a: &x [*x]\n"), HasSubstr("inside what it stands for"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";  // a billion values in eight lines
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_THAT(message_of(bomb), HasSubstr("more than 500000 values"));
  std::string long_text = "a: &a " + std::string(1'000'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 30; ++i) long_text += ", *a";
  EXPECT_THAT(message_of(long_text + "]\n"), HasSubstr("bytes of text"));
}

/// Real configurations, and one with every construct, as seeds for the mutations.
std::vector<std::string> seeds() {
  std::vector<std::string> texts = {
      "Task: T\ndate: Jan1\nTrainingFraction: [0.95, &f 0.5]\nbodyparts: !!python/tuple\n- 'a: "
      "b'\n- \"c\\n\"\n"
      "video_sets:\n  ? x\n  : crop: 0, 1, 0, 1\ntext: |\n  lines\n  more\nfolded: >-\n  one\nmap: "
      "{a: *f, b: [1]}\n"};
  const fs::path shared = testing::shared_data();
  if (shared.empty()) return texts;
  for (const auto& entry : fs::recursive_directory_iterator(shared / "dlc-snapshot-indexes")) {
    if (entry.path().extension() != ".yaml") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    texts.push_back(text.str().substr(0, 3000));
  }
  return texts;
}

std::string mutated(std::string text, std::mt19937& random) {
  static const std::string kMarks = "[]{}:-?&*!|>'\"%@`,#\n \t~<=\\\x01\x7f\xc3\xff";
  const auto below = [&](size_t n) { return random() % std::max<size_t>(n, 1); };
  for (size_t edits = 1 + below(6); edits > 0; --edits) {
    const size_t at = below(text.size());
    switch (below(5)) {
      case 0:
        text.insert(at, 1, kMarks[below(kMarks.size())]);
        break;
      case 1:
        text.erase(at, below(20));
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), below(60)));
        break;
      case 3:
        if (!text.empty()) text[at] = static_cast<char>(random());
        break;
      default:
        text.insert(at, below(30), kMarks[below(kMarks.size())]);
        break;
    }
  }
  return text;
}

TEST(YamlTree, MutatedFilesParseOrFailCleanly) {
  std::mt19937 random(testing::seed_of_this_test());
  const auto texts = seeds();
  int parsed = 0;
  constexpr int kRounds = 1500;
  for (int i = 0; i < kRounds; ++i) {
    try {
      const std::string text = mutated(texts[i % texts.size()], random);
      constexpr std::array<std::string_view, 2> kNeeded = {"Task", "bodyparts"};
      if (i % 4 == 0) parse_yaml(text, "fuzz", kNeeded);
      parse_yaml(text, "fuzz");
      ++parsed;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_file);
    }
  }
  // Both ways are taken, so the mutations are neither too gentle nor too rough.
  EXPECT_GT(parsed, kRounds / 50);
  EXPECT_LT(parsed, kRounds);
}

}  // namespace
}  // namespace posse
