#include "project/evaluation_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/csv_line.h"
#include "base/error.h"
#include "base/files.h"
#include "base/paths.h"
#include "project/config_values.h"

namespace posse {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMostBytes = uint64_t{1} << 20;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \r\t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \r\t") - first + 1);
}

std::vector<std::string> trimmed_cells(const std::string& line) {
  std::vector<std::string> cells = csv_cells(line);
  for (std::string& cell : cells) cell = trimmed(cell);
  return cells;
}

std::optional<size_t> column(const std::vector<std::string>& header, const std::string& name) {
  const auto it = std::find(header.begin(), header.end(), name);
  if (it == header.end()) return std::nullopt;
  return static_cast<size_t>(it - header.begin());
}

/// One table with the columns "Training iterations:", "%Training dataset", "Shuffle number" and
/// "Test error(px)".
void add_from_table(const fs::path& file, const ModelFolder& model, std::span<Snapshot> snapshots) {
  std::istringstream lines(read_file(file, kMostBytes));
  std::string line;
  if (!std::getline(lines, line)) return;
  const std::vector<std::string> header = trimmed_cells(line);
  const auto iterations = column(header, "Training iterations:");
  const auto percent = column(header, "%Training dataset");
  const auto shuffle = column(header, "Shuffle number");
  const auto error = column(header, "Test error(px)");
  if (!iterations || !percent || !shuffle || !error) return;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = trimmed_cells(line);
    const auto value = [&](size_t at) {
      return at < cells.size() ? number_of(cells[at]) : std::nullopt;
    };
    if (value(*percent) != model.percent || value(*shuffle) != model.shuffle) continue;
    for (Snapshot& snapshot : snapshots) {
      const bool matches = snapshot.parsed.kind == SnapshotKind::dlc &&
                           value(*iterations) == static_cast<double>(snapshot.parsed.number);
      if (matches && value(*error)) snapshot.test_error = value(*error);
    }
  }
}

}  // namespace

void add_test_errors(const fs::path& project_folder, const ModelFolder& model_folder,
                     std::span<Snapshot> snapshots) {
  const fs::path iteration =
      project_folder / "evaluation-results" / fmt::format("iteration-{}", model_folder.iteration);
  std::vector<fs::path> tables = {iteration / "CombinedEvaluation-results.csv"};
  std::error_code error;
  const fs::path own = iteration / model_folder.path.filename();
  for (fs::directory_iterator it(own, error), end; !error && it != end; it.increment(error)) {
    if (is_hidden_name(it->path().filename().string())) continue;
    if (it->path().filename().string().ends_with("-results.csv")) tables.push_back(it->path());
  }
  std::sort(tables.begin(), tables.end());
  for (const fs::path& table : tables) {
    if (!fs::is_regular_file(table, error)) continue;
    try {
      add_from_table(table, model_folder, snapshots);
    } catch (const Error&) {
      continue;  // a table too large or not readable says nothing; the choice does not hang on it
    }
  }
}

}  // namespace posse
