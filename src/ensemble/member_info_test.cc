#include "ensemble/member_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/text.h"
#include "checkpoint/tensorflow/tensorflow_checkpoint.h"
#include "support/checkpoint_writer.h"
#include "support/mutation.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A copy of one of the demo's members, to be damaged.
class MemberInfoTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path demo = testing::source_folder() / "data/demo/member-1";
    if (!fs::exists(demo)) GTEST_SKIP() << "no data/demo";
    fs::copy(demo, project_, fs::copy_options::recursive);
    for (const auto& entry : fs::recursive_directory_iterator(project_)) {
      fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::add);
    }
    prefix_ = open_member(project_).snapshot.prefix;
  }
  MemberInfo described(bool verify = false) const {
    return describe_member(open_member(project_), verify);
  }

  TemporaryFolder folder_;
  fs::path project_ = folder_.path() / "member-1";
  fs::path prefix_;
};

TEST_F(MemberInfoTest, ASoundMemberIsDescribed) {
  const MemberInfo info = described(true);
  EXPECT_THAT(info.problems, IsEmpty());
  EXPECT_TRUE(info.verified);
  ASSERT_TRUE(info.snapshot.has_value());
  EXPECT_EQ(info.snapshot->network, "mobilenet_v2_0.35");
  EXPECT_EQ(info.snapshot->num_variables, 264);
  EXPECT_EQ(info.snapshot->num_bodyparts, 4);
  // 410,208 numbers of the backbone, and the heads' 3 * 4 * (9 * 1280 + 1), of four bytes each.
  EXPECT_EQ(info.snapshot->num_bytes, 4 * (410'208 + 12 * (9 * 1280 + 1)));
  const std::string text = to_text(info);
  for (const char* part :
       {"network    mobilenet_v2_0.35, 4 bodyparts, with location refinement",
        "bodyparts  snout, leftear, rightear, tailbase", "264 in 1 data file",
        "scorer     DLC_mobnet_35_openarenaNov22shuffle1_5000",
        "verified   every checksum is right", "snapshot snapshot-5000: the only one"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const auto json = nlohmann::json::parse(to_json(info).dump());
  EXPECT_EQ(json["network"]["type"], "mobilenet_v2_0.35");
  EXPECT_EQ(json["verified"], true);
  EXPECT_EQ(json["decode"], "dlc");
  EXPECT_EQ(json["snapshots"][0]["training_iterations"], 5000);
}

TEST_F(MemberInfoTest, ADamagedValueIsFoundOnlyByVerifying) {
  std::fstream data(prefix_.string() + ".data-00000-of-00001",
                    std::ios::in | std::ios::out | std::ios::binary);
  data.seekp(1000).put('\x55');
  data.close();
  EXPECT_THAT(described(false).problems, IsEmpty());
  const MemberInfo info = described(true);
  EXPECT_THAT(info.problems, ElementsAre(HasSubstr("have checksum")));
  EXPECT_NE(to_json(info).dump().find("\"verified\":false"), std::string::npos);
}

TEST_F(MemberInfoTest, MissingDataAreAProblem) {
  fs::remove(prefix_.string() + ".data-00000-of-00001");
  const MemberInfo info = described();
  EXPECT_THAT(info.problems, ElementsAre(HasSubstr(".data file is missing")));
  EXPECT_EQ(info.snapshot->network, "mobilenet_v2_0.35");
  EXPECT_THAT(to_text(info), HasSubstr("problem    the snapshot's .data file is missing"));
}

TEST_F(MemberInfoTest, ADamagedIndexIsAProblem) {
  std::ofstream(prefix_.string() + ".index", std::ios::binary) << "not an index";
  const MemberInfo info = described();
  EXPECT_FALSE(info.snapshot.has_value());
  EXPECT_THAT(info.problems, ElementsAre(HasSubstr("is not a TensorFlow checkpoint index")));
  EXPECT_NE(to_json(info).dump().find("\"network\":null"), std::string::npos);
}

// Entries that a sound table holds but no saver wrote: shapes of any size, names of any bytes.
TEST_F(MemberInfoTest, AnyIndexIsDescribedOrAProblem) {
  std::vector<std::pair<std::string, std::string>> sound = {{"", testing::encode_header()}};
  const TensorFlowCheckpoint checkpoint = TensorFlowCheckpoint::open(prefix_);
  for (const VariableInfo& variable : checkpoint.variables()) {
    sound.emplace_back(variable.name, testing::encode_entry({.shape = variable.shape,
                                                             .offset = variable.offset,
                                                             .num_bytes = variable.num_bytes,
                                                             .crc32c = variable.crc32c}));
  }
  const std::vector<int64_t> extents = {0, 1, 3, 1280, int64_t{1} << 31, int64_t{1} << 62};
  std::mt19937 random(testing::seed_of_this_test());
  const Member member = open_member(project_);
  int num_recognised = 0;
  for (int trial = 0; trial < 300; ++trial) {
    auto entries = sound;
    // Variables of the heads and others by chance; without values no size contradicts a shape.
    auto& [name, entry] = trial % 2 == 0 ? entries[entries.size() - 1 - random() % 4]
                                         : entries[1 + random() % (entries.size() - 1)];
    Shape shape(random() % 5);
    for (int64_t& extent : shape) extent = extents[random() % extents.size()];
    shape.push_back(0);
    entry = testing::encode_entry({.shape = shape});
    if (trial % 5 == 0) name = testing::mutated(name, random);
    std::sort(entries.begin(), entries.end());
    std::ofstream(prefix_.string() + ".index", std::ios::binary) << testing::encode_table(entries);
    const MemberInfo info = describe_member(member, false);
    EXPECT_TRUE(is_valid_utf8(to_text(info)));
    EXPECT_NO_THROW(to_json(info).dump());
    EXPECT_LE(info.bodyparts.size(), 10'000U);
    if (info.snapshot && info.snapshot->network) {
      ++num_recognised;
    } else {
      EXPECT_THAT(info.problems, ::testing::Not(IsEmpty()));
    }
  }
  EXPECT_GT(num_recognised, 0);
}

TEST_F(MemberInfoTest, AnUnknownNetworkIsAProblem) {
  std::vector<testing::NamedTensor> variables;
  variables.push_back({"dense/kernel", Tensor({2, 2})});
  testing::write_checkpoint(prefix_, variables);
  const MemberInfo info = described();
  EXPECT_EQ(info.snapshot->network, std::nullopt);
  EXPECT_EQ(info.problems.size(), 1);
  EXPECT_THAT(to_text(info), HasSubstr("1 in 1 data file, 0.0 MB: dense 1"));
}

TEST_F(MemberInfoTest, SettingsThatContradictTheSnapshotAreReported) {
  const fs::path test = prefix_.parent_path().parent_path() / "test/pose_cfg.yaml";
  std::ofstream(test)
      << "net_type: resnet_50\nall_joints_names: [snout, leftear, rightear, tailbase]\n";
  EXPECT_THAT(described().warnings,
              Contains(HasSubstr("pose_cfg.yaml names the network resnet_50, the snapshot holds "
                                 "mobilenet_v2_0.35")));
}

TEST_F(MemberInfoTest, AlternativesAreListedWithTheOptionThatPicksThem) {
  for (const char* ending : {".index", ".data-00000-of-00001"}) {
    fs::copy(prefix_.string() + ending,
             prefix_.parent_path() / (std::string("snapshot-500") + ending));
  }
  const fs::path model = prefix_.parent_path().parent_path();
  fs::copy(model, model.parent_path() / "openarenaNov22-trainset50shuffle2",
           fs::copy_options::recursive);
  const MemberInfo info = described();
  EXPECT_THAT(to_text(info), HasSubstr("--snapshot snapshot-500"));
  EXPECT_THAT(to_text(info), HasSubstr("--shuffle 2  (2 snapshots)"));
  const auto json = nlohmann::json::parse(to_json(info).dump());
  EXPECT_EQ(json["snapshots"].size(), 2);
  EXPECT_EQ(json["shuffles"][1]["options"], "--shuffle 2");
}

}  // namespace
}  // namespace posse
