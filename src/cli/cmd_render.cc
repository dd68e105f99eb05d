#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/paths.h"
#include "cli/command.h"
#include "consensus/keypoint_consensus.h"
#include "results/result_names.h"
#include "results/table/table_reader.h"
#include "run/outputs/drawn_poses.h"
#include "run/run_record.h"
#include "run/stated_track.h"
#include "table_jobs/table_inputs.h"
#include "video/image_file.h"
#include "video/picture_sheet.h"
#include "video/video_reader.h"

namespace posse {
namespace {
namespace fs = std::filesystem;

struct RenderArguments {
  fs::path video;
  fs::path results;
  fs::path out;
  std::string frames;
  std::string pick = "disagreement";
  int count = 6;
  bool by_member = false;
  bool contact_sheet = false;
  bool force = false;
};

/// The tables of a results folder: consensus first, then the members'.
struct RenderTables {
  std::vector<std::string> names;
  AlignedTables aligned;
  std::optional<StatedTrack> stated;
  bool is_track = false;  ///< the consensus, by its name
};

bool is_table(const fs::path& path) {
  if (is_hidden_name(path.filename().string())) return false;
  return path.extension() == ".h5" || path.extension() == ".csv";
}

/// What the consensus states of its track, or the wide csv of the same run does.
std::optional<StatedTrack> stated_beside(const fs::path& consensus) {
  if (auto stated = read_stated_track(consensus)) return stated;
  const fs::path folder = consensus.parent_path();
  const std::optional<fs::path> wide = wide_table_of(folder.empty() ? "." : folder);
  if (!wide || wide->stem() != consensus.stem()) return std::nullopt;
  return read_stated_track(*wide);
}

RenderTables read_results(const fs::path& results) {
  std::vector<fs::path> files;
  if (is_folder(results)) {
    for (const fs::path& entry : entries_of_folder(results)) {
      if (is_table(entry) && kind_of_path(entry) == PathKind::file) files.push_back(entry);
    }
    std::sort(files.begin(), files.end(), std::greater<>());  // .h5 before .csv
    if (!files.empty()) files.resize(1);
    const std::vector<fs::path> members = member_tables_of(results);
    files.insert(files.end(), members.begin(), members.end());
  } else {
    files = {results};
  }
  if (files.empty()) {
    throw Error(ErrorKind::not_found, fmt::format("{}: holds no pose table", results.string()),
                {.hint = "name a folder that posse run wrote, or a table"});
  }
  RenderTables tables;
  for (const fs::path& file : files) tables.names.push_back(file.filename().string());
  tables.aligned = read_tables(files, true).tables;
  tables.stated = stated_beside(files.front());
  tables.is_track = files.front().filename().string().find("posseTrack") != std::string::npos;
  return tables;
}

/// Spread of the members in a row: the mean over bodyparts of the standard deviations, NaN left
/// out.
double disagreement(const AlignedTables& tables, size_t row) {
  double sum = 0;
  for (size_t part = 0; part < tables.bodyparts.size(); ++part) {
    std::vector<Keypoint> members;
    for (size_t m = 1; m < tables.members.size(); ++m)
      members.push_back(tables.members[m].at(row, part));
    const KeypointConsensus spread = consensus_of_keypoints(members, {});
    if (spread.num_members > 1) sum += spread.std_x + spread.std_y;
  }
  return sum;
}

double doubt(const AlignedTables& tables, size_t row) {
  double lowest = 1;
  for (size_t part = 0; part < tables.bodyparts.size(); ++part) {
    lowest = std::min(lowest, tables.members[0].at(row, part).likelihood);
  }
  return 1 - lowest;
}

/// Rows of the highest score that lie at least a fiftieth of the table apart, in order.
std::vector<size_t> highest(const std::vector<double>& scores, size_t count) {
  std::vector<size_t> order(scores.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  const size_t apart = scores.size() / 50;
  std::vector<size_t> rows;
  for (const size_t row : order) {
    const bool near = std::any_of(rows.begin(), rows.end(), [&](size_t other) {
      return (row > other ? row - other : other - row) < apart;
    });
    if (!near && rows.size() < count) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<size_t> choose_rows(const RenderArguments& arguments, const AlignedTables& tables) {
  const size_t num_rows = tables.frame_index.size();
  if (!arguments.frames.empty()) {
    const FrameRange range = FrameRange::parse(arguments.frames);
    std::vector<size_t> rows;
    for (size_t row = 0; row < num_rows; ++row) {
      if (range.contains(tables.frame_index[row])) rows.push_back(row);
    }
    if (rows.empty()) {
      throw Error(
          ErrorKind::usage,
          fmt::format("--frames {}: the table has no such frame", arguments.frames),
          {.have = num_rows == 0 ? "no frames"
                                 : fmt::format("frames {} to {}", tables.frame_index.front(),
                                               tables.frame_index.back())});
    }
    return rows;
  }
  const bool have_members = tables.members.size() > 2;  // the consensus comes first
  std::vector<double> scores(num_rows);
  std::mt19937 random(1);  // the same frames in every call
  for (size_t row = 0; row < num_rows; ++row) {
    scores[row] = arguments.pick == "random"                        ? static_cast<double>(random())
                  : arguments.pick == "likelihood" || !have_members ? doubt(tables, row)
                                                                    : disagreement(tables, row);
  }
  return highest(scores, static_cast<size_t>(arguments.count));
}

/// A row as it is drawn; it must outlive the tables' result.
ShownFrame shown_row(const RenderTables& tables, size_t row) {
  const AlignedTables& aligned = tables.aligned;
  const std::span<const Keypoint> consensus = aligned.members[0].row(row);
  ShownFrame frame{.bodyparts = aligned.bodyparts,
                   .consensus = {consensus.begin(), consensus.end()},
                   .members = {},
                   .stated = {},
                   .frame_index = aligned.frame_index[row]};
  for (size_t m = 1; m < aligned.members.size(); ++m)
    frame.members.push_back(aligned.members[m].row(row));
  if (tables.stated) {
    frame.stated = tables.stated->of_frame(frame.frame_index, aligned.bodyparts);
  } else if (tables.is_track) {  // the members' spread is not the track's covariance
    frame.stated.assign(aligned.bodyparts.size(), StatedKeypoint{{NAN, NAN, NAN}, true, NAN});
  }
  return frame;
}

void write_picture(const Image& picture, const fs::path& path, bool force,
                   CommandContext& context) {
  if (!force && path_exists(path)) {
    throw Error(ErrorKind::usage, fmt::format("{}: exists already", path.string()),
                {.hint = "--force replaces it"});
  }
  write_png(picture, path);
  context.console.print(path.string());
}

void render(const RenderArguments& arguments, CommandContext& context) {
  const RenderTables tables = read_results(arguments.results);
  if (tables.names.size() < 2)
    context.console.note(
        "no members' tables: frames of low likelihood are picked; run with --save-members to see "
        "members and where they disagree");
  if (tables.is_track && !tables.stated)
    context.console.warn(
        "the table states no covariance of its track and not what is hidden: drawn are its points "
        "without ellipses; posse run with --wide-csv, or the .h5, has both");
  std::map<int64_t, size_t> row_of_frame;
  for (const size_t row : choose_rows(arguments, tables.aligned))
    row_of_frame[tables.aligned.frame_index[row]] = row;
  if (row_of_frame.empty()) throw Error(ErrorKind::bad_file, "the table has no frames");
  const OverlayStyle style{.member_colours = arguments.by_member ? MemberColours::by_member
                                                                 : MemberColours::by_bodypart};
  const auto reader = open_video(
      arguments.video,
      {.range = {.start = row_of_frame.begin()->first, .stop = row_of_frame.rbegin()->first + 1}});
  std::vector<Image> pictures;
  const std::string stem = video_stem(arguments.video);
  for (VideoFrame frame; reader->read(frame);) {
    const auto wanted = row_of_frame.find(frame.frame_index);
    if (wanted == row_of_frame.end()) continue;
    draw_frame(shown_row(tables, wanted->second), style, frame.image);
    if (arguments.contact_sheet) {
      pictures.push_back(frame.image);
    } else {
      write_picture(frame.image,
                    arguments.out / fmt::format("{}-frame{:06}.png", stem, frame.frame_index),
                    arguments.force, context);
    }
    if (context.stop.requested())
      throw Error(ErrorKind::interrupted, "pictures that were not drawn yet are missing");
  }
  for (const std::string& warning : reader->report().warnings) context.console.warn(warning);
  if (!pictures.empty()) {
    write_picture(picture_sheet(pictures), arguments.out / (stem + "-frames.png"), arguments.force,
                  context);
  }
}

}  // namespace

void add_render(Verb root, CommandContext& context) {
  auto arguments = std::make_shared<RenderArguments>();
  Verb verb = root.add_verb("render", "draw members and consensus into pictures of example frames");
  verb.add_option("VIDEO", arguments->video, "video, or folder of pictures").required();
  verb.add_option("RESULTS", arguments->results,
                  "folder that posse run wrote for this video, or a pose table")
      .required();
  verb.add_option("--out", arguments->out, "folder for the pictures").required().placeholder("DIR");
  verb.add_option("--frames", arguments->frames,
                  "frames to draw, counted from 0, B excluded (default: those of --pick)")
      .placeholder("A:B:STEP");
  verb.add_option("--pick", arguments->pick,
                  "frames to draw without --frames: those in which members disagree most, those of "
                  "lowest likelihood, or random ones (default disagreement)")
      .one_of({"disagreement", "likelihood", "random"});
  verb.add_option("--count", arguments->count, "number of frames that --pick draws (default 6)")
      .between(1, 1000);
  verb.add_flag("--by-member", arguments->by_member, "colour points by member, not by bodypart");
  verb.add_flag("--contact-sheet", arguments->contact_sheet, "write one picture with all frames");
  verb.add_flag("--force", arguments->force, "replace pictures that exist");
  verb.footer("example: posse render m3v1.mp4 posse-results/m3v1 --out pictures --contact-sheet");
  verb.on_call([arguments, &context] { render(*arguments, context); });
}

}  // namespace posse
