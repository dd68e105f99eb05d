// Runs an ensemble over a video, tells the least sure frame, and forms the median of the members'
// keypoints once more from arrays.
//
//   one_video MEMBERS VIDEO OUT
#include <posse/consensus.h>
#include <posse/ensemble.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace {

/// Largest standard deviation over the members in a frame, in px.
double disagreement(const posse::Frame& frame) {
  double most = 0;
  for (const posse::Spread& spread : frame.spreads)
    most = std::max(most, std::hypot(spread.x, spread.y));
  return most;
}

void run(const std::string& members, const std::string& video, const std::string& out) {
  posse::Ensemble ensemble({members});
  std::vector<posse::Poses> tables(ensemble.members().size());
  for (posse::Poses& table : tables) table.bodyparts = ensemble.bodyparts();
  const std::size_t parts = ensemble.bodyparts().size();
  double most = 0;
  std::int64_t where = 0;

  const posse::RunResult result =
      ensemble.run(video, out, {{"force", "on"}}, [&](const posse::Frame& frame) {
        if (disagreement(frame) > most) {
          most = disagreement(frame);
          where = frame.frame_index;
        }
        for (std::size_t m = 0; m < tables.size(); ++m) {
          const auto first = frame.members.begin() + static_cast<std::ptrdiff_t>(m * parts);
          tables[m].keypoints.insert(tables[m].keypoints.end(), first,
                                     first + static_cast<std::ptrdiff_t>(parts));
        }
        return true;  // go on
      });

  std::cout << result.num_frames << " frames in " << result.folder << "\n";
  std::cout << "the members differ most in frame " << where << ": " << most << " px\n";
  const posse::JointPoses median = posse::consensus(tables);
  std::cout << "median of " << ensemble.bodyparts().front()
            << " in the first frame: " << median.keypoints.front().x << ", "
            << median.keypoints.front().y << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: " << argv[0] << " MEMBERS VIDEO OUT\n";
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
