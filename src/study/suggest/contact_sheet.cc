#include "study/suggest/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "run/outputs/drawn_poses.h"
#include "video/bitmap_font.h"
#include "video/overlay_shapes.h"
#include "video/picture_sheet.h"
#include "video/resize_image.h"
#include "video/video_frames.h"

namespace posse {
namespace {

constexpr int kTileWidth = 320;
constexpr int kCaption = 14;  ///< rows
constexpr Colour kBlack = {0, 0, 0};

/// The text, cut at the end to what fits.
std::string fitting(std::string text, int width) {
  while (!text.empty() && text_width(text) > width) text.pop_back();
  return text;
}

/// A tile with its caption: white below the picture.
Image captioned(const Image& picture, const std::string& caption) {
  Image tile(picture.width, picture.height + kCaption);
  std::fill(tile.rgb.begin(), tile.rgb.end(), uint8_t{255});
  std::copy(picture.rgb.begin(), picture.rgb.end(), tile.rgb.begin());
  draw_text(tile, 2, picture.height + 3, fitting(caption, picture.width - 4), 1, kBlack);
  return tile;
}

std::vector<Keypoint> scaled(std::vector<Keypoint> points, double scale) {
  for (Keypoint& point : points) {
    point.x = (point.x + 0.5) * scale - 0.5;
    point.y = (point.y + 0.5) * scale - 0.5;
  }
  return points;
}

Image drawn(const Suggestions& all, const Suggestion& suggestion, const Image& image) {
  const double scale = static_cast<double>(kTileWidth) / image.width;
  Image tile = resize_image(image, kTileWidth, std::max(1, static_cast<int>(image.height * scale)));
  const std::vector<Keypoint> members = scaled(suggestion.members, scale);
  ShownFrame shown{.bodyparts = all.bodyparts,
                   .consensus = scaled(suggestion.consensus, scale),
                   .members = {},
                   .stated = {},
                   .frame_index = suggestion.frame};
  const size_t parts = all.bodyparts.size();
  for (size_t m = 0; m < all.members.size(); ++m)
    shown.members.push_back(std::span(members).subspan(m * parts, parts));
  OverlayStyle style;
  style.legend = false;
  style.ellipse_sigmas = 0;
  draw_frame(shown, style, tile);
  return tile;
}

Image lost_tile(const SuggestedVideo& video) {
  const int height = video.facts.width > 0 ? kTileWidth * video.facts.height / video.facts.width
                                           : kTileWidth * 3 / 4;
  Image tile(kTileWidth, std::max(height, 20));
  std::fill(tile.rgb.begin(), tile.rgb.end(), uint8_t{224});
  draw_text(tile, 4, 4, fitting("no picture: the video is not there", kTileWidth - 8), 1, kBlack);
  return tile;
}

}  // namespace

Image contact_sheet(const Suggestions& suggestions, const JobHooks& hooks) {
  const size_t count = std::min(suggestions.frames.size(), kMostOnSheet);
  std::vector<Image> tiles(count);
  for (size_t v = 0; v < suggestions.videos.size(); ++v) {
    std::vector<int64_t> frames;
    std::map<int64_t, size_t> tile_of;
    for (size_t i = 0; i < count; ++i) {
      if (suggestions.frames[i].video != v) continue;
      frames.push_back(suggestions.frames[i].frame);
      tile_of[frames.back()] = i;
      tiles[i] = lost_tile(suggestions.videos[v]);
    }
    const FoundVideo& video = suggestions.videos[v].video;
    if (frames.empty() || video.place != VideoPlace::there) continue;
    visit_video_frames(video.file, frames, hooks.stop, [&](int64_t frame, const Image& image) {
      const size_t i = tile_of.at(frame);
      tiles[i] = drawn(suggestions, suggestions.frames[i], image);
      return true;
    });
  }
  for (size_t i = 0; i < count; ++i) {
    const Suggestion& frame = suggestions.frames[i];
    const std::string& stem = suggestions.videos[frame.video].facts.stem;
    tiles[i] = captioned(tiles[i], fmt::format("{} {} {} {}", frame.frame, name_of(frame.why),
                                               frame.bodypart, stem));
  }
  return picture_sheet(tiles);
}

}  // namespace posse
