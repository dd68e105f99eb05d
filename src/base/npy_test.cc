#include "base/npy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace posse {
namespace {

TEST(Npy, WhatIsWrittenFrameByFrameIsReadBackWhole) {
  const TemporaryFolder folder;
  const float first[] = {1, 2, 3, 4};
  const float rest[] = {5, 6, 7, 8, 9, 10, 11, 12};
  NpyWriter writer(folder.path() / "a.npy");
  writer.append(first, {2, 2});
  writer.append(rest, {2, 2});
  EXPECT_FALSE(
      std::filesystem::exists(folder.path() / "a.npy"));  // only finish() gives it its name
  writer.finish();
  const Tensor tensor = read_npy(folder.path() / "a.npy");
  EXPECT_EQ(tensor.shape(), (Shape{3, 2, 2}));
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(tensor.values()[static_cast<size_t>(i)], static_cast<float>(i + 1));
}

// The bytes numpy 1.24 writes for np.array([[1.5, -2]]) and np.array([3, 250], dtype=np.uint8):
// header padded to 128.
std::string numpy_file(const std::string& dictionary, const std::string& data) {
  std::string header = dictionary;
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + "\n" + data;
}

TEST(Npy, ReadsDoublesAndBytes) {
  const TemporaryFolder folder;
  const double values[] = {1.5, -2};
  write_file(folder.path() / "d.npy",
             numpy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }",
                        std::string(reinterpret_cast<const char*>(values), sizeof(values))));
  EXPECT_EQ(read_npy(folder.path() / "d.npy").values()[1], -2.0F);
  EXPECT_EQ(read_npy_doubles(folder.path() / "d.npy"), (std::vector<double>{1.5, -2}));
  write_file(folder.path() / "u.npy",
             numpy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }", "\x03\xfa"));
  EXPECT_EQ(read_npy(folder.path() / "u.npy").values()[1], 250.0F);
}

TEST(Npy, RefusesWhatItCannotRead) {
  const TemporaryFolder folder;
  const std::string head = "{'descr': '<f4', 'fortran_order': ";
  for (const std::string& bytes :
       {std::string("not an array"), numpy_file(head + "True, 'shape': (1,), }", "abcd"),
        numpy_file(head + "False, 'shape': (2,), }", "abcd"),
        numpy_file(head + "False, 'shape': (-1,), }", "abcd"),
        numpy_file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }", "abcdefgh"),
        numpy_file("{}", ""), std::string("\x93NUMPY\x01\x00\xff\xff{}", 12)}) {
    write_file(folder.path() / "bad.npy", bytes);
    EXPECT_THROW(read_npy(folder.path() / "bad.npy"), Error) << bytes;
  }
}

TEST(Npy, RefusesEntriesOfAnotherShape) {
  const TemporaryFolder folder;
  const float values[] = {1, 2};
  NpyWriter writer(folder.path() / "b.npy");
  writer.append(values, {2});
  EXPECT_THROW(writer.append(values, {1, 2}), Error);
}

}  // namespace
}  // namespace posse
