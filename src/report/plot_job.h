/// Makes one figure as SVG or PNG, in the size it has on paper: `posse plot` as a function.
#pragma once

#include <filesystem>
#include <string>

#include "base/job_hooks.h"
#include "report/plot_options.h"

namespace posse {

/// The figure as SVG. @param input  results of one video, the JSON of posse evaluate or study.json
/// @throws Error(usage) for results of several videos, for sizes that are not positive and for
/// frames that are not there; Error(not_found) for bodyparts and matrices that are not there,
/// naming those that are; Error(invalid_value) where the evaluation has no such figure; Error as
/// FinishedResults, read_evaluation and read_study
std::string make_plot(const std::filesystem::path& input, const PlotOptions& options,
                      const JobHooks& hooks);

/// Writes it: .svg or .png by the name of `out`.
/// @throws as make_plot; Error(usage) for another ending, and for an `out` that exists without
/// `force`; Error(unavailable) as image_of_svg
void write_plot(const std::filesystem::path& input, const std::filesystem::path& out, bool force,
                const PlotOptions& options, const JobHooks& hooks);

}  // namespace posse
