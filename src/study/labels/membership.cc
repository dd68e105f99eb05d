#include "study/labels/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "base/text.h"
#include "results/formats/matlab/mat_reader.h"
#include "results/formats/pickle/pickle_data.h"
#include "results/table/table_reader.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

using Kind = PickleValue::Kind;

/// "a/b/img.png" of a text, or of a tuple of its parts.
std::string path_in_pickle(const PickleValue& value) {
  if (value.kind == Kind::text) return value.text;
  std::string joined;
  for (const PickleValue& part : value.items) joined += (joined.empty() ? "" : "/") + part.text;
  return joined;
}

MemberTraining from_documentation(const fs::path& file) {
  const PickleValue all = read_pickle(read_file(file, uint64_t{16} << 20));
  if (all.items.size() < 3 || all.items[0].kind != Kind::list) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: does not list the pictures of a training set", file.string()));
  }
  MemberTraining training{.known = true, .source = file.string()};
  for (const PickleValue& sample : all.items[0].items) {
    const PickleValue* image = sample.find("image");
    if (image != nullptr) training.trained.insert(picture_key(path_in_pickle(*image)));
  }
  if (training.trained.empty()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: its training set has no pictures", file.string()));
  }
  return training;
}

MemberTraining from_training_set(const fs::path& file) {
  MemberTraining training{.known = true, .source = file.string()};
  for (std::string& name : read_mat_texts(file, "dataset", "image")) {
    std::replace(name.begin(), name.end(), '\\', '/');
    training.trained.insert(picture_key(name));
  }
  if (training.trained.empty()) {
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: its training set has no pictures", file.string()));
  }
  return training;
}

/// The files of the training folder's own set; empty where there is none.
struct TrainingSet {
  fs::path documentation;  ///< Documentation_data-*.pickle
  fs::path pictures;       ///< *.mat
};

TrainingSet find_training_set(const Member& member) {
  TrainingSet found;
  if (member.project_folder.empty() || !member.model_folder) return found;
  const ModelFolder& model = *member.model_folder;
  const fs::path sets =
      member.project_folder / "training-datasets" / fmt::format("iteration-{}", model.iteration);
  if (!is_folder(sets)) return found;
  const std::string ending = fmt::format("{}shuffle{}", model.percent, model.shuffle);
  for (const fs::path& set : entries_of_folder(sets)) {
    if (!is_folder(set)) continue;
    for (const fs::path& file : entries_of_folder(set)) {
      const std::string name = file.filename().string();
      if (name.starts_with("Documentation_data-") && name.ends_with("_" + ending + ".pickle"))
        found.documentation = file;
      if (name.ends_with(ending + ".mat")) found.pictures = file;
    }
  }
  return found;
}

/// Rows "picture, ..., set"; the last header row names the column in its first or second line.
MemberTraining from_predictions(const fs::path& file) {
  std::istringstream lines(read_file(file));
  MemberTraining training{.known = false, .source = file.string()};
  std::optional<size_t> column;
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> cells = csv_cells(line);
    if (!column) {
      const auto found = std::find(cells.begin(), cells.end(), "set");
      if (found != cells.end()) column = static_cast<size_t>(found - cells.begin());
      continue;
    }
    if (*column >= cells.size()) continue;
    const std::string& use = cells[*column];
    if (use == "train") training.trained.insert(picture_key(cells[0]));
    if (use == "validation") training.selected_on.insert(picture_key(cells[0]));
    training.known = training.known || use == "train" || use == "validation" || use == "test";
  }
  return training;
}

MemberTraining training_of(const Member& member) {
  MemberTraining training;
  const TrainingSet set = find_training_set(member);
  if (!set.documentation.empty()) {
    training = from_documentation(set.documentation);
  } else if (!set.pictures.empty()) {
    training = from_training_set(set.pictures);
  } else if (const fs::path table = member.path / "predictions.csv";
             is_folder(member.path) && path_exists(table)) {
    training = from_predictions(table);
  }
  training.selected_on_the_rest =
      training.known && member.snapshot.name.find("best") != std::string::npos;
  return training;
}

using ByName = std::map<std::string, MemberTraining>;

ByName read_csv_manifest(const fs::path& path) {
  std::istringstream lines(read_file(path));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> head = csv_cells(line);
  if (head.size() < 2 || head[0] != "member" || head[1] != "picture") {
    throw Error(ErrorKind::bad_file, fmt::format("{}: line 1 is '{}', expected member,picture",
                                                 path.string(), printable(line)));
  }
  ByName by_name;
  for (int number = 2; std::getline(lines, line); ++number) {
    const std::vector<std::string> cells = csv_cells(line);
    if (line.empty()) continue;
    const std::string use = cells.size() > 2 && !cells[2].empty() ? cells[2] : "train";
    if (cells.size() < 2 || (use != "train" && use != "selected")) {
      throw Error(ErrorKind::bad_file,
                  fmt::format("{}: line {} is '{}', expected a member, a picture, and train or "
                              "selected",
                              path.string(), number, printable(line)));
    }
    MemberTraining& training = by_name[cells[0]];
    training.known = true;
    if (cells[1].empty()) continue;
    (use == "train" ? training.trained : training.selected_on).insert(picture_key(cells[1]));
  }
  return by_name;
}

ByName read_json_manifest(const fs::path& path) {
  const auto json = nlohmann::json::parse(read_file(path), nullptr, false);
  if (!json.is_object() || !json.contains("members") || !json["members"].is_object()) {
    throw Error(ErrorKind::bad_file, fmt::format("{}: has no object 'members'", path.string()));
  }
  std::vector<std::string> rows;
  if (json.contains("labels") && json["labels"].is_string())
    rows = read_label_table(path.parent_path() / json["labels"].get<std::string>()).table.images;
  ByName by_name;
  for (const auto& [name, entry] : json["members"].items()) {
    MemberTraining& training = by_name[name];
    training.known = true;
    const auto& frames = entry.is_object() && entry.contains("frames") ? entry["frames"] : entry;
    for (const auto& frame : frames) {
      if (frame.is_string()) {
        training.trained.insert(picture_key(frame.get<std::string>()));
      } else if (frame.is_number_unsigned() && frame.get<size_t>() < rows.size()) {
        training.trained.insert(picture_key(rows[frame.get<size_t>()]));
      } else {
        throw Error(ErrorKind::bad_file,
                    fmt::format("{}: '{}' lists {}, which is no picture", path.string(),
                                printable(name), printable(frame.dump())));
      }
    }
  }
  return by_name;
}

/// Finds labelled pictures by what a manifest may call them.
class LabelledNames {
 public:
  explicit LabelledNames(const LabelSet& labels) {
    for (const LabelledPicture& picture : labels.pictures) {
      const std::string key = picture_key(picture.name);
      keys_.insert(key);
      by_file_[fs::path(key).filename().string()].insert(key);
      if (picture.number) by_number_[std::to_string(*picture.number)].insert(key);
    }
  }

  /// The key of the labelled picture; `name` itself where there is none.
  std::string operator()(const std::string& name, const std::string& source) const {
    if (name.empty() || name.find('/') != std::string::npos || keys_.contains(name)) return name;
    auto found = by_file_.find(name);
    if (found == by_file_.end()) {
      const size_t digit = std::min(name.find_first_not_of('0'), name.size() - 1);
      found = by_number_.find(name.substr(digit));
      if (found == by_number_.end()) return name;
    }
    const std::set<std::string>& pictures = found->second;
    if (pictures.size() == 1) return *pictures.begin();
    throw Error(ErrorKind::usage,
                fmt::format("{}: '{}' may be {} or {}", source, printable(name), *pictures.begin(),
                            *std::next(pictures.begin())),
                {.hint = "write it with its folder"});
  }

 private:
  using Pictures = std::map<std::string, std::set<std::string>>;
  std::set<std::string> keys_;
  Pictures by_file_, by_number_;
};

}  // namespace

PictureUse use_of(const MemberTraining& training, const std::string& key) {
  if (training.trained.contains(key)) return PictureUse::trained;
  return training.selected_on_the_rest || training.selected_on.contains(key)
             ? PictureUse::selected_on
             : PictureUse::unseen;
}

std::vector<MemberTraining> training_from_projects(std::span<const Member> members) {
  std::vector<MemberTraining> all;
  for (const Member& member : members) all.push_back(training_of(member));
  return all;
}

std::vector<MemberTraining> training_from_manifest(const fs::path& path,
                                                   std::span<const std::string> members) {
  if (kind_of_path(path) != PathKind::file) {
    throw Error(ErrorKind::not_found, fmt::format("{}: there is no manifest here", path.string()));
  }
  const bool is_json = ascii_lower(path.extension().string()) == ".json";
  const ByName by_name = is_json ? read_json_manifest(path) : read_csv_manifest(path);
  std::vector<MemberTraining> all(members.size());
  bool any = false;
  for (size_t m = 0; m < members.size(); ++m) {
    const auto found = by_name.find(members[m]);
    if (found == by_name.end()) continue;
    any = true;
    all[m] = found->second;
    all[m].source = path.string();
  }
  if (!any) {
    std::vector<std::string> listed;
    for (const auto& [name, training] : by_name) listed.push_back(name);
    throw Error(
        ErrorKind::usage,
        fmt::format("{}: mentions none of the members {}", path.string(), list_names(members)),
        {.have = list_names(listed)});
  }
  return all;
}

void name_as_labelled(const LabelSet& labels, std::span<MemberTraining> training) {
  const LabelledNames labelled(labels);
  for (MemberTraining& one : training) {
    for (std::set<std::string>* pictures : {&one.trained, &one.selected_on}) {
      std::set<std::string> named;
      for (const std::string& name : *pictures) named.insert(labelled(name, one.source));
      *pictures = std::move(named);
    }
  }
}

}  // namespace posse
