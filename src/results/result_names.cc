#include "results/result_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string plain_word(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (is_plain(c) || c == '-') word += c;
  }
  for (size_t at = word.find("DLC"); at != std::string::npos; at = word.find("DLC")) {
    word.erase(at, 3);
  }
  return word;
}

size_t occurrences(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

constexpr std::array<std::string_view, 5> kMultiAnimalEndings = {"_el", "_sk", "_bx", "_tr",
                                                                 "_ctd"};

bool ends_as_multi_animal(std::string_view stem) {
  return std::any_of(kMultiAnimalEndings.begin(), kMultiAnimalEndings.end(),
                     [&](std::string_view ending) { return stem.ends_with(ending); });
}

class DictWriter {
 public:
  explicit DictWriter(PickleWriter& pickle) : pickle_(pickle) { pickle_.begin_dict(); }
  void put(const char* key, int64_t value) {
    pickle_.text(key);
    pickle_.integer(value);
    pickle_.set();
  }
  void put(const char* key, double value) {
    pickle_.text(key);
    pickle_.real(value);
    pickle_.set();
  }
  void put(const char* key, const std::string& value) {
    pickle_.text(key);
    pickle_.text(value);
    pickle_.set();
  }
  void put(const char* key, const PickleValue& value) {
    pickle_.text(key);
    pickle_.value(value);
    pickle_.set();
  }
  template <class Value>
  void put(const char* key, const std::optional<Value>& value) {
    value ? put(key, *value) : put(key, PickleValue());
  }

 private:
  PickleWriter& pickle_;
};

}  // namespace

std::string ensemble_scorer(std::string_view method, std::string_view task, size_t num_members) {
  std::string kind = plain_word(method);
  if (!kind.empty() && kind[0] >= 'a' && kind[0] <= 'z') kind[0] = static_cast<char>(kind[0] - 32);
  const std::string of_task = plain_word(task);
  return fmt::format("DLC_posse{}{}{}_{}member{}", kind, of_task.empty() ? "" : "_", of_task,
                     num_members, num_members == 1 ? "" : "s");
}

std::string video_stem(const fs::path& video) {
  return without_control_characters(video.stem().string());
}

std::string result_file_name(const fs::path& video, std::string_view scorer,
                             std::string_view suffix) {
  return fmt::format("{}{}{}", video_stem(video), scorer, suffix);
}

std::optional<ResultName> parse_result_name(const fs::path& path) {
  std::string stem = path.stem().string();
  ResultName name;
  for (const std::string_view ending : {"_filtered", "filtered"}) {
    if (!name.filtered && stem.ends_with(ending)) {
      name.filtered = true;
      stem.resize(stem.size() - ending.size());
    }
  }
  name.multi_animal = ends_as_multi_animal(stem);
  for (const std::string_view mark : {"DLC_", "DeepCut_", "DLC"}) {
    const size_t at = stem.find(mark);
    if (at == std::string::npos) continue;
    name.video_stem = stem.substr(0, at);
    name.scorer = stem.substr(at);
    return name;
  }
  return std::nullopt;
}

std::vector<std::string> name_warnings(std::string_view file_name) {
  const std::string stem = fs::path(file_name).stem().string();
  std::vector<std::string> warnings;
  const auto warn = [&](std::string_view what) {
    warnings.push_back(fmt::format("{}: {}", printable(file_name), what));
  };
  if (occurrences(stem, "DLC") > 1) {
    warn(
        "holds \"DLC\" more than once, so NeuroConv and DLC2NWB cannot tell video and scorer "
        "apart");
  }
  if (stem.find("DLC_") == std::string::npos) {
    warn("does not hold \"DLC_\", where SimBA ends the video's name");
  }
  const size_t scorer_at = stem.find("DLC_");
  if (stem.substr(0, scorer_at).find('.') != std::string::npos) {
    warn("has a dot within the video's name, where some tools cut it");
  }
  if (stem.find("skeleton") != std::string::npos) {
    warn("holds \"skeleton\", so DeepLabCut ignores it");
  }
  if (ends_as_multi_animal(stem)) {
    warn("ends like multi-animal data, so DeepLabCut does not take it for a single animal's");
  }
  return warnings;
}

std::vector<std::string> stray_tables(const fs::path& folder,
                                      const std::vector<std::string>& advertised) {
  std::vector<std::string> strays;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const std::string suffix = ascii_lower(entry.path().extension().string());
    const bool is_table =
        suffix == ".csv" || suffix == ".h5" || suffix == ".hdf5" || suffix == ".slp";
    if (is_table && std::find(advertised.begin(), advertised.end(), name) == advertised.end()) {
      strays.push_back(name);
    }
  }
  std::sort(strays.begin(), strays.end());
  return strays;
}

void write_meta_pickle(const fs::path& path, const RunMetadata& run) {
  PickleWriter pickle;
  pickle.begin_dict();
  pickle.text("data");
  DictWriter data(pickle);
  data.put("start", run.start_seconds);
  data.put("stop", run.stop_seconds);
  data.put("run_duration", run.stop_seconds - run.start_seconds);
  data.put("Scorer", run.scorer);
  data.put("DLC-model-config file", run.model_config);
  data.put("fps", run.frames_per_second);
  data.put("batch_size", run.batch_size);
  pickle.text("frame_dimensions");
  pickle.begin_tuple();
  pickle.integer(run.frame_height);
  pickle.integer(run.frame_width);
  pickle.end_tuple();
  pickle.set();
  data.put("nframes", run.num_frames);
  data.put("iteration (active-learning)", run.iteration);
  data.put("training set fraction", run.training_fraction);
  pickle.text("cropping");
  pickle.boolean(false);
  pickle.set();
  pickle.text("cropping_parameters");
  pickle.begin_list();
  for (const int64_t bound : {int64_t{0}, run.frame_width, int64_t{0}, run.frame_height}) {
    pickle.integer(bound);
    pickle.append();
  }
  pickle.set();
  pickle.set();
  write_file(path, std::move(pickle).finish());
}

}  // namespace posse
