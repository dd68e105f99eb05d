#include "study/experiments/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<ManifestMember> of_csv(const std::string& text) {
  return parse_manifest(text, "m.csv", false);
}

std::vector<ManifestMember> of_yaml(const std::string& text) {
  return parse_manifest(text, "m.yaml", true);
}

std::string refusal(const std::string& text, bool is_yaml) {
  try {
    parse_manifest(text, "m", is_yaml);
  } catch (const Error& error) {
    return error.what();
  }
  return "taken";
}

TEST(Manifest, CsvOfAnyOrderLineEndAndByteOrderMark) {
  const auto members = of_csv(
      "\xEF\xBB\xBFtrained_on, frames ,member,seed\r\n"
      "7; img 12.png ;30,17,\"a, b\",2\r\n\r\n3 9,,c\r\nnone,5,,7700\r\n,,d");
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[0].name, "a, b");
  EXPECT_EQ(members[0].frames, 17);
  EXPECT_EQ(members[0].group, "17 frames, seed 2");
  EXPECT_THAT(*members[0].trained_on, ElementsAre("7", "img 12.png", "30"));
  EXPECT_THAT(*members[1].trained_on, ElementsAre("3", "9"));
  EXPECT_FALSE(members[1].seed.has_value());
  EXPECT_EQ(members[1].group, "all");
  EXPECT_EQ(members[2].name, "");
  EXPECT_THAT(*members[2].trained_on, IsEmpty());
  EXPECT_FALSE(members[3].trained_on.has_value());
}

TEST(Manifest, YamlListsKeepBlanksInNames) {
  const auto members = of_yaml(
      "members:\n- {member: a, seed: 4, trained_on: [7, img 12.png]}\n"
      "- {member: b, trained_on: []}\n- c\n- {member: d, trained_on: 1;2, group: g}\n");
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[0].group, "seed 4");
  EXPECT_THAT(*members[0].trained_on, ElementsAre("7", "img 12.png"));
  EXPECT_THAT(*members[1].trained_on, IsEmpty());
  EXPECT_EQ(members[2].name, "c");
  EXPECT_FALSE(members[2].trained_on.has_value());
  EXPECT_THAT(*members[3].trained_on, ElementsAre("1", "2"));
}

TEST(Manifest, RefusesWhatItWouldMistake) {
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {"", "names no member"},
           {"member\n", "names no member"},
           {"seed\n1\n", "line 1: there is no column 'member'"},
           {"member;seed\na;1\n", "cells are parted by commas"},
           {"member,member\na,b\n", "the column 'member' comes twice"},
           {"member,seed\na,1,2\n", "line 2: has 3 cells"},
           {"member,frames\na,1.5\n", "frames is '1.5'"},
           {"member,frames\na,-1\n", "frames is '-1'"},
           {"member,seed\na,4294967296\n", "seed is '4294967296'"},
           {"member,group\na,M\xFCller\n", "line 2: is not UTF-8"}}) {
    EXPECT_THAT(refusal(text, false), HasSubstr(said)) << text;
  }
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {"a: b\n", "has no list of members"},
           {"- [a, b]\n", "line 1: a list"},
           {"- {member: a, trained_on: {b: 1}}\n", "trained_on is a map"},
           {"- {member: a, trained_on: [[1]]}\n", "trained_on is a list"},
           {"- {member: [a]}\n", "member is a list, expected a value"},
           {"- {network: a}\n", "there is no column 'network'"},
           {"- {member: a\n", "not YAML"}}) {
    EXPECT_THAT(refusal(text, true), HasSubstr(said)) << text;
  }
}

TEST(Manifest, MembersOfWindowsAreFoundOnce) {
  const fs::path folder = fs::path(::testing::TempDir()) / "posse-manifest";
  fs::create_directories(folder / "sub" / "a");
  std::ofstream(folder / "m.csv") << "member\nsub\\a\n";
  EXPECT_EQ(read_manifest(folder / "m.csv")[0].path, folder / "sub/a");
  std::ofstream(folder / "m.csv") << "member\nsub\\a\nsub/a\n";
  EXPECT_THROW(read_manifest(folder / "m.csv"), Error);
  std::ofstream(folder / "m.csv") << "member\nsub\\b\n";
  EXPECT_THROW(read_manifest(folder / "m.csv"), Error);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace posse
