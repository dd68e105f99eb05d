#include "run/outputs/outputs.h"

namespace posse {

std::vector<std::string> table_suffixes(TableFormat format) {
  if (format == TableFormat::h5) return {".h5"};
  if (format == TableFormat::csv) return {".csv"};
  return {".h5", ".csv"};
}

std::vector<std::unique_ptr<RunOutput>> make_outputs(const RunSetting& setting) {
  const RunOptions& options = setting.options;
  const std::vector<std::string> suffixes = table_suffixes(options.format);
  std::vector<std::unique_ptr<RunOutput>> outputs;
  for (const std::string& suffix : suffixes)
    outputs.push_back(make_consensus_table(setting, suffix, suffix != suffixes.front()));
  outputs.push_back(make_meta_pickle(setting));
  for (size_t m = 0; options.save_members && m < setting.ensemble.members().size(); ++m) {
    for (const std::string& suffix : suffixes)
      outputs.push_back(make_member_table(setting, m, suffix, suffix != suffixes.front()));
  }
  if (!options.as_member.empty()) outputs.push_back(make_member_guise(setting));
  if (options.video_preds) {
    for (auto& output : make_video_preds(setting)) outputs.push_back(std::move(output));
  }
  if (options.wide_csv) outputs.push_back(make_wide_table(setting));
  if (options.smooth != SmoothChoice::off) outputs.push_back(make_smoothed_table(setting));
  if (options.labeled_video) outputs.push_back(make_labeled_video(setting));
  return outputs;
}

}  // namespace posse
