#include "results/table/table_meaning.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

/// Positions of the header's levels; the first and last of DeepLabCut's may lack names.
struct Levels {
  std::optional<size_t> scorer;
  std::optional<size_t> individual;
  size_t bodypart = 0;
  size_t coord = 0;
};

Levels find_levels(const RawTable& raw, const fs::path& path) {
  const auto& names = raw.header.level_names;
  const auto find = [&](std::string_view name) -> std::optional<size_t> {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<size_t>(found - names.begin());
  };
  const bool is_unnamed =
      std::all_of(names.begin(), names.end(), [](const auto& name) { return name.empty(); });
  if (is_unnamed && (names.size() == 3 || names.size() == 4)) {
    const size_t shift = names.size() - 3;
    return {.scorer = 0,
            .individual = shift > 0 ? std::optional<size_t>(1) : std::nullopt,
            .bodypart = 1 + shift,
            .coord = 2 + shift};
  }
  const std::optional<size_t> bodypart = find("bodyparts");
  const std::optional<size_t> coord = find("coords");
  if (!bodypart || !coord) {
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is no pose table: its columns have no levels 'bodyparts' and "
                            "'coords'",
                            path.string()),
                {.have = "levels: " + list_names(names)});
  }
  return {find("scorer"), find("individuals"), *bodypart, *coord};
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

class Interpreter {
 public:
  Interpreter(const RawTable& raw, const fs::path& path, const TableReadOptions& options)
      : raw_(raw), path_(path), options_(options), levels_(find_levels(raw, path)) {}

  TableMeaning interpret() {
    meaning_.notes.layout = raw_.layout;
    meaning_.notes.warnings = raw_.notes;
    collect_names();
    refuse_three_d();
    choose_individual();
    choose_scorer();
    collect_bodyparts();
    return std::move(meaning_);
  }

 private:
  std::string scorer_of(const std::vector<std::string>& column) const {
    if (!levels_.scorer) return "unknown";
    const std::string& first = raw_.header.columns.front()[*levels_.scorer];
    return without_counter(column[*levels_.scorer], first);
  }

  void collect_names() {
    if (raw_.header.columns.empty()) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: has no columns", path_.string()));
    }
    bool is_mangled = false;
    for (const auto& column : raw_.header.columns) {
      // Predictions of labelled frames end in a column that tells their split.
      if (column[levels_.coord].empty() || column[levels_.bodypart].empty()) continue;
      add_once(meaning_.notes.scorers, scorer_of(column));
      add_once(meaning_.notes.coords, column[levels_.coord]);
      if (levels_.individual) add_once(meaning_.notes.individuals, column[*levels_.individual]);
      is_mangled = is_mangled || (levels_.scorer && scorer_of(column) != column[*levels_.scorer]);
    }
    if (is_mangled) {
      meaning_.notes.warnings.emplace_back("scorer names carry counters (.1, .2); left out");
    }
  }

  void refuse_three_d() const {
    const auto& coords = meaning_.notes.coords;
    if (std::find(coords.begin(), coords.end(), "z") == coords.end()) return;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: is a 3-D table, posse works on 2-D ones", path_.string()),
                {.have = "coords: " + list_names(coords)});
  }

  void choose_individual() {
    const auto& all = meaning_.notes.individuals;
    if (all.empty()) {
      if (options_.individual.empty()) return;
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: has no individual '{}': it is a single-animal table",
                              path_.string(), printable(options_.individual)));
    }
    if (options_.individual.empty() && all.size() == 1) {
      individual_ = all.front();
    } else if (options_.individual.empty()) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: holds {} individuals, expected one", path_.string(), all.size()),
                  {.have = list_names(all),
                   .hint = "choose one: posse convert TABLE ONE.csv --individual NAME"});
    } else if (std::find(all.begin(), all.end(), options_.individual) == all.end()) {
      throw Error(
          ErrorKind::not_found,
          fmt::format("{}: has no individual '{}'", path_.string(), printable(options_.individual)),
          {.have = list_names(all)});
    } else {
      individual_ = options_.individual;
      refuse_untracked();
    }
  }

  void refuse_untracked() const {
    const auto& all = raw_.untracked;
    const bool is_untracked = std::find(all.begin(), all.end(), individual_) != all.end();
    // Our own name for one, in a table that was converted with all its individuals.
    if (!is_untracked && !individual_.starts_with("untracked_")) return;
    throw Error(ErrorKind::unsupported,
                fmt::format("{}: '{}' is no animal: its instances have no track, so they may be "
                            "another animal in every frame",
                            path_.string(), printable(individual_)),
                {.hint = "track the animals in SLEAP, then choose one by its track's name"});
  }

  void choose_scorer() {
    const auto& all = meaning_.notes.scorers;
    if (all.empty()) return;
    meaning_.scorer = options_.scorer.empty() ? all.front() : options_.scorer;
    if (!options_.scorer.empty() &&
        std::find(all.begin(), all.end(), options_.scorer) == all.end()) {
      throw Error(ErrorKind::not_found,
                  fmt::format("{}: has no scorer '{}'", path_.string(), printable(options_.scorer)),
                  {.have = list_names(all)});
    }
  }

  bool is_wanted(const std::vector<std::string>& column) const {
    if (column[levels_.coord].empty() || column[levels_.bodypart].empty()) return false;
    if (levels_.individual && column[*levels_.individual] != individual_) return false;
    return options_.scorer.empty() || scorer_of(column) == options_.scorer;
  }

  void collect_bodyparts() {
    // bodypart -> coord -> column; the order of the file is kept beside it
    std::map<std::string, std::map<std::string, size_t>> places;
    std::vector<std::string> order;
    for (size_t j = 0; j < raw_.header.columns.size(); ++j) {
      const auto& column = raw_.header.columns[j];
      if (!is_wanted(column)) continue;
      const std::string& bodypart = column[levels_.bodypart];
      add_once_to(order, places, bodypart);
      if (!places[bodypart].emplace(column[levels_.coord], j).second) fail_repeated(column);
    }
    for (const std::string& bodypart : order) add_bodypart(bodypart, places.at(bodypart));
    if (meaning_.bodyparts.empty()) {
      throw Error(
          ErrorKind::unsupported,
          fmt::format("{}: is no pose table: no bodypart has the coords x and y", path_.string()),
          {.have = "coords: " + list_names(meaning_.notes.coords)});
    }
    note_other_coords();
  }

  static void add_once_to(std::vector<std::string>& order,
                          const std::map<std::string, std::map<std::string, size_t>>& places,
                          const std::string& bodypart) {
    if (!places.contains(bodypart)) order.push_back(bodypart);
  }

  [[noreturn]] void fail_repeated(const std::vector<std::string>& column) const {
    if (meaning_.notes.scorers.size() > 1 && options_.scorer.empty()) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("{}: several scorers placed the same bodyparts", path_.string()),
                  {.have = list_names(meaning_.notes.scorers), .hint = "choose one of them"});
    }
    throw Error(ErrorKind::bad_file,
                fmt::format("{}: bodypart '{}' has the column '{}' twice", path_.string(),
                            printable(column[levels_.bodypart]), printable(column[levels_.coord])));
  }

  void add_bodypart(const std::string& name, const std::map<std::string, size_t>& coords) {
    const auto find = [&](const char* coord) -> std::optional<size_t> {
      const auto found = coords.find(coord);
      return found == coords.end() ? std::nullopt : std::optional<size_t>(found->second);
    };
    const std::optional<size_t> x = find("x");
    const std::optional<size_t> y = find("y");
    if (!x && !y) return;
    if (!x || !y) {
      throw Error(ErrorKind::bad_file, fmt::format("{}: bodypart '{}' has no column '{}'",
                                                   path_.string(), printable(name), x ? "y" : "x"));
    }
    meaning_.bodyparts.push_back({name, *x, *y, find("likelihood"), find("visible")});
  }

  void note_other_coords() {
    std::vector<std::string> others;
    for (const std::string& coord : meaning_.notes.coords) {
      const bool is_used =
          coord == "x" || coord == "y" || coord == "likelihood" || coord == "visible";
      if (!is_used) others.push_back(coord);
    }
    if (others.empty()) return;
    meaning_.notes.warnings.push_back(
        fmt::format("coords beside x, y, likelihood: {}", list_names(others)));
  }

  const RawTable& raw_;
  const fs::path& path_;
  const TableReadOptions& options_;
  Levels levels_;
  std::string individual_;
  TableMeaning meaning_;
};

}  // namespace

std::string without_counter(const std::string& name, const std::string& first) {
  if (name.size() <= first.size() + 1 || !name.starts_with(first) || name[first.size()] != '.') {
    return name;
  }
  const bool is_counter = std::all_of(name.begin() + static_cast<ptrdiff_t>(first.size()) + 1,
                                      name.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_counter ? first : name;
}

std::string likelihood_by_another_name(const std::vector<std::string>& coords) {
  if (std::find(coords.begin(), coords.end(), "likelihood") != coords.end()) return "";
  for (const std::string& coord : coords) {
    const std::string lower = ascii_lower(coord);
    for (const char* name : {"likelihood", "confidence", "score", "probability", "prob", "p"}) {
      if (lower == name) return coord;
    }
  }
  return "";
}

std::string warning_of_likelihood(const std::vector<std::string>& coords) {
  const std::string other = likelihood_by_another_name(coords);
  if (other.empty()) return "";
  return fmt::format(
      "has no 'likelihood', but '{}': if it is one, rename it; else it is 1 where a point is",
      printable(other));
}

TableMeaning interpret_header(const RawTable& raw, const fs::path& path,
                              const TableReadOptions& options) {
  return Interpreter(raw, path, options).interpret();
}

}  // namespace posse
