// Files are written by scipy.io.savemat 1.10.1 (tests/fuzz/corpus/mat).
#include "results/formats/matlab/mat_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/files.h"
#include "support/shared_data.h"

namespace posse {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const fs::path kFiles = posse::testing::source_folder() / "tests/fuzz/corpus/mat";

template <class Function>
std::string text_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(MatReader, ReadsPlainAndCompressedArraysOfAnyType) {
  for (const char* name : {"plain", "compressed"}) {
    const MatArray array = read_mat_array(kFiles / name, "true_xy");
    EXPECT_THAT(array.extents, ElementsAre(2, 3, 2));
    // numpy's a[i, j, k] = 6 i + 2 j + k + 0.5, the first index fastest
    EXPECT_THAT(array.values,
                ElementsAre(0.5, 6.5, 2.5, 8.5, 4.5, 10.5, 1.5, 7.5, 3.5, 9.5, 5.5, 11.5));
  }
  EXPECT_THAT(read_mat_array(kFiles / "plain", "other").values, ElementsAre(0, 1, 2));
  EXPECT_EQ(read_mat_array(kFiles / "bytes", "true_xy").values[1], 6);
}

TEST(MatReader, RefusesWhatIsNoSuchFile) {
  EXPECT_THAT(text_of([] { read_mat_array(kFiles / "plain", "none"); }),
              HasSubstr("have: other, true_xy"));
  EXPECT_THAT(text_of([] { read_mat_array(kFiles / "text", "true_xy"); }),
              HasSubstr("no array of real numbers"));
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.mat";
  write_file(path, "nothing");
  EXPECT_THAT(text_of([&] { read_mat_array(path, "true_xy"); }), HasSubstr("no MATLAB file"));
  write_file(path, "\x89HDF\r\n");
  EXPECT_THAT(text_of([&] { read_mat_array(path, "true_xy"); }), HasSubstr("-v7"));
}

TEST(MatReader, EveryTruncationIsAnError) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a.mat";
  for (const char* name : {"plain", "compressed"}) {
    const std::string bytes = read_file(kFiles / name);
    for (size_t size = 0; size + 8 < bytes.size(); size += 7) {
      write_file(path, bytes.substr(0, size));
      EXPECT_NE(text_of([&] { read_mat_array(path, "true_xy"); }), "no error") << name << size;
    }
  }
}

}  // namespace
}  // namespace posse
