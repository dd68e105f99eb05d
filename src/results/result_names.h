/// Makes and parses the names of result files, and the _meta.pickle, that DeepLabCut's own tools
/// and the others around it look for.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/formats/pickle/pickle_text.h"

namespace posse {

/// The scorer of an ensemble, as "DLC_posseMean_openfield_5members": it begins with "DLC_", holds
/// "DLC" once, and no character but letters, digits, '_' and '-'.
/// @param method  as "mean", "median"
/// @param task    the project's Task, if there is one; "DLC" and other characters are taken out
std::string ensemble_scorer(std::string_view method, std::string_view task, size_t num_members);

/// The stem of a video's result files: the file name without its last suffix, control characters in
/// it as \xNN.
std::string video_stem(const std::filesystem::path& video);

/// What a file name says by DeepLabCut's rules.
struct ResultName {
  std::string video_stem;
  std::string scorer;
  bool filtered = false;      ///< "_filtered" or "filtered" at the end
  bool multi_animal = false;  ///< ends in _el, _sk, _bx, _tr or _ctd
};

/// Takes a result's file name apart at "DLC_" (or "DLC", or the older "DeepCut_"); nothing if none
/// of them is in it. Source: spec of DeepLabCut's file names; how SimBA and DLC2NWB cut them.
std::optional<ResultName> parse_result_name(const std::filesystem::path& path);

/// What DeepLabCut's labelled video and outlier tools want to know about a run.
struct RunMetadata {
  std::string scorer;
  /// Seconds since 1970 when the analysis began.
  double start_seconds = 0;
  /// Seconds since 1970 when it ended.
  double stop_seconds = 0;
  double frames_per_second = 0;
  int64_t batch_size = 1;
  int64_t frame_height = 0;
  int64_t frame_width = 0;
  int64_t num_frames = 0;
  /// x1, x2, y1, y2 where the points are those of a cut picture; nullopt: of the whole frame.
  std::optional<std::array<int64_t, 4>> cropping;
  /// Iteration of active learning; nullopt: None.
  std::optional<int64_t> iteration;
  /// Share of the labels trained on; nullopt: None.
  std::optional<double> training_fraction;
  /// The network's configuration, a dict; empty where there is none.
  PickleValue model_config{.kind = PickleValue::Kind::dict};
  /// As DeepLabCut 3's PyTorch engine writes it: the configuration under another key, width before
  /// height, and the names of individuals and bodyparts that stand in the configuration's
  /// `metadata`. False: as the TensorFlow engine does.
  bool of_pytorch = false;
};

/// Writes "<stem><scorer>_meta.pickle" in pickle protocol 0, with the keys DeepLabCut writes.
void write_meta_pickle(const std::filesystem::path& path, const RunMetadata& run);

/// "<table without suffix>_meta.pickle"
std::filesystem::path meta_pickle_beside(const std::filesystem::path& table);

/// The facts of the "_meta.pickle" beside a table, its network's configuration left out; nullopt if
/// there is none, or none that can be understood.
std::optional<RunMetadata> metadata_beside(const std::filesystem::path& table);

/// The bytes of the "_meta.pickle" beside `source` with another scorer, to lie beside `target`;
/// nullopt if there is none.
/// @throws Error(bad_file) if it cannot be read; Error(io)
std::optional<std::string> renamed_meta_pickle(const std::filesystem::path& source,
                                               const std::filesystem::path& target,
                                               const std::string& scorer);

}  // namespace posse
