#include "study/labels/label_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <map>
#include <span>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/paths.h"
#include "base/text.h"
#include "project/yaml_tree.h"
#include "results/formats/matlab/mat_reader.h"
#include "results/formats/sleap/slp_reader.h"
#include "results/table/table_meaning.h"
#include "results/table/table_reader.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

bool is_label_table(const fs::path& path) {
  const std::string suffix = ascii_lower(path.extension().string());
  return path.filename().string().starts_with("CollectedData") &&
         (suffix == ".h5" || suffix == ".csv");
}

/// The label tables of a folder, one of a .h5 and a .csv of the same name.
std::vector<fs::path> tables_of_folder(const fs::path& folder) {
  std::map<std::string, fs::path> by_stem;
  for (const fs::path& entry : entries_of_folder(folder)) {
    if (kind_of_path(entry) != PathKind::file || !is_label_table(entry)) continue;
    fs::path& known = by_stem[entry.stem().string()];
    if (known.empty() || ascii_lower(entry.extension().string()) == ".h5") known = entry;
  }
  std::vector<fs::path> tables;
  for (const auto& [stem, path] : by_stem) tables.push_back(path);
  return tables;
}

/// Who labels, by the project's config.yaml; empty where that does not say.
std::string scorer_of_project(const fs::path& folder) {
  const fs::path config = folder / "config.yaml";
  if (!path_exists(config)) return "";
  const std::vector<std::string_view> needed = {"scorer"};
  const YamlFile file = read_yaml(config, needed);
  const YamlValue* scorer = file.root.find("scorer");
  return scorer == nullptr ? "" : scorer->text;
}

/// Copies and earlier versions lie beside the table that DeepLabCut reads.
void keep_that_of(const std::string& scorer, std::vector<fs::path>& tables) {
  const auto own = std::find_if(tables.begin(), tables.end(), [&](const fs::path& table) {
    return table.stem() == "CollectedData_" + scorer;
  });
  if (own != tables.end()) tables = {fs::path(*own)};
}

std::vector<fs::path> tables_of_project(const fs::path& folder) {
  std::vector<fs::path> tables = tables_of_folder(folder);
  const fs::path labelled = folder / "labeled-data";
  if (!tables.empty() || !is_folder(labelled)) return tables;
  for (const fs::path& entry : entries_of_folder(labelled)) {
    if (!is_folder(entry)) continue;
    std::vector<fs::path> here = tables_of_folder(entry);
    if (here.size() > 1) keep_that_of(scorer_of_project(folder), here);
    if (here.size() > 1) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: has {} tables of labels", entry.string(), here.size()),
                  {.have = here[0].filename().string() + ", " + here[1].filename().string(),
                   .hint = "name one of them with --labels"});
    }
    tables.insert(tables.end(), here.begin(), here.end());
  }
  return tables;
}

/// The picture below the table's folder or one of the two above it; empty if it is in none.
fs::path find_picture(const fs::path& table, const std::string& name) {
  const fs::path relative(name);
  if (relative.is_absolute()) return path_exists(relative) ? relative : fs::path();
  fs::path folder = fs::absolute(table).parent_path();
  for (int level = 0; level < 3; ++level, folder = folder.parent_path()) {
    if (path_exists(folder / relative)) return folder / relative;
  }
  const fs::path beside = fs::absolute(table).parent_path() / relative.filename();
  return path_exists(beside) ? beside : fs::path();
}

LabelSet from_table(const fs::path& path) {
  const LoadedLabels loaded = read_label_table(path);
  LabelSet set{.scorer = loaded.table.scorer, .bodyparts = loaded.table.bodyparts};
  for (const std::string& name : loaded.table.images) {
    set.pictures.push_back({.name = name,
                            .file = find_picture(path, name),
                            .folder = fs::path(name).parent_path().filename().string(),
                            .number = number_in_name(name)});
  }
  for (const LabelledPoint& point : loaded.table.points)
    set.labels.push_back({{point.x, point.y}, point.hidden});
  for (const std::string& warning : loaded.notes.warnings)
    set.warnings.push_back(path.string() + ": " + warning);
  return set;
}

/// Only the frames in which something is labelled.
LabelSet from_poses(const Poses& poses, const std::string& scorer) {
  LabelSet set{.scorer = scorer, .bodyparts = poses.bodyparts};
  for (size_t row = 0; row < poses.num_frames(); ++row) {
    const auto keypoints = poses.row(row);
    if (std::all_of(keypoints.begin(), keypoints.end(),
                    [](const Keypoint& k) { return std::isnan(k.x) || std::isnan(k.y); })) {
      continue;
    }
    set.pictures.push_back({.name = fmt::format("frame {}", poses.frame_index[row]),
                            .file = {},
                            .folder = "",
                            .number = poses.frame_index[row]});
    for (const Keypoint& k : keypoints) set.labels.push_back({{k.x, k.y}, false});
  }
  return set;
}

/// A file that somebody else's path names: where it says, else by an end of the path below `folder`
/// or the one above, the longest that is there. Empty if it is nowhere.
fs::path find_named(const fs::path& folder, const fs::path& name) {
  if (name.is_absolute() && path_exists(name)) return name;
  fs::path end, found;
  for (auto part = name.end(); part != name.begin();) {
    --part;
    const std::string text = part->string();
    if (text == "/" || text.ends_with(':')) break;  // "C:" of Windows
    end = end.empty() ? *part : *part / end;
    for (const fs::path& place : {folder.parent_path() / end, folder / end})
      if (kind_of_path(place) == PathKind::file) found = place;
  }
  return found;
}

/// The video among those given that has the name's file name; of several the one whose path ends
/// like it for longest. Empty if none has.
fs::path among_given(std::span<const fs::path> given, const fs::path& name) {
  fs::path best;
  ptrdiff_t longest = 0;
  for (const fs::path& video : given) {
    const fs::path absolute = fs::absolute(video).lexically_normal();
    auto a = absolute.end();
    auto b = name.end();
    ptrdiff_t length = 0;
    while (a != absolute.begin() && b != name.begin() && *std::prev(a) == *std::prev(b)) {
      --a;
      --b;
      ++length;
    }
    if (length > longest) {
      longest = length;
      best = video;
    }
  }
  return best;
}

/// Names each video's folder of labels: by its stem, and its number where that says too little.
std::vector<std::string> folders_of(std::span<const SlpVideo> videos) {
  std::vector<std::string> stems;
  for (const SlpVideo& video : videos)
    stems.push_back(video.names.empty() ? "" : fs::path(video.names[0]).stem().string());
  std::vector<std::string> folders;
  for (size_t i = 0; i < videos.size(); ++i) {
    const bool is_clear =
        !stems[i].empty() && std::count(stems.begin(), stems.end(), stems[i]) == 1;
    folders.push_back(is_clear ? stems[i] : fmt::format("video {} {}", videos[i].number, stems[i]));
  }
  return folders;
}

/// Says where the labels of one video were placed.
void place_in_video(const SlpVideo& video, const fs::path& slp, const LabelOptions& options,
                    bool is_only, LabelSet& set) {
  const fs::path folder = fs::absolute(slp).parent_path();
  if (video.names.size() > 1) {
    for (LabelledPicture& picture : set.pictures) {
      const auto number = static_cast<size_t>(*picture.number);
      if (number < video.names.size()) picture.file = find_named(folder, video.names[number]);
    }
    return;
  }
  if (video.names.empty() || (is_only && options.videos.size() == 1)) return;
  fs::path found = among_given(options.videos, video.names[0]);
  if (found.empty()) found = find_named(folder, video.names[0]);
  for (LabelledPicture& picture : set.pictures) {
    picture.video = found;
    picture.video_name = video.names[0];
  }
}

LabelSet from_slp(const fs::path& path, const LabelOptions& options) {
  const std::vector<SlpVideo> videos = videos_of_slp(path);
  const bool is_only = videos.size() < 2;
  const std::vector<std::string> folders = folders_of(videos);
  LabelSet all;
  for (size_t v = 0; v < std::max<size_t>(videos.size(), 1); ++v) {
    const std::string number = is_only ? "" : std::to_string(videos[v].number);
    const LoadedPoses loaded = interpret_poses(read_placed_slp(path, number), path, {});
    LabelSet one = from_poses(loaded.table.poses, loaded.table.scorer);
    if (!videos.empty()) place_in_video(videos[v], path, options, is_only, one);
    for (LabelledPicture& picture : one.pictures) {
      if (is_only) break;
      picture.folder = folders[v];
      picture.name = folders[v] + "/" + picture.name;
    }
    all.scorer = one.scorer;
    all.bodyparts = one.bodyparts;
    std::move(one.pictures.begin(), one.pictures.end(), std::back_inserter(all.pictures));
    all.labels.insert(all.labels.end(), one.labels.begin(), one.labels.end());
  }
  return all;
}

/// Which column of the file each bodypart is; the columns' own order without a permutation.
std::vector<int> columns_of(const LabelOptions& options, size_t num_columns, const fs::path& path) {
  std::vector<int> columns = options.part_permutation;
  if (columns.empty()) {
    for (size_t i = 0; i < num_columns; ++i) columns.push_back(static_cast<int>(i));
  }
  std::vector<int> sorted = columns;
  std::sort(sorted.begin(), sorted.end());
  bool is_permutation = sorted.size() == num_columns;
  for (size_t i = 0; is_permutation && i < num_columns; ++i)
    is_permutation = sorted[i] == static_cast<int>(i);
  if (!is_permutation) {
    throw Error(ErrorKind::usage,
                fmt::format("--partperm: must hold each number from 0 to {} once, for the {} "
                            "bodyparts of {}",
                            num_columns == 0 ? 0 : num_columns - 1, num_columns, path.string()));
  }
  return columns;
}

LabelSet from_mat(const fs::path& path, const LabelOptions& options) {
  const MatArray array = read_mat_array(path, "true_xy");
  if (array.extents.size() != 3 || array.extents[2] != 2) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: true_xy is not [bodyparts, frames, 2]", path.string()));
  }
  const size_t parts = array.extents[0], frames = array.extents[1];
  if (options.bodyparts.size() != parts) {
    throw Error(ErrorKind::shape_mismatch,
                fmt::format("{}: holds {} bodyparts without names, the networks have {}",
                            path.string(), parts, options.bodyparts.size()),
                {.hint = "--partperm says which column of the file each bodypart is"});
  }
  const std::vector<int> columns = columns_of(options, parts, path);
  Poses poses{.bodyparts = options.bodyparts};
  for (size_t frame = 0; frame < frames; ++frame) {
    poses.frame_index.push_back(static_cast<int64_t>(frame));
    for (const int column : columns) {
      const size_t at = static_cast<size_t>(column) + parts * frame;
      poses.keypoints.push_back({array.values[at], array.values[at + parts * frames], 1});
    }
  }
  LabelSet set = from_poses(poses, "true_xy");
  if (options.part_permutation.empty()) {
    set.warnings.push_back(
        fmt::format("{}: holds no names; its columns are taken as {}, in this order (--partperm "
                    "tells another)",
                    path.string(), list_names(options.bodyparts)));
  }
  return set;
}

LabelSet joined(const std::vector<fs::path>& tables) {
  LabelSet all;
  for (const fs::path& table : tables) {
    LabelSet one = from_table(table);
    if (all.bodyparts.empty()) {
      all.bodyparts = one.bodyparts;
      all.scorer = one.scorer;
    }
    if (one.bodyparts != all.bodyparts) {
      throw Error(ErrorKind::shape_mismatch,
                  fmt::format("{}: its bodyparts are not those of {}", table.string(),
                              tables.front().string()),
                  {.have = list_names(one.bodyparts),
                   .hint = "label tables of one project list the same bodyparts in one order"});
    }
    std::move(one.pictures.begin(), one.pictures.end(), std::back_inserter(all.pictures));
    all.labels.insert(all.labels.end(), one.labels.begin(), one.labels.end());
    std::move(one.warnings.begin(), one.warnings.end(), std::back_inserter(all.warnings));
  }
  return all;
}

LabelSet read_any(const fs::path& path, const LabelOptions& options, std::vector<fs::path>& files) {
  files = {path};
  const std::string suffix = ascii_lower(path.extension().string());
  if (kind_of_path(path) == PathKind::absent) {
    throw Error(ErrorKind::not_found, fmt::format("{}: there are no labels here", path.string()));
  }
  if (!is_folder(path)) {
    if (suffix == ".slp") return from_slp(path, options);
    if (suffix == ".mat") return from_mat(path, options);
    return from_table(path);
  }
  files = tables_of_project(path);
  if (files.empty()) {
    throw Error(
        ErrorKind::not_found, fmt::format("{}: holds no CollectedData file", path.string()),
        {.hint = "--labels takes a project with labeled-data, a folder of pictures with its "
                 "CollectedData file, or a table (.h5, .csv, .slp, .mat)"});
  }
  return joined(files);
}

bool are_equal(const Label& a, const Label& b) {
  const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
  return same(a.point.x, b.point.x) && same(a.point.y, b.point.y) && a.hidden == b.hidden;
}

/// Counts a picture once that has several equal rows.
/// @throws Error(bad_file) where they differ
void drop_repeats(LabelSet& set, const fs::path& path) {
  const size_t parts = set.bodyparts.size();
  std::map<std::string, size_t> row_of;
  std::vector<std::string> repeated;
  size_t kept = 0;
  for (size_t i = 0; i < set.pictures.size(); ++i) {
    const LabelledPicture& picture = set.pictures[i];
    const std::string key =
        picture.file.empty() ? picture_key(picture.name) : picture.file.lexically_normal().string();
    const auto [place, is_new] = row_of.emplace(key, kept);
    if (!is_new) {
      for (size_t p = 0; p < parts; ++p) {
        if (are_equal(set.at(i, p), set.at(place->second, p))) continue;
        throw Error(ErrorKind::bad_file,
                    fmt::format("{}: {} is labelled twice, with different places of {}",
                                path.string(), picture.name, set.bodyparts[p]),
                    {.hint = "keep one of the two rows; where two people labelled, --labels names "
                             "the table of one, --second-rater that of the other"});
      }
      repeated.push_back(picture.name);
      continue;
    }
    if (kept != i) {
      set.pictures[kept] = set.pictures[i];
      for (size_t p = 0; p < parts; ++p) set.labels[kept * parts + p] = set.labels[i * parts + p];
    }
    ++kept;
  }
  set.pictures.resize(kept);
  set.labels.resize(kept * parts);
  if (repeated.empty()) return;
  set.repeats = fmt::format(
      "{}: {} {} of pictures that are there already, with the same labels: "
      "counted once ({})",
      path.string(), repeated.size(), repeated.size() == 1 ? "row" : "rows", list_names(repeated));
}

}  // namespace

std::string picture_key(std::string_view name) {
  std::string forward(name);  // as Windows writes it, too
  std::replace(forward.begin(), forward.end(), '\\', '/');
  const fs::path path(forward);
  const std::string folder = path.parent_path().filename().string();
  return folder.empty() ? path.filename().string() : folder + "/" + path.filename().string();
}

std::optional<int64_t> number_in_name(std::string_view name) {
  const std::string stem = fs::path(name).stem().string();
  size_t first = stem.size();
  while (first > 0 && stem[first - 1] >= '0' && stem[first - 1] <= '9') --first;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(stem.data() + first, stem.data() + stem.size(), number);
  if (first == stem.size() || error != std::errc()) return std::nullopt;
  return number;
}

std::vector<int> permutation_of(const std::string& text) {
  std::vector<int> numbers;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    int number = 0;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, number);
    if (error != std::errc() || stop != text.data() + end) {
      throw Error(ErrorKind::usage,
                  fmt::format("--partperm: '{}' is not a list of numbers as 1,3,0,2", text));
    }
    numbers.push_back(number);
    begin = end + 1;
  }
  return numbers;
}

LabelSet read_label_set(const fs::path& path, const LabelOptions& options) {
  std::vector<fs::path> files;
  LabelSet set = read_any(path, options, files);
  drop_repeats(set, path);
  Sha256 hash;
  for (const fs::path& file : files) hash.update(read_file(file));
  set.files = files;
  set.sha256 = hash.finish();
  if (set.pictures.empty()) {
    throw Error(ErrorKind::not_found, fmt::format("{}: holds no labels", path.string()));
  }
  return set;
}

}  // namespace posse
