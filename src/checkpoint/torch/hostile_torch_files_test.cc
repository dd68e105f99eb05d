// Files that are damaged, or made to do harm: refused with a place, and without taking memory that
// the file does not justify.
#include <gmock/gmock.h>

#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "checkpoint/torch/torch_checkpoint.h"
#include "checkpoint/torch/torch_pickle.h"
#include "support/errors.h"
#include "support/mutation.h"
#include "support/shared_data.h"
#include "support/torch_writer.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using namespace testing;
using ::testing::HasSubstr;

/// Without waiting for the disk.
void write_quickly(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class HostileTorchFile : public ::testing::Test {
 protected:
  Error refusal(const std::string& bytes, const std::string& name = "net.pt") {
    write_quickly(folder_.path() / name, bytes);
    return error_of([&] { open_weights(folder_.path() / name); });
  }
  std::string refusal_of_parts(std::vector<ZipPart> parts) {
    return refusal(encode_zip(parts)).message();
  }
  /// Of a file with one tensor of this look at a storage of 24 bytes.
  std::string refusal_of_tensor(int64_t num_stored, int64_t offset, const Shape& shape,
                                const Shape& strides) {
    PickleBytes pickle;
    pickle.raw("}").text("w").tensor("FloatStorage", "0", num_stored, offset, shape, strides);
    return refusal_of_parts(
        {{"a/data.pkl", pickle.raw("s").finish()}, {"a/data/0", std::string(24, '\0')}});
  }
  static std::string whole_file() {
    std::vector<NamedTensor> tensors;
    tensors.push_back({"w", Tensor({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6})});
    return encode_torch(tensors, TorchKind::snapshot);
  }
  static std::string refusal_of_pickle(const std::string& opcodes) {
    const std::string bytes = opcodes;
    return error_of([&] {
             TorchPickle(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()),
                         "pickle");
           })
        .message();
  }

  TemporaryFolder folder_;
};

TEST_F(HostileTorchFile, ThatIsSomethingElseIsNamed) {
  EXPECT_THAT(refusal("").message(), HasSubstr("is empty"));
  EXPECT_THAT(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:1\n").notes().hint,
              HasSubstr("git lfs pull"));
  EXPECT_THAT(refusal("<!DOCTYPE html><html>").message(), HasSubstr("web page"));
  EXPECT_THAT(refusal("\x89HDF\r\n\x1a\n").message(), HasSubstr("HDF5"));
  EXPECT_THAT(refusal("not a network at all").message(), HasSubstr("does not begin as a zip"));
  EXPECT_THAT(refusal(encode_zip(std::vector<ZipPart>{{"x/word.xml", "<>"}})).message(),
              HasSubstr("zip archive of other files"));
  EXPECT_THAT(refusal(encode_zip(std::vector<ZipPart>{{"weights.npy", "x"}})).message(),
              HasSubstr(".npz"));
  EXPECT_THAT(refusal(encode_zip(std::vector<ZipPart>{{"a/data.pkl", "x"},
                                                      {"a/constants.pkl", "y"},
                                                      {"a/code/__torch__/net.py", "z", 8}}))
                  .message(),
              HasSubstr("TorchScript"));
}

TEST_F(HostileTorchFile, OfTheStreamBeforeZipsIsRefusedWithTheWayOut) {
  const Error stream = refusal("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
  EXPECT_EQ(stream.kind(), ErrorKind::unsupported);
  EXPECT_THAT(stream.message(), HasSubstr("before version 1.6"));
  EXPECT_THAT(stream.notes().hint, HasSubstr("torch.save"));
}

TEST_F(HostileTorchFile, CutOffAnywhereIsRefused) {
  const std::string whole = whole_file();
  for (size_t size = 16; size < whole.size(); size += 7) {
    EXPECT_EQ(refusal(whole.substr(0, size)).kind(), ErrorKind::bad_file) << size;
  }
}

TEST_F(HostileTorchFile, WithCompressedEntriesIsRefusedByName) {
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", "x", 8}}), HasSubstr("'a/data.pkl' is compressed"));
}

TEST_F(HostileTorchFile, WithAWrongChecksumIsRefused) {
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", "}.", 0, 1}}), HasSubstr("its checksum is"));
  std::string whole = whole_file();
  whole[whole.find(std::string("\0\0\x80\x3f\0\0\0\x40", 8))] = 1;  // a number of the storage
  write_quickly(folder_.path() / "x.pt", whole);
  const auto file = TorchCheckpoint::open(folder_.path() / "x.pt");
  EXPECT_THAT(error_of([&] { file.read("w"); }).message(), HasSubstr("archive/data/0' is damaged"));
  EXPECT_EQ(file.verify().size(), 1U);
}

TEST_F(HostileTorchFile, WithEntriesThatOverlapOrComeTwiceIsRefused) {
  std::string twice = encode_zip(std::vector<ZipPart>{{"a/data.pkl", "}."}, {"a/data.pkl", "}."}});
  EXPECT_THAT(refusal(twice).message(), HasSubstr("is there twice"));
  // The second entry's place in the directory is that of the first.
  const size_t second = twice.rfind("PK\x01\x02");
  twice.replace(second + 42, 4, std::string(4, '\0'));
  EXPECT_THAT(refusal(twice).message(), HasSubstr("overlap"));
}

TEST_F(HostileTorchFile, OfTheOtherByteOrderIsRefused) {
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", "}."}, {"a/byteorder", "big"}}),
              HasSubstr("byte order 'big'"));
}

TEST_F(HostileTorchFile, WhoseTensorsReachBeyondTheirStorageIsRefused) {
  EXPECT_THAT(refusal_of_tensor(6, 1, {2, 3}, {3, 1}), HasSubstr("beyond its storage of 6"));
  EXPECT_THAT(refusal_of_tensor(6, 0, {2, 3}, {4, 1}), HasSubstr("beyond its storage of 6"));
  EXPECT_THAT(refusal_of_tensor(6, 0, {2, 3}, {1}), HasSubstr("number of strides"));
  EXPECT_THAT(refusal_of_tensor(6, -1, {2}, {1}), HasSubstr("wrong offset"));
  EXPECT_THAT(refusal_of_tensor(6, 0, {-2}, {1}), HasSubstr("wrong shape"));
  EXPECT_THAT(refusal_of_tensor(6, 0, {2}, {-1}), HasSubstr("wrong stride"));
  EXPECT_THAT(refusal_of_tensor(7, 0, {7}, {1}), HasSubstr("has 24 bytes"));
  constexpr int64_t kHuge = int64_t{1} << 62;
  EXPECT_THAT(refusal_of_tensor(6, 0, {kHuge, kHuge, kHuge}, {0, 0, 0}),
              HasSubstr("beyond its storage"));
  EXPECT_THAT(refusal_of_tensor(6, 0, {1000}, {0}), HasSubstr("beyond its storage"));
  EXPECT_THAT(refusal_of_tensor(6, kHuge, {3, kHuge}, {kHuge, kHuge}),
              HasSubstr("beyond its storage"));
}

TEST_F(HostileTorchFile, WithoutAStorageIsRefused) {
  PickleBytes pickle;
  pickle.raw("}").text("w").tensor("FloatStorage", "9", 1, 0, Shape{1}, Shape{1});
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", pickle.raw("s").finish()}}),
              HasSubstr("there is no 'a/data/9'"));
}

TEST_F(HostileTorchFile, WithoutWeightsSaysWhatItHolds) {
  EXPECT_THAT(refusal_of_parts(
                  {{"a/data.pkl",
                    PickleBytes().global("os", "system").raw("(").text("ls").raw("tR").finish()}}),
              HasSubstr("pickled program object (os.system)"));
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", "}."}}), HasSubstr("holds no weights"));
}

TEST_F(HostileTorchFile, MayHoldItselfInACircle) {
  // A dict that is its own value: walked past, for no tensor is looked for that deep.
  PickleBytes pickle;
  pickle.raw("}q").raw(std::string(1, '\0')).text("self").raw("h").raw(std::string(1, '\0'));
  pickle.raw("s");
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", pickle.finish()}}), HasSubstr("holds no weights"));
  // The same where the configuration is read.
  PickleBytes config;
  config.raw("}(").text("config").raw("}q").raw(std::string(1, '\0')).text("self").raw("h");
  config.raw(std::string(1, '\0')).raw("s").text("pose").raw("}u");
  EXPECT_THAT(refusal_of_parts({{"a/data.pkl", config.finish()}}), HasSubstr("nested too deeply"));
}

TEST_F(HostileTorchFile, WithAPickleThatIsNoneIsRefused) {
  EXPECT_THAT(refusal_of_pickle("\x80\x02"), HasSubstr("ends too early"));
  EXPECT_THAT(refusal_of_pickle("."), HasSubstr("takes a value that is not there"));
  EXPECT_THAT(refusal_of_pickle("t."), HasSubstr("closes what was not opened"));
  EXPECT_THAT(refusal_of_pickle("(K\x01\x85."), HasSubstr("within a container"));
  EXPECT_THAT(refusal_of_pickle("h\x01."), HasSubstr("never held"));
  EXPECT_THAT(refusal_of_pickle("K\x01K\x02"
                                "a."),
              HasSubstr("fills something"));
  EXPECT_THAT(refusal_of_pickle("\x80\x09."), HasSubstr("protocol beyond 5"));
  EXPECT_THAT(refusal_of_pickle("P."), HasSubstr("opcode 0x50"));
  EXPECT_THAT(refusal_of_pickle(std::string(300, '(')), HasSubstr("nested too deeply"));
  EXPECT_THAT(refusal_of_pickle(std::string(1'100'000, 'N')), HasSubstr("a million values"));
  EXPECT_THAT(refusal_of_pickle("X\xff\xff\xff\x7f"), HasSubstr("ends too early"));
}

TEST_F(HostileTorchFile, DamagedAtRandomIsReadOrRefused) {
  std::mt19937 random(seed_of_this_test());
  const std::string whole = whole_file();
  const fs::path path = folder_.path() / "net.pt";
  for (int i = 0; i < 400; ++i) {
    write_quickly(path, mutated(whole, random));
    try {
      const auto file = TorchCheckpoint::open(path);
      for (const WeightInfo& info : file.list()) file.read(info.name);
    } catch (const Error& error) {
      EXPECT_FALSE(error.message().empty());
    }
  }
}

}  // namespace
}  // namespace posse
