// The C interface and the C++ headers over it, as a program that links the library sees them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "posse/consensus.h"
#include "posse/ensemble.h"
#include "posse/evaluation.h"
#include "posse/posse.h"
#include "posse/smoothing.h"

namespace {
namespace fs = std::filesystem;

const std::string kDemo = POSSE_DEMO;
const std::vector<std::string> kMembers = {kDemo + "/member-1", kDemo + "/member-2"};
const posse::Options kExact = {{"tune", "off"}, {"threads", "1"}};

posse::Options exact_and(const posse::Options& more) {
  posse::Options options = kExact;
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

/// A bright square on a dark ground, which moves to the right.
std::vector<std::uint8_t> picture_of(int width, int height, int number = 0) {
  std::vector<std::uint8_t> rgb;
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const bool inside = std::abs(row - height / 2) < 12 && std::abs(column - 60 - number) < 12;
      const auto grey = static_cast<std::uint8_t>((7 * row + 3 * column) % 50);
      rgb.insert(rgb.end(), {static_cast<std::uint8_t>(inside ? 250 : grey),
                             static_cast<std::uint8_t>(inside ? 180 : grey + 20),
                             static_cast<std::uint8_t>(inside ? 90 : grey + 40)});
    }
  }
  return rgb;
}

/// NaN is equal to NaN here.
bool is_same(const posse::Keypoint& a, const posse::Keypoint& b) {
  const auto same = [](double one, double other) {
    return one == other || (std::isnan(one) && std::isnan(other));
  };
  return same(a.x, b.x) && same(a.y, b.y) && same(a.likelihood, b.likelihood);
}

void expect_same(const posse::Frame& a, const posse::Frame& b) {
  ASSERT_EQ(a.keypoints.size(), b.keypoints.size());
  for (size_t p = 0; p < a.keypoints.size(); ++p)
    EXPECT_TRUE(is_same(a.keypoints[p], b.keypoints[p])) << p;
  ASSERT_EQ(a.members.size(), b.members.size());
  for (size_t i = 0; i < a.members.size(); ++i)
    EXPECT_TRUE(is_same(a.members[i], b.members[i])) << i;
}

std::string failure_of(posse_status expected, posse_status status) {
  EXPECT_EQ(status, expected) << posse_last_error();
  return posse_last_error();
}

TEST(Library, SaysItsVersions) {
  EXPECT_EQ(posse_abi_version(), 1);
  EXPECT_STREQ(posse_version(), POSSE_VERSION);
}

TEST(Library, RefusesWhatIsWrongAndNamesIt) {
  posse_ensemble* ensemble = nullptr;
  const auto open = [&](const std::string& members, const char* options) {
    return posse_open(members.c_str(), options, &ensemble);
  };
  EXPECT_NE(failure_of(POSSE_USAGE, open("", nullptr)).find("no member"), std::string::npos);
  EXPECT_NE(failure_of(POSSE_NOT_FOUND, open("/nowhere/at/all", nullptr)).find("/nowhere/at/all"),
            std::string::npos);
  EXPECT_NE(failure_of(POSSE_USAGE, open(kMembers[0], "threads")).find("name=value"),
            std::string::npos);
  EXPECT_NE(failure_of(POSSE_USAGE, open(kMembers[0], "consensu=mean")).find("consensus"),
            std::string::npos);
  EXPECT_NE(failure_of(POSSE_USAGE, open(kMembers[0], "consensus=best")).find("median"),
            std::string::npos);
  EXPECT_NE(failure_of(POSSE_USAGE, open(kMembers[0], "threads=two")).find("whole number"),
            std::string::npos);
  EXPECT_NE(failure_of(POSSE_USAGE, open(kMembers[0], "tune=yes")).find("on or off"),
            std::string::npos);
  failure_of(POSSE_USAGE, open(kMembers[0], "fps=20"));
  failure_of(POSSE_USAGE, open(kMembers[0], "consensus=track\nlook-alike=auto"));
  EXPECT_EQ(ensemble, nullptr);
  EXPECT_NE(failure_of(POSSE_USAGE, posse_predict(nullptr, nullptr, nullptr)).find("NULL"),
            std::string::npos);
  posse_close(nullptr);
  posse_free(nullptr);
  posse_free_result(nullptr);
  EXPECT_EQ(posse_bodypart(nullptr, 0), nullptr);
}

TEST(Library, TakesPicturesInAnyOrderOfBytes) {
  constexpr int kWidth = 128, kHeight = 96;
  const std::vector<std::uint8_t> rgb = picture_of(kWidth, kHeight);
  std::vector<std::uint8_t> bgr(rgb.size()), columns(rgb.size()), rgba;
  for (int row = 0; row < kHeight; ++row) {
    for (int column = 0; column < kWidth; ++column) {
      const auto at = static_cast<size_t>(row) * kWidth + static_cast<size_t>(column);
      for (size_t c = 0; c < 3; ++c) {
        bgr[3 * at + 2 - c] = rgb[3 * at + c];
        columns[c * kWidth * kHeight + static_cast<size_t>(column) * kHeight +
                static_cast<size_t>(row)] = rgb[3 * at + c];
        rgba.push_back(rgb[3 * at + c]);
      }
      rgba.push_back(255);
    }
  }
  posse::Ensemble ensemble(kMembers, kExact);
  const posse::Frame frame = ensemble.predict(posse::Picture::rgb(rgb.data(), kWidth, kHeight));
  EXPECT_EQ(frame.keypoints.size(), ensemble.bodyparts().size());
  EXPECT_EQ(frame.members.size(), 2 * frame.keypoints.size());
  expect_same(frame, ensemble.predict(posse::Picture::bgr(bgr.data(), kWidth, kHeight)));
  expect_same(frame, ensemble.predict(posse::Picture(columns.data(), kWidth, kHeight, 3, 1, kHeight,
                                                     kWidth * kHeight)));
  const posse::Frame last = ensemble.predict(
      posse::Picture(rgba.data(), kWidth, kHeight, 3, std::ptrdiff_t{4} * kWidth, 4, 1));
  expect_same(frame, last);
  EXPECT_EQ(last.frame_index, 3);
}

TEST(Library, GreyIsColourWithEqualChannels) {
  constexpr int kWidth = 96, kHeight = 64;
  std::vector<std::uint8_t> grey(kWidth * kHeight), rgb;
  for (size_t i = 0; i < grey.size(); ++i) {
    grey[i] = static_cast<std::uint8_t>(i % 251);
    rgb.insert(rgb.end(), 3, grey[i]);
  }
  posse::Ensemble ensemble(kMembers, kExact);
  expect_same(ensemble.predict(posse::Picture::rgb(rgb.data(), kWidth, kHeight)),
              ensemble.predict(posse::Picture::grey(grey.data(), kWidth, kHeight)));
}

TEST(Library, RefusesPicturesThatAreNone) {
  posse::Ensemble ensemble(kMembers, kExact);
  const std::vector<std::uint8_t> rgb = picture_of(64, 64);
  EXPECT_THROW(ensemble.predict(posse::Picture::rgb(nullptr, 64, 64)), posse::Error);
  EXPECT_THROW(ensemble.predict(posse::Picture::bgr(nullptr, 64, 64)), posse::Error);
  EXPECT_THROW(ensemble.predict(posse::Picture::rgb(rgb.data(), 0, 64)), posse::Error);
  EXPECT_THROW(ensemble.predict(posse::Picture(rgb.data(), 64, 64, 4, 0, 0, 0)), posse::Error);
  EXPECT_THROW(ensemble.predict(posse::Picture(rgb.data(), 64, 64, 3, 192, 0, 1)), posse::Error);
  EXPECT_THROW(ensemble.predict(posse::Picture(rgb.data(), 64, 64, 3, PTRDIFF_MAX, 3, 1)),
               posse::Error);
}

TEST(Library, WritesNoFurtherThanTheCallersStruct) {
  posse_ensemble* ensemble = nullptr;
  ASSERT_EQ(posse_open(kMembers[0].c_str(), "tune=off\nthreads=1", &ensemble), POSSE_OK);
  const std::vector<std::uint8_t> rgb = picture_of(64, 64);
  posse_image image = posse::Picture::rgb(rgb.data(), 64, 64);
  struct {
    posse_frame frame;
    char behind[16];
  } larger = {};
  std::memset(&larger, 0x5a, sizeof larger);
  // A program built before `radius90` was there: fields up to `members` are its struct.
  larger.frame.struct_size = offsetof(posse_frame, radius90);
  ASSERT_EQ(posse_predict(ensemble, &image, &larger.frame), POSSE_OK) << posse_last_error();
  EXPECT_EQ(larger.frame.num_members, 1U);
  EXPECT_EQ(larger.frame.struct_size, offsetof(posse_frame, radius90));
  const auto* bytes = reinterpret_cast<const unsigned char*>(&larger);
  for (size_t i = offsetof(posse_frame, radius90); i < sizeof larger; ++i)
    EXPECT_EQ(bytes[i], 0x5a) << i;
  // One built for a later interface: what this library does not know stays.
  larger.frame.struct_size = sizeof larger;
  ASSERT_EQ(posse_predict(ensemble, &image, &larger.frame), POSSE_OK) << posse_last_error();
  EXPECT_EQ(larger.behind[0], 0x5a);
  larger.frame.struct_size = 0;
  EXPECT_EQ(posse_predict(ensemble, &image, &larger.frame), POSSE_USAGE);
  posse_close(ensemble);
}

TEST(Library, ACausalTrackFollowsCallByCall) {
  posse::Ensemble ensemble(kMembers, exact_and({{"consensus", "track"}, {"fps", "10"}}));
  const std::vector<std::uint8_t> rgb = picture_of(128, 96);
  const posse::Picture picture = posse::Picture::rgb(rgb.data(), 128, 96);
  EXPECT_THROW(ensemble.predict(picture), posse::Error);  // no time, and nothing is kept of it
  const posse::Frame first = ensemble.predict(picture.at(5));
  for (const double chance : first.chance_seen) EXPECT_TRUE(chance >= 0 && chance <= 1) << chance;
  EXPECT_THROW(ensemble.predict(picture.at(5)), posse::Error);  // time stands still
  EXPECT_THROW(ensemble.predict(picture), posse::Error);        // no time
  EXPECT_EQ(ensemble.predict(picture.at(5.1)).frame_index, 1);
  ensemble.reset();
  const posse::Frame again = ensemble.predict(picture.at(1));
  EXPECT_EQ(again.frame_index, 0);
  expect_same(first, again);  // nothing of the earlier video is left
}

TEST(Library, HandlesInTwoThreadsDoNotDisturbOneAnother) {
  const std::vector<std::uint8_t> rgb = picture_of(96, 96);
  const posse::Picture picture = posse::Picture::rgb(rgb.data(), 96, 96);
  std::vector<posse::Frame> frames(2);
  std::vector<std::string> errors(2);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      posse::Ensemble ensemble({kMembers[0]}, kExact);
      for (int call = 0; call < 3; ++call) frames[t] = ensemble.predict(picture);
      const std::string wrong = "nowhere-" + std::to_string(t);
      posse_ensemble* none = nullptr;
      posse_open(wrong.c_str(), nullptr, &none);
      errors[t] = posse_last_error();
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect_same(frames[0], frames[1]);
  EXPECT_NE(errors[0].find("nowhere-0"), std::string::npos);
  EXPECT_NE(errors[1].find("nowhere-1"), std::string::npos);
}

/// A video of the demo, in a folder that is removed.
class LibraryRun : public testing::Test {
 public:
  LibraryRun() : out_(fs::temp_directory_path() / ("posse-library-" + std::to_string(getpid()))) {
    for (const fs::directory_entry& entry : fs::directory_iterator(kDemo + "/video"))
      video_ = entry.path().string();
  }
  ~LibraryRun() override { fs::remove_all(out_); }

 protected:
  std::string video_;
  fs::path out_;
};

TEST_F(LibraryRun, StopsWhereTheCallbackSaysAndGoesOn) {
  posse::Ensemble ensemble(kMembers, kExact);
  const posse::Options options = {{"frames", "0:6"}, {"consensus", "mean"}};
  int told = 0;
  try {
    ensemble.run(video_, out_.string(), options, [&](const posse::Frame&) { return ++told < 3; });
    FAIL() << "was not stopped";
  } catch (const posse::Error& error) {
    EXPECT_EQ(error.status(), POSSE_INTERRUPTED);
    EXPECT_NE(std::string(error.what()).find("goes on"), std::string::npos);
  }
  EXPECT_EQ(told, 3);
  const auto thrown = [&](const posse::Frame&) -> bool { throw std::out_of_range("mine"); };
  EXPECT_THROW(ensemble.run(video_, out_.string(), options, thrown), std::out_of_range);
  std::vector<std::int64_t> frames;
  const posse::RunResult result =
      ensemble.run(video_, out_.string(), options, [&](const posse::Frame& frame) {
        frames.push_back(frame.frame_index);
        return true;
      });
  EXPECT_EQ(frames, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(result.num_frames, 6);
  EXPECT_FALSE(result.skipped);
  for (const std::string& file : result.files) EXPECT_TRUE(fs::exists(file)) << file;
  EXPECT_TRUE(ensemble.run(video_, out_.string(), options).skipped);
  EXPECT_THROW(ensemble.run(video_ + ".no", out_.string()), posse::Error);
  EXPECT_THROW(ensemble.run(video_, out_.string(), {{"formt", "csv"}}), posse::Error);
}

TEST_F(LibraryRun, ATrackStopsWhereTheCallbackSays) {
  posse::Ensemble ensemble({kMembers[0], kMembers[1], kDemo + "/member-3"}, kExact);
  const posse::Options options = {{"frames", "0:6"}, {"consensus", "track"}};
  int told = 0;
  try {
    ensemble.run(video_, out_.string(), options, [&](const posse::Frame&) { return ++told < 3; });
    FAIL() << "was not stopped";
  } catch (const posse::Error& error) {
    EXPECT_EQ(error.status(), POSSE_INTERRUPTED);
  }
  EXPECT_EQ(told, 3);
  EXPECT_EQ(ensemble.run(video_, out_.string(), options).num_frames, 6);
}

std::vector<posse::Poses> three_members(size_t num_frames) {
  std::vector<posse::Poses> members(3);
  for (size_t m = 0; m < members.size(); ++m) {
    members[m].bodyparts = {"nose", "tail"};
    for (size_t t = 0; t < num_frames; ++t) {
      const double x = 10 + static_cast<double>(t);
      const double off = static_cast<double>(m) - 1;  // -1, 0, 1
      members[m].keypoints.push_back({x + off, 50 + 2 * off, 0.8});
      members[m].keypoints.push_back({x + 100 + off * off * 3, 90, 0.5});
    }
  }
  return members;
}

TEST(LibraryArrays, MedianAndMeanAreThoseOfTheNumbers) {
  const std::vector<posse::Poses> members = three_members(4);
  const posse::JointPoses median = posse::consensus(members);
  ASSERT_EQ(median.num_frames, 4U);
  ASSERT_EQ(median.num_bodyparts, 2U);
  EXPECT_EQ(median.keypoints[2].x, 11);   // of 10, 11 and 12
  EXPECT_EQ(median.keypoints[3].x, 114);  // of 114, 111 and 114
  EXPECT_NEAR(median.covariances[2].xx, 2.0 / 3, 1e-12);
  EXPECT_NEAR(median.covariances[2].xy, 4.0 / 3, 1e-12);
  EXPECT_NEAR(median.covariances[2].yy, 8.0 / 3, 1e-12);
  EXPECT_TRUE(median.chance_seen.empty());
  const posse::JointPoses mean = posse::consensus(members, {{"method", "mean"}});
  EXPECT_NEAR(mean.keypoints[3].x, 113, 1e-12);
}

TEST(LibraryArrays, FramesAreMatchedByTheirNumbers) {
  std::vector<posse::Poses> members = three_members(4);
  members[0].keypoints.resize(6);  // frame 3 is missing
  const posse::JointPoses median = posse::consensus(members);
  ASSERT_EQ(median.num_frames, 4U);
  EXPECT_EQ(median.keypoints[4].x, 12);    // of 11, 12 and 13
  EXPECT_EQ(median.keypoints[6].x, 13.5);  // of 13 and 14
}

TEST(LibraryArrays, ATrackSaysWhatItSees) {
  const posse::JointPoses track =
      posse::consensus(three_members(30), {{"method", "track"}, {"look-alike", "none"}});
  ASSERT_EQ(track.chance_seen.size(), 60U);
  EXPECT_NEAR(track.keypoints[20].x, 20, 1);
}

TEST(LibraryArrays, AWeakSmootherGivesBackTheEnsemblesMedian) {
  const std::vector<posse::Poses> members = three_members(20);
  const posse::JointPoses loose = posse::smoothed(members, {{"s", "1e12"}});
  const posse::JointPoses median = posse::consensus(members);
  ASSERT_EQ(loose.smoothing, (std::vector<double>{1e12, 1e12}));
  // The first frame is also held to the whole track's mean and variance.
  for (size_t i = 2; i < median.keypoints.size(); ++i)
    EXPECT_NEAR(loose.keypoints[i].x, median.keypoints[i].x, 1e-6) << i;
}

TEST(LibraryArrays, WhatDoesNotFitIsRefused) {
  std::vector<posse::Poses> members = three_members(4);
  members[2].frame_index = {0, 1, 1, 2};
  EXPECT_THROW(posse::consensus(members), posse::Error);
  EXPECT_THROW(posse::consensus({}), posse::Error);
  members = three_members(4);
  members[1].frame_index = {0, 1};  // fewer than frames
  EXPECT_THROW(posse::consensus(members), posse::Error);
  members = three_members(4);
  members[1].keypoints.pop_back();  // half a frame
  EXPECT_THROW(posse::consensus(members), posse::Error);
  members = three_members(4);
  members[1].bodyparts[1] = members[1].bodyparts[0];  // the same name twice
  EXPECT_THROW(posse::consensus(members), posse::Error);
  EXPECT_THROW(posse::consensus(three_members(4), {{"method", "mean\nmin-members=9"}}),
               posse::Error);
  EXPECT_THROW(posse::smoothed(three_members(4), {{"s", "-1"}}), posse::Error);
  try {
    posse::consensus(three_members(4), {{"methd", "mean"}});
    FAIL();
  } catch (const posse::Error& error) {
    EXPECT_NE(std::string(error.what()).find("method"), std::string::npos) << error.what();
  }
}

TEST(LibraryArrays, EvaluationNamesWhatIsMissing) {
  EXPECT_THROW(posse::evaluation(kMembers, "/nowhere/labels"), posse::Error);
}

}  // namespace
