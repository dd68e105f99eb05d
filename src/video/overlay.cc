#include "video/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "video/bitmap_font.h"

namespace posse {
namespace {

constexpr Colour kInk{245, 245, 245};
constexpr Colour kPlate{20, 20, 20};
constexpr Colour kRim{15, 15, 15};
constexpr double kPlateOpacity = 0.6;

Colour mixed(const Colour& colour, const Colour& other, double share) {
  Colour result{};
  for (size_t c = 0; c < 3; ++c) {
    result[c] = static_cast<uint8_t>(std::lround(colour[c] + share * (other[c] - colour[c])));
  }
  return result;
}

bool is_placed(const Keypoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

// A NaN likelihood counts as low.
bool is_dim(const Keypoint& point, const OverlayStyle& style) {
  return !(point.likelihood >= style.dim_below);
}

struct Sizes {
  double consensus;
  double member;
  double line;
  int text_scale;
};

Sizes sizes_for(const Image& image, const OverlayStyle& style) {
  const int shorter = std::min(image.width, image.height);
  const double consensus =
      style.consensus_radius > 0 ? style.consensus_radius : std::max(2.5, shorter / 100.0);
  return {.consensus = consensus,
          .member = style.member_radius > 0 ? style.member_radius : consensus / 2,
          .line = std::max(1.0, consensus / 4),
          .text_scale = std::max(1, (shorter + 180) / 360)};
}

void draw_skeleton(Image& image, const FramePoses& poses, const OverlayStyle& style,
                   const Sizes& sizes) {
  for (const auto& [from, to] : style.skeleton) {
    const Keypoint& a = poses.consensus[from];
    const Keypoint& b = poses.consensus[to];
    if (!is_placed(a) || !is_placed(b)) continue;
    const double opacity = is_dim(a, style) || is_dim(b, style) ? 0.7 * style.dimmed_opacity : 0.7;
    draw_line(image, a.x, a.y, b.x, b.y, sizes.line, kInk, opacity);
  }
}

void draw_members(Image& image, const FramePoses& poses, const OverlayStyle& style,
                  const Sizes& sizes, std::span<const Colour> colours) {
  const auto member_colours = distinct_colours(poses.members.size());
  for (size_t member = 0; member < poses.members.size(); ++member) {
    for (size_t j = 0; j < poses.members[member].size(); ++j) {
      const Keypoint& point = poses.members[member][j];
      if (!is_placed(point)) continue;
      const double opacity =
          style.member_opacity * (is_dim(point, style) ? style.dimmed_opacity : 1.0);
      const Colour colour =
          style.member_colours == MemberColours::by_member ? member_colours[member] : colours[j];
      draw_disc(image, point.x, point.y, sizes.member + 0.75, kRim, 0.5 * opacity);
      draw_disc(image, point.x, point.y, sizes.member, colour, opacity);
    }
  }
}

void draw_consensus_point(Image& image, const Keypoint& point, bool dim, const OverlayStyle& style,
                          const Sizes& sizes, const Colour& colour) {
  if (dim) {
    draw_ring(image, point.x, point.y, sizes.consensus, sizes.line + 1.5, kRim,
              style.dimmed_opacity);
    draw_ring(image, point.x, point.y, sizes.consensus, sizes.line, colour,
              std::min(1.0, 2 * style.dimmed_opacity));
    return;
  }
  draw_disc(image, point.x, point.y, sizes.consensus + 1.25, kRim, 0.8);
  draw_disc(image, point.x, point.y, sizes.consensus, colour, 1.0);
}

void draw_plate(Image& image, int width, int height) {
  for (int row = 0; row < std::min(height, image.height); ++row) {
    for (int col = 0; col < std::min(width, image.width); ++col) {
      uint8_t* pixel = image.pixel(row, col);
      const Colour under{pixel[0], pixel[1], pixel[2]};
      const Colour shaded = mixed(under, kPlate, kPlateOpacity);
      std::copy(shaded.begin(), shaded.end(), pixel);
    }
  }
}

struct LegendLine {
  std::string text;
  std::optional<Colour> colour;
};

std::vector<LegendLine> legend_lines(const FramePoses& poses, std::span<const Colour> colours,
                                     size_t most) {
  std::vector<LegendLine> lines;
  if (poses.frame_index)
    lines.push_back({fmt::format("frame {}", *poses.frame_index), std::nullopt});
  const size_t room = most > lines.size() ? most - lines.size() : 0;
  const size_t number = poses.bodyparts.size();
  const size_t shown = number <= room ? number : (room > 0 ? room - 1 : 0);
  for (size_t j = 0; j < shown; ++j) lines.push_back({poses.bodyparts[j], colours[j]});
  if (shown < number && room > 0)
    lines.push_back({fmt::format("+ {} more", number - shown), std::nullopt});
  return lines;
}

void draw_legend(Image& image, const FramePoses& poses, std::span<const Colour> colours,
                 int wanted_scale) {
  constexpr int kMargin = 3;
  // A long list gets small letters rather than being cut.
  const auto number = static_cast<int>(poses.bodyparts.size() + (poses.frame_index ? 1 : 0));
  int scale = wanted_scale;
  while (scale > 1 && number * kLineAdvance * scale + 2 * kMargin > image.height * 2 / 3) --scale;
  const int line_height = kLineAdvance * scale;
  const auto lines = legend_lines(
      poses, colours, static_cast<size_t>(std::max(0, (image.height - 2 * kMargin) / line_height)));
  if (lines.empty()) return;
  int width = 0;
  for (const LegendLine& line : lines) {
    width =
        std::max(width, (text_width(line.text) + (line.colour ? line_height / scale : 0)) * scale);
  }
  draw_plate(image, width + 2 * kMargin,
             static_cast<int>(lines.size()) * line_height + 2 * kMargin);
  int row = kMargin + scale;
  for (const LegendLine& line : lines) {
    int col = kMargin;
    if (line.colour) {
      const double centre = 0.5 * 7 * scale - 0.5;  // of letters without descender
      draw_disc(image, col + centre, row + centre, 3.0 * scale, *line.colour, 1.0);
      col += line_height;
    }
    draw_text(image, col, row, line.text, scale, kInk);
    row += line_height;
  }
}

void check_counts(const FramePoses& poses) {
  const size_t number = std::max(poses.consensus.size(), poses.bodyparts.size());
  const auto fits = [&](size_t size) { return size == 0 || number == 0 || size == number; };
  bool all_fit =
      fits(poses.consensus.size()) && fits(poses.bodyparts.size()) && fits(poses.covariance.size());
  for (const auto& member : poses.members) all_fit = all_fit && fits(member.size());
  if (all_fit) return;
  throw Error(
      ErrorKind::shape_mismatch,
      fmt::format(
          "poses to be drawn differ in their number of bodyparts: names {}, consensus {}, "
          "covariance {}{}",
          poses.bodyparts.size(), poses.consensus.size(), poses.covariance.size(),
          poses.members.empty() ? "" : fmt::format(", first member {}", poses.members[0].size())));
}

}  // namespace

std::vector<Colour> distinct_colours(size_t number) {
  constexpr std::array<Colour, 7> kOkabeIto{{{230, 159, 0},
                                             {86, 180, 233},
                                             {0, 158, 115},
                                             {240, 228, 66},
                                             {213, 94, 0},
                                             {204, 121, 167},
                                             {0, 114, 178}}};
  std::vector<Colour> colours;
  for (size_t i = 0; i < number; ++i) {
    const Colour& plain = kOkabeIto[i % kOkabeIto.size()];
    const size_t round = (i / kOkabeIto.size()) % 3;
    colours.push_back(round == 0   ? plain
                      : round == 1 ? mixed(plain, {255, 255, 255}, 0.5)
                                   : mixed(plain, {0, 0, 0}, 0.45));
  }
  return colours;
}

void OverlayStyle::validate(size_t num_bodyparts) const {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorKind::invalid_value, message);
  };
  const auto is_share = [](double value) { return value >= 0 && value <= 1; };
  if (!(consensus_radius >= 0) || !(member_radius >= 0))
    refuse("a point's radius must not be negative");
  if (!is_share(member_opacity) || !is_share(dimmed_opacity))
    refuse("an opacity must lie in [0, 1]");
  if (!(ellipse_sigmas >= 0)) refuse("the ellipse's size must not be negative");
  if (!colours.empty() && colours.size() != num_bodyparts) {
    refuse(fmt::format("{} colours for {} bodyparts", colours.size(), num_bodyparts));
  }
  for (const auto& [from, to] : skeleton) {
    if (from >= num_bodyparts || to >= num_bodyparts) {
      refuse(
          fmt::format("skeleton line {}-{}, but there are {} bodyparts", from, to, num_bodyparts));
    }
  }
}

void draw_poses(Image& image, const FramePoses& poses, const OverlayStyle& style) {
  check_counts(poses);
  size_t number = std::max(poses.consensus.size(), poses.bodyparts.size());
  if (!poses.members.empty()) number = std::max(number, poses.members.front().size());
  style.validate(number);
  const std::vector<Colour> colours =
      style.colours.empty() ? distinct_colours(number) : style.colours;
  const Sizes sizes = sizes_for(image, style);
  if (!poses.consensus.empty()) draw_skeleton(image, poses, style, sizes);
  for (size_t j = 0; j < poses.consensus.size() && j < poses.covariance.size(); ++j) {
    const Keypoint& point = poses.consensus[j];
    if (!is_placed(point)) continue;
    const double opacity = is_dim(point, style) ? style.dimmed_opacity : 0.85;
    draw_ellipse(image, point.x, point.y, poses.covariance[j], style.ellipse_sigmas, sizes.line,
                 colours[j], opacity);
  }
  draw_members(image, poses, style, sizes, colours);
  for (size_t j = 0; j < poses.consensus.size(); ++j) {
    if (!is_placed(poses.consensus[j])) continue;
    draw_consensus_point(image, poses.consensus[j], is_dim(poses.consensus[j], style), style, sizes,
                         colours[j]);
  }
  if (style.legend) draw_legend(image, poses, colours, sizes.text_scale);
}

}  // namespace posse
