#include "project/config_text.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "project/yaml_tree.h"

namespace posse {
namespace {

std::string added(const std::string& text) {
  return with_video_set(text, "config.yaml", "/v/new.mp4", "0, 64, 0, 48");
}

TEST(WithVideoSet, AddsAtTheEndOfTheBlockAndKeepsAllElse) {
  const std::string head =
      "# Project\nTask: t   # a comment\nvideo_sets:\n  videos/a.mp4:\n    crop: 0, 320, 0, 240\n";
  const std::string tail = "    # indented comment\nbodyparts:\n- nose\n";
  EXPECT_EQ(added(head + tail), head + "  /v/new.mp4:\n    crop: 0, 64, 0, 48\n" + tail);
  // at the end of a file without a last line feed
  EXPECT_EQ(added(head.substr(0, head.size() - 1)),
            head + "  /v/new.mp4:\n    crop: 0, 64, 0, 48\n");
}

TEST(WithVideoSet, KeepsWindowsLinesByteOrderMarkOtherIndentsAndLongKeys) {
  const std::string windows =
      "\xEF\xBB\xBFTask: t\r\nvideo_sets:\r\n    C:\\me\\a.mp4:\r\n        crop: 0, 1, 0, 1\r\n"
      "scorer: m\xC3\xA4x\r\n";
  const std::string expected =
      "\xEF\xBB\xBFTask: t\r\nvideo_sets:\r\n    C:\\me\\a.mp4:\r\n        crop: 0, 1, 0, 1\r\n"
      "    C:\\me\\b c.mp4:\r\n        crop: 0, 64, 0, 48\r\nscorer: m\xC3\xA4x\r\n";
  EXPECT_EQ(with_video_set(windows, "config.yaml", "C:\\me\\b c.mp4", "0, 64, 0, 48"), expected);
  const std::string complex =
      "video_sets:\n  ? /a/very/long/name.mp4\n  : crop: 0, 1, 0, 1\nscorer: m\n";
  EXPECT_EQ(added(complex),
            "video_sets:\n  ? /a/very/long/name.mp4\n  : crop: 0, 1, 0, 1\n"
            "  /v/new.mp4:\n    crop: 0, 64, 0, 48\nscorer: m\n");
}

TEST(WithVideoSet, UnderstandsFlowStyleAndNoVideosAtAll) {
  EXPECT_EQ(added("video_sets: {a.mp4: {crop: '0, 1, 0, 1'}}\nscorer: m\n"),
            "video_sets: {a.mp4: {crop: '0, 1, 0, 1'}, /v/new.mp4: {crop: '0, 64, 0, 48'}}\n"
            "scorer: m\n");
  const std::string alone = "video_sets:\n  /v/new.mp4:\n    crop: 0, 64, 0, 48\nscorer: m\n";
  EXPECT_EQ(added("video_sets:\nscorer: m\n"), alone);
  EXPECT_EQ(added("video_sets: {}\nscorer: m\n"), alone);
  EXPECT_EQ(added("video_sets: null\nscorer: m\n"), alone);
  EXPECT_EQ(added("scorer: m"), "scorer: m\nvideo_sets:\n  /v/new.mp4:\n    crop: 0, 64, 0, 48\n");
}

TEST(WithVideoSet, QuotesWhatYamlWouldTakeForSomethingElse) {
  for (const std::string key : {"- a.mp4", "it's: odd #1.mp4", "007.mp4", "{x}.mp4", "a: b.mp4"}) {
    const std::string text = with_video_set("video_sets:\n  a.mp4:\n    crop: 0, 1, 0, 1\n",
                                            "config.yaml", key, "0, 64, 0, 48");
    EXPECT_EQ(parse_yaml(text, "t").find("video_sets")->entries.back().key, key) << text;
  }
}

TEST(WithVideoSet, RefusesWhatItDoesNotUnderstand) {
  for (const char* text : {"video_sets: &a\n  x.mp4: {crop: '0, 1, 0, 1'}\n  ? {a: b}\n  : c\n",
                           "\"video_sets\":\n  a.mp4:\n    crop: 0, 1, 0, 1\n", "- a\n- b\n"}) {
    EXPECT_THROW(added(text), Error) << text;
  }
}

TEST(VideoKey, FollowsTheStyleOfTheOthers) {
  EXPECT_EQ(video_key({"C:\\p\\videos\\a.mp4"}, "/data/b.mp4"), "C:\\p\\videos\\b.mp4");
  EXPECT_EQ(video_key({"D:/p/videos/a.mp4"}, "/data/b.mp4"), "D:/p/videos/b.mp4");
  EXPECT_EQ(video_key({"/p/videos/a.mp4"}, "/data/b.mp4"), "/data/b.mp4");
  EXPECT_EQ(video_key({}, "/data/b.mp4"), "/data/b.mp4");
  EXPECT_EQ(stem_of_written_path("C:\\p\\a.b.mp4"), "a.b");
  EXPECT_EQ(stem_of_written_path("videos/a.mp4"), "a");
  EXPECT_EQ(stem_of_written_path("a"), "a");
}

}  // namespace
}  // namespace posse
