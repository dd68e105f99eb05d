#include "checkpoint/torch/torch_checkpoint.h"

#include <gmock/gmock.h>

#include <bit>

#include "base/error.h"
#include "base/files.h"
#include "checkpoint/torch/crc32.h"
#include "checkpoint/torch/torch_tensors.h"
#include "support/errors.h"
#include "support/shared_data.h"
#include "support/torch_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TorchFile : public ::testing::Test {
 protected:
  fs::path write(const std::string& bytes, const std::string& name = "snapshot-best-140.pt") {
    write_file(folder_.path() / name, bytes);
    return folder_.path() / name;
  }
  /// A file of one pickle and these storages.
  fs::path write_parts(const std::string& pickle, std::vector<ZipPart> storages) {
    storages.insert(storages.begin(), {"a.b/data.pkl", pickle});
    return write(encode_zip(storages));
  }
  static std::vector<NamedTensor> some_tensors() {
    std::vector<NamedTensor> tensors;
    tensors.push_back({"b.weight", Tensor({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6})});
    tensors.push_back({"a.bias", Tensor({2}, std::vector<float>{-0.5F, 8})});
    return tensors;
  }

  TemporaryFolder folder_;
};

TEST(Crc32, IsThatOfTheStandardsCheckText) {
  const std::string text = "123456789";
  EXPECT_EQ(crc32(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size())),
            0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST_F(TorchFile, GivesWhatWasWritten) {
  const auto file = TorchCheckpoint::open(write(encode_torch(some_tensors(), TorchKind::snapshot)));
  EXPECT_EQ(file.content(), TorchContent::deeplabcut_snapshot);
  EXPECT_EQ(file.epoch(), 140);
  ASSERT_EQ(file.list().size(), 2U);
  EXPECT_EQ(file.list()[0].name, "a.bias");
  EXPECT_THAT(file.read("b.weight").values(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(file.shape("b.weight"), Shape({2, 3}));
  EXPECT_EQ(file.shape("c"), std::nullopt);
  EXPECT_THAT(file.verify(), IsEmpty());
}

TEST_F(TorchFile, OfLightningIsReadPastItsObjects) {
  const auto file =
      TorchCheckpoint::open(write(encode_torch(some_tensors(), TorchKind::lightning), "x.ckpt"));
  EXPECT_EQ(file.content(), TorchContent::lightning);
  EXPECT_EQ(file.epoch(), 39);
  EXPECT_THAT(file.read("a.bias").values(), ElementsAre(-0.5F, 8));
}

TEST_F(TorchFile, OfPlainWeightsIsRecognisedByItsContent) {
  const fs::path path = write(encode_torch(some_tensors(), TorchKind::bare), "without ending");
  EXPECT_TRUE(looks_like_torch(path));
  EXPECT_EQ(open_weights(path)->format(), "weights by name (PyTorch)");
}

TEST_F(TorchFile, MayHaveTheZip64End) {
  const std::vector<ZipPart> parts = {
      {"archive/data.pkl", torch_pickle_of(some_tensors(), TorchKind::bare)},
      {"archive/data/1", std::string("\0\0\0\xbf\0\0\0\x41", 8)},
      {"archive/data/0", std::string(24, '\0')}};
  const auto file = TorchCheckpoint::open(write(encode_zip(parts, true)));
  EXPECT_THAT(file.read("a.bias").values(), ElementsAre(-0.5F, 8));
}

TEST_F(TorchFile, GivesTransposedAndSharedAndScalarTensors) {
  const std::string storage(
      "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40\0\0\xa0\x40\0\0\xc0\x40", 24);
  PickleBytes pickle;
  pickle.raw("}(").text("t").tensor("FloatStorage", "0", 6, 0, Shape{3, 2}, Shape{1, 3});
  pickle.text("s").tensor("FloatStorage", "0", 6, 5, Shape{}, Shape{});
  pickle.text("e").tensor("FloatStorage", "0", 6, 6, Shape{0, 4}, Shape{4, 1});
  const auto file =
      TorchCheckpoint::open(write_parts(pickle.raw("u").finish(), {{"a.b/data/0", storage}}));
  EXPECT_THAT(file.read("t").values(), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(file.read("s").values(), ElementsAre(6));
  EXPECT_TRUE(file.read("e").empty());
}

TEST_F(TorchFile, GivesOtherFloatsAsFloat32AndRefusesIntegers) {
  PickleBytes pickle;
  pickle.raw("}(").text("h").tensor("HalfStorage", "0", 2, 0, Shape{2}, Shape{1});
  pickle.text("b").tensor("BFloat16Storage", "0", 2, 0, Shape{2}, Shape{1});
  pickle.text("n").tensor("LongStorage", "1", 1, 0, Shape{}, Shape{});
  const auto file = TorchCheckpoint::open(write_parts(
      pickle.raw("u").finish(),
      {{"a.b/data/0", std::string("\0\x3c\x80\x3f", 4)}, {"a.b/data/1", std::string(8, '\1')}}));
  EXPECT_EQ(file.read("h").values()[0], 1.0F);  // 0x3c00
  EXPECT_EQ(file.read("b").values()[1], 1.0F);  // 0x3f80
  EXPECT_THAT(error_of([&] { file.read("n"); }).message(), HasSubstr("type int64"));
}

TEST_F(TorchFile, SaysWhichTensorsThereAre) {
  const auto file = TorchCheckpoint::open(write(encode_torch(some_tensors(), TorchKind::bare)));
  EXPECT_EQ(error_of([&] { file.read("b.wight"); }).notes().have, "b.weight");
}

TEST_F(TorchFile, HasAFingerprintOfItsNumbers) {
  auto tensors = some_tensors();
  const auto first = TorchCheckpoint::open(write(encode_torch(tensors, TorchKind::bare), "1.pt"));
  const auto renamed =
      TorchCheckpoint::open(write(encode_torch(tensors, TorchKind::bare, "other"), "2.pt"));
  tensors[1].tensor.values()[0] = -0.25F;
  const auto other = TorchCheckpoint::open(write(encode_torch(tensors, TorchKind::bare), "3.pt"));
  EXPECT_EQ(first.fingerprint(), renamed.fingerprint());
  EXPECT_NE(first.fingerprint(), other.fingerprint());
}

TEST(TorchGoldens, SnapshotOfDeepLabCutIsRead) {
  POSSE_SHARED_OR_SKIP(project, "torch-goldens/dlc-project/openarena-posse-2026-11-28");
  const auto file = TorchCheckpoint::open(
      project /
      "dlc-models-pytorch/iteration-0/openarenaNov28-trainset90shuffle1/train/"
      "snapshot-best-140.pt");
  EXPECT_EQ(file.content(), TorchContent::deeplabcut_snapshot);
  EXPECT_EQ(file.epoch(), 140);
  EXPECT_THAT(file.verify(), IsEmpty());
  EXPECT_EQ(file.list().front().name, "backbone.stage1.0.conv.weight");
}

TEST(TorchGoldens, LightningCheckpointOfSleapIsRead) {
  POSSE_SHARED_OR_SKIP(path, "torch-checkpoints/minimal_instance_single_instance/best.ckpt");
  const auto file = TorchCheckpoint::open(path);
  EXPECT_EQ(file.content(), TorchContent::lightning);
  EXPECT_THAT(file.verify(), IsEmpty());
}

TEST(TorchGoldens, OldStreamIsRefusedWithTheWayOut) {
  POSSE_SHARED_OR_SKIP(path, "torch-checkpoints/resnet20-12fca82f.th");
  const Error error = error_of([&] { open_weights(path); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_THAT(error.message(), HasSubstr("before version 1.6"));
  EXPECT_THAT(error.notes().hint, HasSubstr("torch.save"));
}

}  // namespace
}  // namespace posse
