// The pickle that DeepLabCut 3 leaves beside a table, as Python with numpy reads it.
#include "results/full_pickle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>

#include "base/files.h"

namespace posse {
namespace {
using ::testing::HasSubstr;

constexpr const char* kProgram = R"(
import pickle, sys
try:
    import numpy as np
except ImportError:
    sys.exit(77)
data = pickle.load(open(sys.argv[1], "rb"))
assert list(data) == ["metadata", "frame098", "frame099", "frame100"], list(data)
told = data["metadata"]
assert told["PAFinds"].dtype == np.int64 and told["PAFinds"].shape == (0,), told
del told["PAFinds"]
assert told == {"nms radius": None, "minimal confidence": None, "sigma": 1, "PAFgraph": None, "all_joints": [[0], [1]],
                "all_joints_names": ["nose", "tail"], "nframes": 101, "key_str_width": 3}, told
for frame, x in ((98, 0.1), (99, 1.1), (100, 2.1)):
    found = data["frame%03d" % frame]
    assert list(found) == ["coordinates", "confidence", "costs"] and found["costs"] is None, found
    assert isinstance(found["coordinates"], tuple) and len(found["coordinates"]) == 1, found
    (nose, tail), scores = found["coordinates"][0], found["confidence"]
    for array in (nose, tail, *scores):
        assert array.dtype == np.float32 and array.dtype.isnative and array.flags.c_contiguous, array
    assert nose.tolist() == [[np.float32(x), np.float32(7.25)]] and tail.tolist() == [[-1, -1]], found
    assert [s.tolist() for s in scores] == [[[np.float32(0.3)]], [[-1]]], found
)";

TEST(FullPickle, IsReadByNumpy) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "v_full.pickle";
  FullPickleWriter writer(file, {"nose", "tail"}, 101);
  for (int64_t frame = 98; frame < 101; ++frame) {
    const double x = 0.1 + static_cast<double>(frame - 98);
    writer.append(frame, std::array<Keypoint, 2>{
                             {{x, 7.25, 0.3}, {std::numeric_limits<double>::quiet_NaN(), 3, 0}}});
  }
  EXPECT_FALSE(std::filesystem::exists(file));
  writer.finish();
  write_file(folder.path() / "check.py", kProgram);
  const int status = std::system(
      fmt::format("/usr/bin/python3 {} {}", (folder.path() / "check.py").string(), file.string())
          .c_str());
  if (status == 77 * 256 || status == 127 * 256) GTEST_SKIP() << "numpy is not there";
  EXPECT_EQ(status, 0);
}

TEST(FullPickle, OfAVideoWithoutFramesHoldsItsMetadata) {
  const TemporaryFolder folder;
  FullPickleWriter writer(folder.path() / "v_full.pickle", {"nose"}, 0);
  writer.finish();
  EXPECT_THAT(read_file(folder.path() / "v_full.pickle"), HasSubstr("nframes"));
}

}  // namespace
}  // namespace posse
