#include "project/labelled_pictures.h"

#include "base/paths.h"
#include "project/folder_contents.h"

namespace posse {
namespace fs = std::filesystem;

bool holds_labelled_pictures(const fs::path& path) {
  const fs::path whole = absolute_path(path);
  fs::path folder = whole.has_filename() ? whole : whole.parent_path();
  if (file_is_there(folder)) folder = folder.parent_path();
  if (folder.parent_path().filename() == "labeled-data") return true;
  return has_file_beginning(folder, "CollectedData") || has_file_beginning(folder, "machinelabels");
}

}  // namespace posse
