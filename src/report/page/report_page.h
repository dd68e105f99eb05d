/// Writes the report of results as one HTML page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/evaluation_figures.h"
#include "report/reported_video.h"
#include "report/study_figures.h"

namespace posse {

struct Report {
  std::string title;
  std::vector<ReportedVideo> videos;
  std::optional<EvaluationPart> evaluation;
  std::vector<NamedPart> further;  ///< study, suggestions
  std::vector<std::string> warnings;
};

/// One self-contained page: no address of a network, no file beside it.
/// @param zoom_bytes  room for the numbers that zooming needs, for all videos together
std::string html_of(const Report& report, size_t zoom_bytes);

}  // namespace posse
