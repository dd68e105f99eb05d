#include "network/backends/onnxruntime/kept_choices.h"

#include <fstream>
#include <system_error>

#include "base/paths.h"

namespace posse::ort {

KeptChoices KeptChoices::of_user() {
  const std::filesystem::path folder = user_cache_folder();
  return KeptChoices(folder.empty() ? folder : folder / "graphs.txt");
}

std::optional<std::string> KeptChoices::find(const std::string& key) const {
  std::ifstream file(file_);
  std::optional<std::string> word;
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    if (tab != std::string::npos && line.compare(tab + 1, std::string::npos, key) == 0)
      word = line.substr(0, tab);
  }
  return word;
}

void KeptChoices::store(const std::string& key, const std::string& word) const {
  if (file_.empty()) return;
  std::error_code failure;
  std::filesystem::create_directories(file_.parent_path(), failure);
  std::ofstream file(file_, std::ios::app);
  file << word + '\t' + key + '\n';  // in one piece, beside other processes
}

}  // namespace posse::ort
